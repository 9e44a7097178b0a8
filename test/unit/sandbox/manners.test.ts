import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import {
  answer,
  cutReplies,
  delay,
  differentTop,
  endlessListing,
  endlessStatusLine,
  hangUp,
  hangUpAtQuit,
  hashUniqueIds,
  lieAboutSizes,
  type Manner,
  octetByOctet,
  refuse,
  refuseLogin,
  regenerateUniqueIds,
  removeOnly,
  reset,
  reuseUniqueIds,
  stall,
  without,
} from '../../../src/sandbox/manners.ts'
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts'
import { WireClient } from './wire-client.ts'

let sandbox: Sandbox

const FIRST = Buffer.from('Subject: 1\r\n\r\nfirst\r\n')
const FIRST_REPLY = '+OK 21 octets\r\nSubject: 1\r\n\r\nfirst\r\n.\r\n'
const MESSAGES = [
  { uniqueId: 'one', octets: FIRST },
  { uniqueId: 'two', octets: FIRST },
  { uniqueId: 'three', octets: Buffer.from('Subject: 3\r\n\r\n') },
]

async function start(...manners: readonly Manner[]): Promise<number> {
  sandbox = await startSandbox({ mailboxes: [{ user: 'help', password: 'secret', messages: MESSAGES }], manners })
  return sandbox.port
}

const left = () =>
  sandbox
    .mailbox('help')
    .messages()
    .map(({ uniqueId }) => uniqueId)

async function uniqueIds(port: number): Promise<readonly string[]> {
  const client = await WireClient.login(port)
  const rows = (await client.askMany('UIDL')).split('\r\n').slice(1, -2)
  return rows.map((row) => row.split(' ')[1] ?? '')
}

afterEach(() => sandbox.close())

describe('refusals', () => {
  test('refuse answers -ERR for one message, and only as often as asked', async () => {
    const client = await WireClient.login(
      await start(refuse({ verb: 'RETR', message: 2, times: 1 }, 'conversion failed')),
    )
    expect(await client.askMany('RETR 1')).toBe(FIRST_REPLY)
    expect(await client.askMany('RETR 2')).toBe('-ERR conversion failed\r\n')
    expect(await client.askMany('RETR 2')).toBe(FIRST_REPLY)
  })

  test('refuse reaches the greeting too', async () => {
    const client = await WireClient.connect(await start(refuse({ verb: 'GREETING' }, '[SYS/TEMP] come back later')))
    expect(client.received).toBe('-ERR [SYS/TEMP] come back later\r\n')
  })

  test('refuseLogin gives its response code, in the first sessions only', async () => {
    const port = await start(refuseLogin('[LOGIN-DELAY] too soon', 1))
    const client = await WireClient.connect(port)
    await client.ask('USER help')
    expect(await client.ask('PASS secret')).toBe('-ERR [LOGIN-DELAY] too soon\r\n')
    expect(await (await WireClient.login(port)).ask('STAT')).toMatch(/^\+OK 3/)
  })

  test.each(['TOP', 'UIDL'])('without(%s) takes it from CAPA and from the commands', async (verb) => {
    const client = await WireClient.login(await start(without(verb)))
    expect(await client.askMany('CAPA')).not.toContain(`\r\n${verb}\r\n`)
    expect(await client.askMany(`${verb} 1`)).toMatch(/^-ERR/)
  })
})

describe('segments', () => {
  test.each([1, 2, 3, 4])('cutReplies parts the end mark %d octets before its end', async (before) => {
    const client = await WireClient.login(await start(cutReplies({ verb: 'RETR' }, [-before])))
    expect(await client.askMany('RETR 1')).toBe(FIRST_REPLY)
    expect(client.chunks.map(({ length }) => length)).toEqual([FIRST_REPLY.length - before, before])
  })

  test('octetByOctet sends one octet at a time', async () => {
    const client = await WireClient.login(await start(octetByOctet({ verb: 'RETR' })))
    expect(await client.askMany('RETR 1')).toBe(FIRST_REPLY)
    expect(client.chunks).toHaveLength(FIRST_REPLY.length)
  })
})

describe('lies', () => {
  test('lieAboutSizes multiplies sizes in STAT and LIST', async () => {
    const client = await WireClient.login(await start(lieAboutSizes(10)))
    expect(await client.ask('STAT')).toBe('+OK 3 560\r\n')
    expect(await client.ask('LIST 1')).toBe('+OK 1 210\r\n')
  })

  test('differentTop shows a header that RETR does not', async () => {
    const client = await WireClient.login(await start(differentTop()))
    expect(await client.askMany('TOP 1 0')).toContain('X-Sandbox')
    expect(await client.askMany('RETR 1')).not.toContain('X-Sandbox')
  })

  test('hashUniqueIds gives identical copies one unique-id (RFC 1939 section 7)', async () => {
    const sha1 = createHash('sha1').update(FIRST).digest('hex')
    const [one, two, three] = await uniqueIds(await start(hashUniqueIds()))
    expect([one, two]).toEqual([sha1, sha1])
    expect(three).not.toBe(sha1)
  })

  test('regenerateUniqueIds gives other unique-ids in each session', async () => {
    const port = await start(regenerateUniqueIds())
    const first = await uniqueIds(port)
    const second = await uniqueIds(port)
    expect(new Set([...first, ...second]).size).toBe(6)
  })

  test('reuseUniqueIds gives the unique-id of a deleted message to the next one', async () => {
    const port = await start(reuseUniqueIds())
    expect(await uniqueIds(port)).toEqual(['position-1', 'position-2', 'position-3'])
    const client = await WireClient.login(port)
    await client.ask('DELE 1')
    await client.ask('QUIT')
    expect(await uniqueIds(port)).toEqual(['position-1', 'position-2'])
    expect(left()).toEqual(['two', 'three'])
  })

  test('answer sends any octets instead of the reply', async () => {
    const client = await WireClient.login(await start(answer({ verb: 'NOOP' }, 'What?\r\n')))
    expect(await client.ask('NOOP')).toBe('What?\r\n')
  })
})

describe('time', () => {
  test('stall sends nothing, or the first octets and no more, until the client gives up', async () => {
    const client = await WireClient.login(await start(stall({ verb: 'NOOP' }), stall({ verb: 'RETR' }, 20)))
    client.send('RETR 1', 'STAT')
    expect(await client.until(({ length }) => length >= 20)).toBe(FIRST_REPLY.slice(0, 20))
    const other = await WireClient.login(sandbox.port)
    await other.ask('STAT')
    expect(client.received).toHaveLength(20)
    client.destroy()
    other.send('NOOP')
    other.end()
    await sandbox.idle()
    expect(sandbox.log.filter(({ verb }) => verb === 'STAT')).toHaveLength(1)
  })

  test('delay holds every reply back', async () => {
    const client = await WireClient.login(await start(delay({ verb: 'NOOP' }, 30)))
    const asked = performance.now()
    await client.ask('NOOP')
    expect(performance.now() - asked).toBeGreaterThanOrEqual(29)
  })

  test.each([
    ['status line', endlessStatusLine({ verb: 'STAT' }), 'STAT'],
    ['listing', endlessListing({ verb: 'UIDL' }), 'UIDL'],
  ])('an endless %s goes on until the client drops the connection', async (_what, manner, command) => {
    const client = await WireClient.login(await start(manner))
    client.send(command)
    await client.until(({ length }) => length > 300_000)
    expect(client.received.endsWith('.\r\n')).toBe(false)
    client.destroy()
    await sandbox.idle()
  })
})

describe('lost connections', () => {
  test('hangUp ends the connection after so many octets of a reply', async () => {
    const client = await WireClient.login(await start(hangUp({ verb: 'RETR' }, 20)))
    client.send('RETR 1')
    client.end()
    await client.closed()
    expect(client.received).toBe(FIRST_REPLY.slice(0, 20))
    expect(client.error).toBeUndefined()
  })

  test('reset breaks the connection, and the command is not carried out', async () => {
    const client = await WireClient.login(await start(reset({ verb: 'DELE', message: 2 })))
    await client.ask('DELE 1')
    client.send('DELE 2')
    await client.closed()
    expect(client.error).toBe('ECONNRESET')
    await sandbox.idle()
    expect(left()).toEqual(['one', 'two', 'three'])
  })

  test.each([
    ['before', ['one', 'two', 'three']],
    ['after', ['two', 'three']],
  ] as const)('hangUpAtQuit drops the answer %s the deletions are applied', async (moment, remaining) => {
    const client = await WireClient.login(await start(hangUpAtQuit(moment)))
    await client.ask('DELE 1')
    client.forget()
    client.send('QUIT')
    client.end()
    await client.closed()
    expect(client.received).toBe('')
    expect(left()).toEqual(remaining)
  })

  test('removeOnly leaves a part of the marked messages and says so (RFC 1939 section 6)', async () => {
    const client = await WireClient.login(await start(removeOnly(1)))
    await client.ask('DELE 1')
    await client.ask('DELE 2')
    expect(await client.ask('QUIT')).toMatch(/^-ERR/)
    expect(left()).toEqual(['two', 'three'])
  })

  test('behave changes the manners of a running sandbox', async () => {
    const client = await WireClient.login(await start(refuse({ verb: 'NOOP' }, 'no')))
    expect(await client.ask('NOOP')).toMatch(/^-ERR/)
    sandbox.behave([])
    expect(await client.ask('NOOP')).toMatch(/^\+OK/)
  })
})
