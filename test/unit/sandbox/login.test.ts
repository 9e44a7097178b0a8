import { afterEach, describe, expect, test } from 'vitest'
import { reset } from '../../../src/sandbox/manners.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/server.ts'
import { TEST_CERT, TEST_KEY } from './certificate.ts'
import { WireClient } from './wire-client.ts'

let sandbox: Sandbox

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const messages = [{ uniqueId: 'one', octets: Buffer.from('Subject: 1\r\n\r\n\0\xff\xe9\r\n', 'latin1') }]
  const mailboxes = [{ user: 'help', password: 'secret', accessToken: 'ya29.token', messages }]
  sandbox = await startSandbox({ mailboxes, ...options })
  return sandbox
}

afterEach(() => sandbox.close())

describe('login', () => {
  test('AUTH PLAIN is taken in one line and in two (RFC 5034)', async () => {
    const { port } = await start()
    const response = Buffer.from('\0help\0secret').toString('base64')
    const client = await WireClient.connect(port)
    expect(await client.ask('AUTH PLAIN')).toBe('+ \r\n')
    expect(await client.ask(response)).toMatch(/^\+OK/)
    const other = await WireClient.connect(port)
    expect(await other.ask(`AUTH PLAIN ${response}`)).toMatch(/^\+OK/)
  })

  test('AUTH XOAUTH2 is taken in two lines; in one line the connection is closed, as Microsoft does', async () => {
    const { port } = await start()
    const response = Buffer.from('user=help\x01auth=Bearer ya29.token\x01\x01').toString('base64')
    const client = await WireClient.connect(port)
    expect(await client.ask('AUTH XOAUTH2')).toBe('+ \r\n')
    expect(await client.ask(response)).toMatch(/^\+OK/)
    const other = await WireClient.connect(port)
    expect(await other.ask(`AUTH XOAUTH2 ${response}`)).toMatch(/^-ERR/)
    other.end()
    await other.closed()
  })

  test('wrong credentials are refused with [AUTH] (RFC 3206), and none is ever logged', async () => {
    const { port } = await start()
    const client = await WireClient.connect(port)
    const token = Buffer.from('user=help\x01auth=Bearer wrong-token\x01\x01').toString('base64')
    await client.ask('USER help')
    expect(await client.ask('PASS wrong-password')).toMatch(/^-ERR \[AUTH\]/)
    await client.ask('AUTH XOAUTH2')
    expect(await client.ask(token)).toMatch(/^-ERR \[AUTH\]/)
    await client.ask(`AUTH PLAIN ${token}`)
    await client.ask(token)
    const log = JSON.stringify(sandbox.log)
    expect(log).not.toContain('wrong-password')
    expect(log).not.toContain(token)
    expect(sandbox.log.map(({ verb }) => verb)).toEqual(['GREETING', 'USER', 'PASS', 'AUTH', 'AUTH', '?'])
  })

  test('where asked for, a mailbox takes one session at a time (RFC 2449 [IN-USE])', async () => {
    const { port } = await start({ exclusive: true })
    const client = await WireClient.login(port)
    const other = await WireClient.connect(port)
    await other.ask('USER help')
    expect(await other.ask('PASS secret')).toMatch(/^-ERR \[IN-USE\]/)
    await client.ask('QUIT')
    await other.ask('USER help')
    expect(await other.ask('PASS secret')).toMatch(/^\+OK/)
  })
})

describe('TLS', () => {
  const tls = { key: TEST_KEY, cert: TEST_CERT }

  test('implicit TLS serves from the first octet (RFC 8314)', async () => {
    const { port } = await start({ tls: { ...tls, mode: 'implicit' } })
    expect(sandbox.url('help@x.example')).toBe(`pop3s://help%40x.example@127.0.0.1:${port}`)
    const client = await WireClient.connectTls(port)
    await client.ask('USER help')
    expect(await client.ask('PASS secret')).toMatch(/^\+OK/)
    expect(await client.askMany('CAPA')).not.toContain('STLS')
    expect(await client.askMany('RETR 1')).toContain('\0\xff\xe9')
    await client.ask('QUIT')
  })

  test('a client that speaks no TLS is dropped, and the next one is served', async () => {
    const { port } = await start({ tls: { ...tls, mode: 'implicit' } })
    const client = await WireClient.dial(port)
    client.send('USER help')
    await client.closed()
    await sandbox.idle()
    expect((await WireClient.connectTls(port)).received).toMatch(/^\+OK/)
  })

  test('a connection under TLS can be reset', async () => {
    const { port } = await start({ tls: { ...tls, mode: 'implicit' }, manners: [reset({ verb: 'STAT' })] })
    const client = await WireClient.connectTls(port)
    client.send('STAT')
    await client.closed()
    expect(client.error).toBe('ECONNRESET')
  })

  test('STLS changes to TLS and forgets what came before (RFC 2595 section 4)', async () => {
    const { port } = await start({ tls: { ...tls, mode: 'stls' } })
    const client = await WireClient.connect(port)
    expect(await client.askMany('CAPA')).toContain('\r\nSTLS\r\n')
    client.forget()
    client.send('STLS', 'USER injected')
    await client.until((received) => received.includes('begin TLS'))
    await client.startTls()
    expect(await client.askMany('CAPA')).not.toContain('STLS')
    expect(await client.ask('STLS')).toMatch(/^-ERR/)
    await client.ask('USER help')
    expect(await client.ask('PASS secret')).toMatch(/^\+OK/)
    expect(sandbox.log.map(({ argument }) => argument)).not.toContain('injected')
  })
})
