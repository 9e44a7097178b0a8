/** What every source promises (`MailSession`), as one body of tests. */
import { createHash, randomUUID } from 'node:crypto'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Connect, MailSession, RemoteMessage } from '../../../src/source/source.ts'

/** A server of the kind under test. */
export interface SourceServer extends AsyncDisposable {
  /** A new mailbox, with nothing in it. */
  mailbox(name: string): Promise<TestMailbox>
}

export interface TestMailbox {
  readonly connect: Connect
  put(messages: readonly Buffer[]): Promise<void>
  /** How many messages the server really holds. */
  count(): Promise<number>
  /** What the server is known to make of these octets on their way: its storage may have its own line ends. */
  asGiven(octets: Buffer): Buffer
  /** The server does not tell sizes: each is listed as 0. */
  readonly hidesSizes?: boolean
}

export function describeSource(name: string, start: () => Promise<SourceServer>): void {
  describe(name, () => {
    let server: SourceServer
    beforeAll(async () => {
      server = await start()
    }, 300_000)
    afterAll(() => server?.[Symbol.asyncDispose]())

    const filled = async (messages: readonly Buffer[]): Promise<TestMailbox> => {
      const mailbox = await server.mailbox(`user-${randomUUID()}`)
      await mailbox.put(messages)
      return mailbox
    }

    test('lists an empty mailbox as empty', async () => {
      const { connect } = await filled([])
      await using session = await connect(never())
      expect(await session.list()).toEqual([])
    })

    test('lists oldest first, with unique-ids that stay the same from session to session', async () => {
      const messages = [1, 2, 3, 4, 5].map((n) => mail(`number ${n}`))
      const { connect, asGiven, hidesSizes } = await filled(messages)
      const first = await listed(connect)
      const second = await listed(connect)
      expect(first).toEqual(second)
      expect(new Set(first.map(({ uniqueId }) => uniqueId)).size).toBe(5)
      const sizes = messages.map((octets) => (hidesSizes ? 0 : asGiven(octets).length))
      expect(first.map(({ sizeBytes }) => sizeBytes)).toEqual(sizes)
      await using session = await connect(never())
      const contents = await Promise.all((await session.list()).map(async (message) => read(session, message)))
      expect(contents.map(({ octets }) => octets.toString())).toEqual(
        messages.map((octets) => asGiven(octets).toString()),
      )
    })

    test.each(Object.entries(PECULIAR))('hands over the exact octets: %s', async (_, octets) => {
      const { connect, asGiven } = await filled([octets])
      await using session = await connect(never())
      const [message] = await session.list()
      if (message === undefined) throw new Error('nothing is listed')
      const { octets: received, outcome } = await read(session, message)
      expect(received.toString('latin1')).toBe(asGiven(octets).toString('latin1'))
      expect(outcome.sizeBytes).toBe(received.length)
      expect(outcome.sha256).toBe(sha256(received))
      expect(await session.headerDigest(message)).toBe(outcome.headerSha256)
    })

    test('takes many calls at once and answers each with its own message', async () => {
      const messages = Array.from({ length: 150 }, (_, n) => mail(`number ${n}`, `${'text '.repeat(n * 7)}\r\n`))
      const { connect, asGiven } = await filled(messages)
      await using session = await connect(never())
      const outcomes = await Promise.all(
        (await session.list()).map(async (message) => ({
          ...(await read(session, message)),
          header: await session.headerDigest(message),
        })),
      )
      expect(outcomes.map(({ outcome }) => outcome.sha256)).toEqual(messages.map((octets) => sha256(asGiven(octets))))
      for (const { outcome, header } of outcomes) expect(header).toBe(outcome.headerSha256)
    })

    test('waits for a sink that asks it to', async () => {
      const octets = mail('large', `${'x'.repeat(70)}\r\n`.repeat(60_000))
      const { connect } = await filled([octets, mail('behind')])
      await using session = await connect(never())
      const [large, behind] = await session.list()
      if (large === undefined || behind === undefined) throw new Error('not all is listed')
      let waiting = 0
      let received = 0
      const slow = session.retrieve(large, async (part) => {
        expect(waiting).toBe(0)
        waiting += 1
        await new Promise((resolve) => setImmediate(resolve))
        received += part.length
        waiting -= 1
      })
      const next = read(session, behind)
      expect((await slow).sizeBytes).toBe(received)
      expect((await next).octets.toString()).toContain('behind')
    })

    test('removes nothing without commit, however much was marked (RFC 1939 section 6)', async () => {
      const { connect, count } = await filled([mail('a'), mail('b')])
      {
        await using session = await connect(never())
        await Promise.all((await session.list()).map((message) => session.markDeleted(message)))
      }
      expect(await listed(connect)).toHaveLength(2)
      expect(await count()).toBe(2)
    })

    test('removes what was marked at commit, and nothing else', async () => {
      const { connect, count } = await filled([mail('a'), mail('b'), mail('c'), mail('d')])
      const before = await listed(connect)
      const session = await connect(never())
      const messages = await session.list()
      await Promise.all(messages.filter((_, index) => index % 2 === 1).map((message) => session.markDeleted(message)))
      await session.commit()
      const after = await listed(connect)
      expect(after.map(uniqueIdOf)).toEqual([before[0], before[2]].map((message) => message?.uniqueId))
      expect(await count()).toBe(2)
    })

    test('is over after commit: every further call fails, and disposing does nothing', async () => {
      const { connect } = await filled([mail('a')])
      const session = await connect(never())
      const [message] = await session.list()
      if (message === undefined) throw new Error('nothing is listed')
      await session.commit()
      const over = { code: 'source/connection-lost' }
      await expect(session.commit()).rejects.toMatchObject(over)
      await expect(session.list()).rejects.toMatchObject(over)
      await expect(session.markDeleted(message)).rejects.toMatchObject(over)
      await expect(session.headerDigest(message)).rejects.toMatchObject(over)
      await expect(session.retrieve(message, () => undefined)).rejects.toMatchObject(over)
      await session[Symbol.asyncDispose]()
    })

    test('is over after it was disposed', async () => {
      const { connect } = await filled([mail('a')])
      const session = await connect(never())
      await session[Symbol.asyncDispose]()
      await expect(session.list()).rejects.toMatchObject({ code: 'source/connection-lost' })
      await expect(session.commit()).rejects.toMatchObject({ code: 'source/connection-lost' })
    })

    test('does not touch a message which another session has listed (I2)', async () => {
      const { connect, count } = await filled([mail('a')])
      const [message] = await listed(connect)
      if (message === undefined) throw new Error('nothing is listed')
      const session = await connect(never())
      await expect(session.markDeleted(message)).rejects.toMatchObject({ code: 'internal/bug' })
      await session.commit()
      expect(await count()).toBe(1)
    })

    test('sees in a second session what came after the first', async () => {
      const { connect, put } = await filled([mail('a')])
      const first = await listed(connect)
      await put([mail('b')])
      const second = await listed(connect)
      expect(second.map(uniqueIdOf).slice(0, 1)).toEqual(first.map(uniqueIdOf))
      expect(second).toHaveLength(2)
    })

    test('ends when it is called off', async () => {
      const { connect, count } = await filled([mail('a')])
      const controller = new AbortController()
      const session = await connect(controller.signal)
      const [message] = await session.list()
      if (message === undefined) throw new Error('nothing is listed')
      await session.markDeleted(message)
      controller.abort()
      await expect(session.commit()).rejects.toMatchObject({ code: 'source/connection-lost' })
      expect(await count()).toBe(1)
    })
  })
}

const HEADER = 'Subject: peculiar\r\nFrom: a@example.com\r\n\r\n'

const PECULIAR: Readonly<Record<string, Buffer>> = {
  'lines that begin with dots': Buffer.from(`${HEADER}.\r\n..\r\n...\r\n.a\r\n\r\n.\r\n`),
  'all octets but NUL, CR and LF': Buffer.concat([
    Buffer.from(HEADER),
    Buffer.from(Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => ![0, 10, 13].includes(octet))),
    Buffer.from('\r\n'),
  ]),
  'CR alone in a line': Buffer.from(`${HEADER}a\rb\r\n.\rc\r\n\r\r\n`),
  'no line end at the end': Buffer.from(`${HEADER}the end`),
  'LF for line ends': Buffer.from(`${HEADER}a\r\n.b\r\n`.replaceAll('\r\n', '\n')),
  'a header and no more': Buffer.from('Subject: peculiar\r\n\r\n'),
  'many empty lines': Buffer.from(`${HEADER}${'\r\n'.repeat(1_000)}`),
  'long lines': Buffer.from(`${HEADER}${'.'.repeat(100_000)}\r\n${'x'.repeat(200_000)}\r\n`),
  'a body of 3 MB': Buffer.concat([Buffer.from(HEADER), Buffer.alloc(3_000_000, 'abcdefg.\r\n.')]),
}

function mail(subject: string, text = 'text\r\n'): Buffer {
  return Buffer.from(
    `Subject: ${subject}\r\nFrom: a@example.com\r\nMessage-ID: <${randomUUID()}@example.com>\r\n\r\n${text}`,
  )
}

async function listed(connect: Connect): Promise<readonly RemoteMessage[]> {
  await using session = await connect(never())
  return await session.list()
}

async function read(session: MailSession, message: RemoteMessage) {
  const parts: Buffer[] = []
  const outcome = await session.retrieve(message, (octets) => {
    parts.push(octets)
    return undefined
  })
  return { outcome, octets: Buffer.concat(parts) }
}

function uniqueIdOf({ uniqueId }: RemoteMessage): string {
  return uniqueId
}

function sha256(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('hex')
}

function never(): AbortSignal {
  return new AbortController().signal
}
