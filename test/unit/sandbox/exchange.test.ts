import { afterEach, describe, expect, test } from 'vitest'
import {
  type ExchangeOptions,
  moved,
  refuseConversion,
  slowLogon,
  startExchange,
  substitute,
  unavailable,
} from '../../../src/sandbox/exchange.ts'
import type { Manner } from '../../../src/sandbox/manners.ts'
import type { Sandbox } from '../../../src/sandbox/server.ts'
import { WireClient } from './wire-client.ts'

const REFUSED = '-ERR Authentication failure: unknown user name or bad password.\r\n'
const PROTOCOL_ERROR = '-ERR Protocol error. Connection is closed. 10\r\n'
const UNAVAILABLE = '-ERR Server Unavailable. 21\r\n'
const responseOf = (token: string, user = 'help') =>
  Buffer.from(`user=${user}\x01auth=Bearer ${token}\x01\x01`).toString('base64')
/** Consumer tokens are opaque and long. */
const TOKEN = `EwB${'x'.repeat(3000)}`

let sandbox: Sandbox
afterEach(() => sandbox.close())

async function start(options: Partial<ExchangeOptions> = {}): Promise<number> {
  const messages = ['one', 'two', 'three'].map((id) => ({ uniqueId: id, octets: octetsOf(id) }))
  const mailboxes = [{ user: 'help', password: 'secret', accessToken: TOKEN, messages }]
  sandbox = await startExchange({ mailboxes, ...options })
  return sandbox.port
}

const octetsOf = (id: string) => Buffer.from(`Subject: ${id}\r\n\r\n${id.repeat(100)}\r\n`)

async function logIn(port: number): Promise<WireClient> {
  const client = await WireClient.connect(port)
  await client.ask('AUTH XOAUTH2')
  await client.ask(responseOf(TOKEN))
  return client
}

describe('the sandbox with the manners of Exchange', () => {
  test('greets and announces as it does, and nothing tells that it is a sandbox', async () => {
    const client = await WireClient.connect(await start())
    const greeting = client.received
    expect(greeting).toMatch(/^\+OK The Microsoft Exchange POP3 service is ready\. \[[A-Za-z0-9+/]+=*\]\r\n$/)
    const said = [greeting, await client.askMany('CAPA')]
    expect(said[1]).toBe('+OK\r\nTOP\r\nUIDL\r\nSASL PLAIN XOAUTH2\r\nUSER\r\n.\r\n')
    for (const line of ['STAT', 'NONSENSE', 'USER help', 'PASS secret', 'AUTH LOGIN', 'AUTH XOAUTH2']) {
      said.push(await client.ask(line))
    }
    said.push(await client.ask(responseOf(TOKEN)))
    for (const line of ['AUTH XOAUTH2', 'STAT', 'LIST 1', 'RETR 9', 'DELE 1', 'NOOP', 'RSET']) {
      said.push(await client.ask(line))
    }
    for (const line of ['LIST', 'UIDL', 'RETR 1', 'TOP 1 0']) said.push(await client.askMany(line))
    said.push(await client.ask('QUIT'))
    expect(said.join('')).not.toMatch(/sandbox|mailchute|\[(AUTH|SYS|IN-USE)|octets|password, please/i)
    expect(Math.max(...said.map((reply) => reply.indexOf('\r\n') + 2))).toBeLessThanOrEqual(512)
  })

  test('takes XOAUTH2 in two lines, with a token of any length', async () => {
    const client = await WireClient.connect(await start())
    expect(await client.ask('AUTH XOAUTH2')).toBe('+\r\n')
    expect(await client.ask(responseOf(TOKEN))).toBe('+OK User successfully authenticated.\r\n')
  })

  test('closes the connection on XOAUTH2 in one line, and on any line over 512 octets', async () => {
    const port = await start()
    for (const line of [
      `AUTH XOAUTH2 ${responseOf('short')}`,
      `AUTH XOAUTH2 ${responseOf(TOKEN)}`,
      `NOOP ${'x'.repeat(506)}`,
    ]) {
      const client = await WireClient.connect(port)
      expect(await client.ask(line)).toBe(PROTOCOL_ERROR)
      client.end()
      await client.closed()
    }
    const client = await WireClient.connect(port)
    expect(await client.ask(`NOOP ${'x'.repeat(505)}`)).not.toBe(PROTOCOL_ERROR)
  })

  test('has one text for every refused login: wrong token, unknown user, any password', async () => {
    const port = await start()
    const client = await WireClient.connect(port)
    for (const response of [responseOf('wrong'), responseOf(TOKEN, 'nobody'), 'nonsense']) {
      await client.ask('AUTH XOAUTH2')
      expect(await client.ask(response)).toBe(REFUSED)
    }
    await client.ask('USER help')
    expect(await client.ask('PASS secret')).toBe(REFUSED)
    await client.ask('AUTH PLAIN')
    expect(await client.ask(Buffer.from('\0help\0secret').toString('base64'))).toBe(REFUSED)
  })

  test('estimates sizes: they are as they are for no message, in STAT and LIST', async () => {
    const client = await logIn(await start())
    const list = (await client.askMany('LIST')).match(/^\d+ \d+$/gm)?.map((line) => Number(line.split(' ')[1])) ?? []
    expect(list.map((size, index) => size === octetsOf(['one', 'two', 'three'][index] ?? '').length)).toEqual([
      ...[false, false, false],
    ])
    expect(await client.ask('STAT')).toBe(`+OK 3 ${list.reduce((sum, size) => sum + size, 0)}\r\n`)
  })
})

describe('what it does only now and then', () => {
  const outcomes = async (seed: number) => {
    const port = await start({ manners: [unavailable({ seed, atLogon: 0.5, whileFetching: 0.5, hangsUp: 0.5 })] })
    const heard: string[] = []
    for (let session = 0; session < 8; session++) {
      const client = await logIn(port)
      const login = client.received
      const retr = login.startsWith('+OK') ? await client.askMany('RETR 1') : ''
      heard.push(login.slice(0, 4) + retr.slice(0, 4))
      if (retr === UNAVAILABLE || login === UNAVAILABLE) continue
      client.destroy()
    }
    await sandbox.close()
    return heard
  }

  test('being unavailable happens at the same commands for the same seed', async () => {
    const first = await outcomes(7)
    expect(await outcomes(7)).toEqual(first)
    expect(new Set(first)).toEqual(new Set(['-ERR', '+OK +OK\r', '+OK -ERR']))
    expect(await outcomes(8)).not.toEqual(first)
  })

  test('hanging up after it', async () => {
    const client = await logIn(await start({ manners: [unavailable({ seed: 1, whileFetching: 1, hangsUp: 1 })] }))
    expect(await client.ask('RETR 1')).toBe(UNAVAILABLE)
    client.end()
    await client.closed()
  })

  const withManner = async (manner: Manner) => logIn(await start({ manners: [manner] }))

  test('failing to convert a message: by -ERR, or by a notice in its place, to TOP as to RETR', async () => {
    const refusing = await withManner(refuseConversion(['two']))
    expect(await refusing.askMany('RETR 2')).toMatch(/^-ERR/)
    expect(await refusing.askMany('TOP 2 0')).toMatch(/^-ERR/)
    expect(await refusing.askMany('RETR 1')).toMatch(/^\+OK/)
    await sandbox.close()
    const substituting = await withManner(substitute(['two']))
    const subject = /^Subject: Retrieval using the POP3 protocol failed for the following message:/m
    expect(await substituting.askMany('RETR 2')).toMatch(subject)
    expect(await substituting.askMany('TOP 2 0')).toMatch(subject)
    expect(await substituting.askMany('RETR 1')).not.toMatch(subject)
    expect(sandbox.mailbox('help').messages()).toHaveLength(3)
  })

  test('a move of the mailbox, that makes all unique-ids anew, and keeps them until the next', async () => {
    const client = await withManner(moved(1))
    const before = await client.askMany('UIDL')
    expect(await (await logIn(sandbox.port)).askMany('UIDL')).toBe(before)
    sandbox.behave([moved(2)])
    const after = await (await logIn(sandbox.port)).askMany('UIDL')
    expect(after).not.toBe(before)
    expect(after.match(/^\d [!-~]{1,70}$/gm)).toHaveLength(3)
  })

  test('a logon that takes its time', async () => {
    const startedAt = performance.now()
    await withManner(slowLogon(30))
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(30)
  })
})
