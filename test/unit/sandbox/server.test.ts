import { afterEach, describe, expect, test } from 'vitest'
import type { SandboxMessage } from '../../../src/sandbox/mailbox.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/server.ts'
import { WireClient } from './wire-client.ts'

let sandbox: Sandbox

const MESSAGES: readonly SandboxMessage[] = [
  { uniqueId: 'one', octets: Buffer.from('Subject: 1\r\n\r\nfirst\r\nsecond\r\nthird\r\n') },
  { uniqueId: 'two', octets: Buffer.from('Subject: 2\r\n\r\n.dot\r\n..\r\nlast line') },
  { uniqueId: 'three', octets: Buffer.from('Subject: 3\r\n\r\n\0\xff\xe9\n.\n\r.', 'latin1') },
]

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const mailboxes = [{ user: 'help', password: 'secret', accessToken: 'ya29.token', messages: MESSAGES }]
  sandbox = await startSandbox({ mailboxes, ...options })
  return sandbox
}

const left = () =>
  sandbox
    .mailbox('help')
    .messages()
    .map(({ uniqueId }) => uniqueId)

afterEach(() => sandbox.close())

describe('listing (RFC 1939 sections 5 and 7)', () => {
  test('STAT, LIST and UIDL tell count, sizes and unique-ids, and leave out what is marked', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    expect(await client.ask('STAT')).toBe('+OK 3 91\r\n')
    expect(await client.askMany('LIST')).toBe('+OK 3 messages\r\n1 36\r\n2 33\r\n3 22\r\n.\r\n')
    expect(await client.ask('DELE 2')).toMatch(/^\+OK/)
    expect(await client.ask('STAT')).toBe('+OK 2 58\r\n')
    expect(await client.askMany('UIDL')).toBe('+OK 2 messages\r\n1 one\r\n3 three\r\n.\r\n')
    expect(await client.ask('UIDL 3')).toBe('+OK 3 three\r\n')
    expect(await client.ask('LIST 2')).toMatch(/^-ERR/)
    expect(await client.ask('LIST 4')).toMatch(/^-ERR/)
  })

  test('a mail that is delivered during a session is seen by the next one only', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    sandbox.mailbox('help').deliver(Buffer.from('Subject: 4\r\n\r\n'), 'four')
    expect(await client.ask('STAT')).toMatch(/^\+OK 3 /)
    expect(await (await WireClient.login(port)).ask('STAT')).toMatch(/^\+OK 4 /)
  })

  test('commands of the TRANSACTION state are refused before login, login after it', async () => {
    const { port } = await start()
    const client = await WireClient.connect(port)
    expect(await client.ask('STAT')).toMatch(/^-ERR/)
    expect(await client.ask('PASS secret')).toMatch(/^-ERR/)
    const other = await WireClient.login(port)
    expect(await other.ask('USER help')).toMatch(/^-ERR/)
    expect(await other.ask('FROBNICATE')).toMatch(/^-ERR/)
    expect(await other.ask('GREETING')).toMatch(/^-ERR/)
  })
})

describe('octets (RFC 1939 section 3)', () => {
  test('RETR stuffs dots, and adds a CRLF only where the mail does not end with one', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    expect(await client.askMany('RETR 1')).toBe('+OK 36 octets\r\nSubject: 1\r\n\r\nfirst\r\nsecond\r\nthird\r\n.\r\n')
    expect(await client.askMany('RETR 2')).toBe('+OK 33 octets\r\nSubject: 2\r\n\r\n..dot\r\n...\r\nlast line\r\n.\r\n')
  })

  test('NUL, 8-bit octets, lone CR and lone LF go out as they are', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    expect(await client.askMany('RETR 3')).toBe('+OK 22 octets\r\nSubject: 3\r\n\r\n\0\xff\xe9\n.\n\r.\r\n.\r\n')
  })

  test('TOP gives the header, the empty line and so many lines', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    expect(await client.askMany('TOP 1 0')).toBe('+OK top follows\r\nSubject: 1\r\n\r\n.\r\n')
    expect(await client.askMany('TOP 1 2')).toBe('+OK top follows\r\nSubject: 1\r\n\r\nfirst\r\nsecond\r\n.\r\n')
    expect(await client.askMany('TOP 2 99')).toBe(
      '+OK top follows\r\nSubject: 2\r\n\r\n..dot\r\n...\r\nlast line\r\n.\r\n',
    )
    expect(await client.askMany('TOP 1')).toMatch(/^-ERR/)
  })

  test('a mail of 200 MB is made while it is sent, and no faster than it is read', async () => {
    let made = 0
    const octets = {
      sizeBytes: 200_000_000,
      *read() {
        for (; made < 200; made += 1) yield Buffer.alloc(1_000_000, 'x')
      },
    }
    const { port } = await start({
      mailboxes: [{ user: 'help', password: 'secret', messages: [{ uniqueId: 'big', octets }] }],
    })
    const client = await WireClient.login(port)
    client.send('RETR 1')
    await client.until((received) => received.length > 0)
    client.pause()
    const other = await WireClient.login(port)
    for (let turn = 0; turn < 20; turn += 1) await other.ask('NOOP')
    expect(made).toBeGreaterThan(0)
    expect(made).toBeLessThan(50)
  })
})

describe('deletion (RFC 1939 section 6)', () => {
  test('DELE takes effect at QUIT only', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    await client.ask('DELE 1')
    await client.ask('DELE 3')
    expect(await client.ask('RETR 1')).toMatch(/^-ERR/)
    expect(left()).toEqual(['one', 'two', 'three'])
    expect(await client.ask('QUIT')).toMatch(/^\+OK/)
    expect(left()).toEqual(['two'])
    client.end()
    await client.closed()
  })

  test('RSET takes the marks back', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    await client.ask('DELE 1')
    await client.ask('RSET')
    await client.ask('QUIT')
    expect(left()).toEqual(['one', 'two', 'three'])
  })

  test.each(['end', 'destroy'] as const)('a connection that is lost without QUIT removes nothing (%s)', async (how) => {
    const { port } = await start()
    const client = await WireClient.login(port)
    await client.ask('DELE 1')
    client[how]()
    await client.closed()
    await sandbox.idle()
    expect(left()).toEqual(['one', 'two', 'three'])
  })

  test('two messages of one unique-id are two messages', async () => {
    const { port } = await start()
    sandbox.mailbox('help').deliver(Buffer.from('Subject: copy\r\n\r\n'), 'one')
    const client = await WireClient.login(port)
    await client.ask('DELE 4')
    await client.ask('QUIT')
    expect(left()).toEqual(['one', 'two', 'three'])
  })
})

describe('pipelining (RFC 2449 section 6.6)', () => {
  test('many commands in one segment are answered in order, also after the FIN of the client', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    client.send(...Array.from({ length: 300 }, () => 'RETR 1'), 'QUIT')
    client.end()
    const received = await client.until((octets) => octets.includes('bye'))
    expect(received.match(/\+OK 36 octets/g)).toHaveLength(300)
    expect(sandbox.mailbox('help').retrievals.get('one')).toBe(300)
    expect(Math.max(...sandbox.log.map(({ waiting }) => waiting))).toBe(300)
  })

  test.each([true, false])('is announced as the option says (%s)', async (pipelining) => {
    const { port } = await start({ pipelining })
    const client = await WireClient.connect(port)
    expect((await client.askMany('CAPA')).includes('\r\nPIPELINING\r\n')).toBe(pipelining)
  })
})

describe('the handle', () => {
  test('a listener sees each command before it is carried out, and may hold it back', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    const seen: string[] = []
    const release = Promise.withResolvers<void>()
    const stop = sandbox.onCommand(({ verb, argument }) => {
      seen.push(`${verb} ${argument}`)
      return release.promise
    })
    const answered = client.ask('DELE 1')
    await expect.poll(() => seen).toEqual(['DELE 1'])
    expect(client.received).toBe('')
    release.resolve()
    expect(await answered).toMatch(/^\+OK/)
    stop()
    await client.ask('NOOP')
    expect(seen).toEqual(['DELE 1'])
    expect(sandbox.sessionCount).toBe(1)
  })

  test('close ends a session that is held back', async () => {
    const { port } = await start()
    const client = await WireClient.login(port)
    const never = Promise.withResolvers<void>()
    const heard = new Promise<void>((resolve) => {
      sandbox.onCommand(() => {
        resolve()
        return never.promise
      })
    })
    client.send('NOOP')
    await heard
    await sandbox.close()
    await client.closed()
    expect(client.received).toBe('')
  })
})
