/**
 * node-pop3, a POP3 client that is not ours. It tests our sandbox; and its defects, for which Mailchute has a client of
 * its own, are pinned here, so that we notice the day they are gone.
 */
import { once } from 'node:events'
import Pop3Command from 'node-pop3'
import { afterEach, describe, expect, test } from 'vitest'
import type { SandboxMessage } from '../../src/sandbox/mailbox.ts'
import { sampleMails } from '../../src/sandbox/mails/sample-mails.ts'
import { cutReplies, hangUp, type Manner } from '../../src/sandbox/manners.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { TEST_CERT, TEST_KEY } from '../unit/sandbox/certificate.ts'

let sandbox: Sandbox

const SAMPLES: readonly SandboxMessage[] = sampleMails().map(({ name, octets }) => ({ uniqueId: name, octets }))

async function start(messages: readonly SandboxMessage[], ...manners: readonly Manner[]): Promise<Pop3Command> {
  sandbox = await startSandbox({ mailboxes: [{ user: 'help', password: 'secret', messages }], manners })
  return newClient()
}

function newClient(): Pop3Command {
  return new Pop3Command({ user: 'help', password: 'secret', host: '127.0.0.1', port: sandbox.port })
}

function letters(...bodies: readonly string[]): readonly SandboxMessage[] {
  return bodies.map((body, index) => ({
    uniqueId: `letter-${index + 1}`,
    octets: Buffer.from(`Subject: ${index + 1}\r\n\r\n${body}\r\n`),
  }))
}

const left = () =>
  sandbox
    .mailbox('help')
    .messages()
    .map(({ uniqueId }) => uniqueId)

afterEach(() => sandbox.close())

describe('node-pop3 as the independent client of the sandbox', () => {
  test('it lists sizes and unique-ids', async () => {
    const client = await start(SAMPLES)
    expect(await client.UIDL()).toEqual(SAMPLES.map(({ uniqueId }, index) => [String(index + 1), uniqueId]))
    expect(await client.LIST()).toEqual(
      sampleMails().map(({ octets }, index) => [String(index + 1), String(octets.length)]),
    )
    await client.QUIT()
  })

  test('it retrieves every sample mail that its own defects leave whole', async () => {
    const client = await start(SAMPLES)
    let whole = 0
    for (const [index, { octets }] of sampleMails().entries()) {
      const text = octets.toString('latin1')
      if (/[\x80-\xff]|\r\n\./.test(text)) continue
      expect(await client.RETR(index + 1)).toBe(text.replace(/\r\n$/, ''))
      whole += 1
    }
    expect(whole).toBeGreaterThan(25)
    await client.QUIT()
  })

  test('it reads the header with TOP', async () => {
    const client = await start(letters('one', 'two'))
    expect(await client.TOP(2, 0)).toBe('Subject: 2\r\n')
    await client.QUIT()
  })

  test('it deletes at QUIT, and RSET takes the marks back', async () => {
    const client = await start(letters('one', 'two', 'three'))
    await client.DELE(1)
    await client.RSET()
    await client.DELE(2)
    expect(left()).toHaveLength(3)
    await client.QUIT()
    expect(left()).toEqual(['letter-1', 'letter-3'])
  })

  test('it speaks TLS with it', async () => {
    const tls = { mode: 'implicit', key: TEST_KEY, cert: TEST_CERT } as const
    sandbox = await startSandbox({ mailboxes: [{ user: 'help', password: 'secret', messages: letters('one') }], tls })
    const { port } = sandbox
    const server = { host: '127.0.0.1', servername: 'localhost', port, tls: true, tlsOptions: { ca: TEST_CERT } }
    const client = new Pop3Command({ user: 'help', password: 'secret', ...server })
    expect(await client.RETR(1)).toBe('Subject: 1\r\n\r\none')
    await client.QUIT()
  })
})

describe('defects of node-pop3 0.11, pinned', () => {
  test.each([
    ['not split', 0, true],
    ['split before its LF', 1, false],
    ['split after its dot', 2, false],
    ['split inside its first CRLF', 4, false],
  ])('RETR never settles when the end mark is split: %s', async (_how, before, settles) => {
    const whole = Number.POSITIVE_INFINITY
    const client = await start(letters('one'), cutReplies({ verb: 'RETR' }, [-before]), hangUp({ verb: 'RETR' }, whole))
    await client.NOOP()
    const socket = client._socket
    if (!socket) throw new Error('node-pop3 is not connected')
    let settled = false
    const settle = () => {
      settled = true
    }
    const closed = once(socket, 'close')
    client.RETR(1).then(settle, settle)
    await closed
    await sandbox.idle()
    expect(sandbox.mailbox('help').retrievals.get('letter-1')).toBe(1)
    expect(settled).toBe(settles)
  })

  test('8-bit octets become U+FFFD', async () => {
    const octets = Buffer.from('Subject: 1\r\n\r\nGr\xfc\xdfe\r\n', 'latin1')
    const client = await start([{ uniqueId: 'latin', octets }])
    expect(await client.RETR(1)).toBe('Subject: 1\r\n\r\nGr\ufffd\ufffde')
    await client.QUIT()
  })

  test('dot-stuffing is not undone', async () => {
    const client = await start(letters('.profile'))
    expect(await client.RETR(1)).toBe('Subject: 1\r\n\r\n..profile')
    await client.QUIT()
  })

  test('commands given at once are mixed up: the last one is sent several times', async () => {
    const client = await start(letters('one', 'two', 'three'))
    await client.NOOP()
    await Promise.allSettled([client.DELE(1), client.DELE(2), client.DELE(3)])
    await client.QUIT()
    expect(sandbox.log.filter(({ verb }) => verb === 'DELE').map(({ argument }) => argument)).toEqual(['3', '3', '3'])
  })

  test('it reconnects silently and deletes by the old numbers a message it never retrieved', async () => {
    const drop = hangUp({ verb: 'DELE', message: 1, session: 1 }, Number.POSITIVE_INFINITY)
    const client = await start(letters('one', 'two', 'three'), drop)
    await client.RETR(1)
    await client.RETR(2)
    const socket = client._socket
    if (!socket) throw new Error('node-pop3 is not connected')
    const closed = once(socket, 'close')
    await client.DELE(1)
    await closed
    const other = newClient()
    await other.DELE(1)
    await other.QUIT()
    await client.DELE(2)
    await client.QUIT()
    expect(left()).toEqual(['letter-2'])
  })
})
