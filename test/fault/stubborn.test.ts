/** Servers and outages that do not go away: work must not go round in circles, and nothing may be blamed wrongly. */
import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { MailchuteError } from '../../src/errors.ts'
import { lieAboutSizes, refuse, without } from '../../src/sandbox/manners.ts'
import { openStore } from '../../src/store/store.ts'
import { createProcess } from '../../src/ticketing/process.ts'
import { createDatabase } from '../support/postgres.ts'
import { SANDBOXES, startMailbox } from '../support/sandbox.ts'
import { openWorker } from '../support/worker.ts'

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const mail = (name: string, body = 'hello') =>
  Buffer.from(`From: anna@example.com\r\nMessage-ID: <${name}@example.com>\r\nSubject: ${name}\r\n\r\n${body}\r\n`)

const HOURS = 3_600_000

async function start(messages: readonly { uniqueId: string; octets: Buffer }[], query = '', serve = startMailbox) {
  const served = stack.use(await serve(messages))
  const worker = stack.use(await openWorker({ DATABASE_URL: await createDatabase(), ...served.env(query) }))
  const poll = async (now = new Date()) => {
    const result = await worker.poll({ now: () => now })
    if (result.outcome !== 'polled') throw new Error('busy')
    return result
  }
  return { ...served, worker, poll }
}

describe.each(SANDBOXES)('a server that refuses, over %s,', (_, serve) => {
  test('DELE for ever does not keep a poll going, nor mail behind the first batch from coming (I6)', async () => {
    const messages = Array.from({ length: 600 }, (_, n) => ({ uniqueId: `m-${n}`, octets: mail(`refused-${n}`) }))
    const { sandbox, poll } = await start(messages, '', serve)
    sandbox.behave([refuse({ verb: 'DELE' }, 'cannot delete')])
    const first = await poll()
    expect(first.sheet).toMatchObject({ listed: 600, retrieved: 600, left: 0, deleted: 0, connections: 2 })
    const second = await poll()
    expect(second.sheet).toMatchObject({ listed: 600, known: 600, left: 0, deleted: 0, connections: 2 })
    sandbox.behave([])
    expect((await poll()).sheet).toMatchObject({ known: 600, deleted: 600 })
  })

  test('a message three times has it held, and tried again hours later by itself', async () => {
    const { sandbox, poll, mailbox } = await start([{ uniqueId: 'bad', octets: mail('bad') }], '', serve)
    sandbox.behave([refuse({ verb: 'RETR' }, 'conversion failed')])
    for (const held of [0, 0, 1]) expect((await poll()).sheet.held).toBe(held)
    expect(mailbox.messages()).toHaveLength(1)
    sandbox.behave([])
    expect((await poll()).sheet).toMatchObject({ held: 1, retrieved: 0 })
    expect((await poll(new Date(Date.now() + 2 * HOURS))).sheet).toMatchObject({ held: 0, retrieved: 1, deleted: 1 })
  })
})

test('an absurd size in LIST holds that message and no other (I6)', async () => {
  const { sandbox, poll } = await start([{ uniqueId: 'one', octets: mail('one') }])
  sandbox.behave([lieAboutSizes(1e9)])
  const { sheet, error, newlyHeld } = await poll()
  expect(error).toBeNull()
  expect(sheet).toMatchObject({ listed: 1, held: 1 })
  expect(newlyHeld).toEqual(['source/message-too-large'])
  sandbox.behave([])
})

describe.each(SANDBOXES)('mail that stays on the server a while, over %s,', (_, serve) => {
  test('is deleted when due although the server has no TOP, after one more download', async () => {
    const { sandbox, poll, mailbox } = await start([{ uniqueId: 'one', octets: mail('one') }], 'deleteAfter=1h', serve)
    sandbox.behave([without('TOP')])
    expect((await poll()).sheet).toMatchObject({ retrieved: 1, deleted: 0 })
    expect((await poll()).sheet).toMatchObject({ known: 1, deleted: 0 })
    expect((await poll(new Date(Date.now() + 2 * HOURS))).sheet).toMatchObject({ deleted: 1 })
    expect(mailbox.messages()).toHaveLength(0)
    expect(mailbox.retrievals.get('one')).toBe(2)
  })

  test('is noticed to be another mail under a unique-id that is used again (RFC 1939 section 7)', async () => {
    const first = await serve([{ uniqueId: '1', octets: mail('first') }])
    const env = { DATABASE_URL: await createDatabase() }
    stack.use(first)
    const worker = stack.use(await openWorker({ ...env, ...first.env('deleteAfter=never') }))
    await worker.poll()
    const second = stack.use(await serve([{ uniqueId: '1', octets: mail('second', 'another size '.repeat(20)) }]))
    const { port } = second.sandbox
    const result = await worker.poll({}, { port })
    expect(result).toMatchObject({ sheet: { listed: 1, retrieved: 1, stored: 1 } })
    expect(await worker.poll({}, { port })).toMatchObject({ sheet: { listed: 1, known: 1, retrieved: 0 } })
  })

  test('is downloaded once although two mails share a unique-id', async () => {
    const { poll, mailbox } = await start(
      [
        { uniqueId: 'same', octets: mail('one') },
        { uniqueId: 'same', octets: mail('two') },
      ],
      'deleteAfter=never',
      serve,
    )
    expect((await poll()).sheet).toMatchObject({ retrieved: 2, stored: 2 })
    await poll()
    const before = mailbox.retrievals.get('same')
    expect((await poll()).sheet).toMatchObject({ listed: 2, left: 0 })
    expect(mailbox.retrievals.get('same')).toBe(before)
  })
})

test("trouble of the store is no message's fault: on the last attempt, too, it goes on waiting (I7)", async () => {
  const { worker, poll } = await start([])
  const { mailbox } = worker
  await poll()
  const store = stack.use(disposable(openStore(worker.app.databaseUrl)))
  const row = await store.mailboxes.find(mailbox.name)
  const [remote] = (
    await store.ledger.census(row?.id ?? '', mailbox.source, [{ uniqueId: 'x', sizeBytes: 1 }])
  ).values()
  const octets = mail('waits')
  const [stored] = await store.intake.storeBatch({ mailboxId: row?.id ?? '', pollId: 1n, source: mailbox.source }, [
    {
      remoteId: remote?.id ?? 0n,
      uniqueId: 'x',
      sha256: digest(octets),
      headerSha256: 'h',
      sizeBytes: octets.length,
      storedBefore: null,
      octets: [octets],
    },
  ])
  const broken = new MailchuteError('store/not-migrated', 'a table is missing')
  const process = createProcess(store, { parse: () => Promise.reject(broken) })
  const id = stored?.inboundMessageId ?? ''
  const last = { isLastAttempt: true, stalls: 0, signal: new AbortController().signal }
  await expect(process(id, last)).rejects.toBe(broken)
  expect((await store.messages.find(id))?.state).toBe('received')
})

describe('the same mail for two mailboxes at the same instant', () => {
  test('is stored for both, too large for memory as it is', async () => {
    const [store, ids] = await twoMailboxes()
    for (let round = 0; round < 5; round++) {
      const octets = Buffer.alloc(300_000, `round ${round} `)
      const both = await Promise.all(
        ids.map(({ mailboxId, remoteId }) =>
          store.intake.storeStreamed({ mailboxId, pollId: 1n, source: 'pop3' }, async (put) => {
            await put(octets)
            return retrieved(remoteId, octets)
          }),
        ),
      )
      expect(both.flat()).toHaveLength(2)
    }
  })

  test('in opposite order is no deadlock', async () => {
    const [store, ids] = await twoMailboxes()
    for (let round = 0; round < 20; round++) {
      const mails = Array.from({ length: 30 }, (_, n) => Buffer.from(`round ${round} mail ${n}\r\n`))
      const both = await Promise.all(
        ids.map(({ mailboxId, remoteId }, index) =>
          store.intake.storeBatch(
            { mailboxId, pollId: 1n, source: 'pop3' },
            (index === 0 ? mails : mails.toReversed()).map((octets) => ({
              ...retrieved(remoteId, octets),
              octets: [octets],
            })),
          ),
        ),
      )
      expect(both.flat()).toHaveLength(60)
    }
  })
})

async function twoMailboxes() {
  const store = stack.use(disposable(openStore(await createDatabase())))
  const rows = await store.mailboxes.ensure([
    { name: 'support', url: 'pop3://support', source: 'pop3' },
    { name: 'sales', url: 'pop3://sales', source: 'pop3' },
  ])
  const ids = await Promise.all(
    [...rows.values()].map(async ({ id: mailboxId }) => {
      const [remote] = (await store.ledger.census(mailboxId, 'pop3', [{ uniqueId: 'x', sizeBytes: 1 }])).values()
      return { mailboxId, remoteId: remote?.id ?? 0n }
    }),
  )
  return [store, ids] as const
}

const retrieved = (remoteId: bigint, octets: Buffer) => ({
  remoteId,
  uniqueId: 'x',
  sha256: digest(octets),
  headerSha256: digest(octets),
  sizeBytes: octets.length,
  storedBefore: null,
})

const digest = (octets: Buffer) => createHash('sha256').update(octets).digest('hex')

const disposable = <T extends { close(): Promise<void> }>(closable: T): T & AsyncDisposable => ({
  ...closable,
  [Symbol.asyncDispose]: () => closable.close(),
})
