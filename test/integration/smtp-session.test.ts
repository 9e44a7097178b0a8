import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { SmtpConfig } from '../../src/config.ts'
import { MailchuteError } from '../../src/errors.ts'
import { openSmtp, SMTP_LIMITS, type SmtpSession } from '../../src/outbound/smtp-session.ts'
import { type Certificate, makeCertificate } from '../support/certificate.ts'
import { scriptedServer } from '../support/scripted-server.ts'
import { deadPort, type SmtpOptions, startSmtp, type TestSmtp } from '../support/smtp-server.ts'

const USER = 'support@example.org'
const PASSWORD = 'correct horse battery staple'
const TOKEN = `eyJ0eXAiOiJKV1QifQ.${'x'.repeat(2000)}.signature`
const MAIL = Buffer.from('From: a@example.org\r\nTo: b@example.com\r\nSubject: x\r\n\r\nHello.\r\n.. dots\r\n')
const ENVELOPE = { from: '', to: 'b@example.com' }

let certificate: Certificate
beforeAll(async () => {
  certificate = await makeCertificate('IP:127.0.0.1')
})

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each[Symbol.asyncDispose]()
})

async function server(options: SmtpOptions = {}): Promise<TestSmtp> {
  const smtp = await startSmtp({ certificate, ...options })
  opened.push(smtp)
  return smtp
}

const config = (port: number, over: Partial<SmtpConfig> = {}): SmtpConfig => ({
  url: 'smtp://x',
  host: '127.0.0.1',
  port,
  security: 'starttls',
  user: USER,
  credentials: { kind: 'password', password: PASSWORD },
  ca: certificate.ca,
  envelope: 'auto',
  ...over,
})

async function open(
  smtp: SmtpConfig,
  signal = new AbortController().signal,
  limits = SMTP_LIMITS,
): Promise<SmtpSession> {
  const { credentials } = smtp
  if (credentials?.kind === 'oauth') throw new Error('not here')
  const session = await openSmtp(smtp, credentials, signal, limits)
  opened.push(session)
  return session
}

/** How it fails, with nothing secret in any part of it (I9). */
async function failure(work: Promise<unknown>): Promise<MailchuteError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof MailchuteError)) throw new Error('it did not fail as it should', { cause: error })
  const all = JSON.stringify([error.message, error.hint, error.context, error.stack, error.cause ?? null])
  for (const secret of [PASSWORD, TOKEN, Buffer.from(`\0${USER}\0${PASSWORD}`).toString('base64')]) {
    expect(all).not.toContain(secret)
  }
  return error
}

describe('a session with an SMTP server', () => {
  test.each(['starttls', 'tls'] as const)(
    'sends a batch over one connection, octet for octet, by %s',
    async (security) => {
      const smtp = await server({ security, auth: ['PLAIN', 'LOGIN'] })
      smtp.manners.login = ({ secret }) => (secret === PASSWORD ? null : { code: 535, text: '5.7.8 no' })
      const session = await open(config(smtp.port, { security }))
      for (let count = 0; count < 3; count += 1) await session.send(ENVELOPE, MAIL)
      expect(smtp.mails.map(({ from, to, octets }) => ({ from, to, octets }))).toEqual(
        Array.from({ length: 3 }, () => ({ from: '', to: ['b@example.com'], octets: MAIL })),
      )
      expect([smtp.connections(), smtp.logins.length]).toEqual([1, 1])
    },
  )

  test('goes on after a refused mail (RFC 5321 section 4.1.1.5, RSET)', async () => {
    const smtp = await server({ security: 'plain' })
    smtp.manners.rcptTo = (address) => (address.startsWith('nobody') ? { code: 550, text: '5.1.1 no such user' } : null)
    const session = await open(config(smtp.port, { security: 'plain', credentials: null }))
    const error = await failure(session.send({ from: '', to: 'nobody@example.com' }, MAIL))
    expect(error).toMatchObject({ code: 'outbound/refused', remedy: 'quarantine', context: { step: 'RCPT' } })
    expect(error.message).not.toContain('nobody')
    await session.reset()
    await session.send(ENVELOPE, MAIL)
    expect(smtp.mails).toHaveLength(1)
  })

  test('never sends in clear text where STARTTLS is stripped from the answers (RFC 3207 section 6)', async () => {
    const smtp = await server({ security: 'stripped', auth: ['PLAIN'] })
    expect(await failure(open(config(smtp.port)))).toMatchObject({ code: 'outbound/tls-unavailable' })
    expect([smtp.logins, smtp.mails]).toEqual([[], []])
  })

  test.each(['starttls', 'tls'] as const)('trusts no certificate of an unknown authority, by %s', async (security) => {
    const smtp = await server({ security, auth: ['PLAIN'] })
    expect(await failure(open(config(smtp.port, { security, ca: null })))).toMatchObject({
      code: 'outbound/tls-untrusted',
    })
    expect(smtp.logins).toEqual([])
  })

  test.each(['starttls', 'tls'] as const)('trusts no certificate for another name, by %s', async (security) => {
    const other = await makeCertificate('DNS:elsewhere.example')
    const smtp = await server({ security, certificate: other, auth: ['PLAIN'] })
    const error = await failure(open(config(smtp.port, { security, ca: other.ca })))
    expect(error).toMatchObject({ code: 'outbound/tls-untrusted' })
    expect(smtp.logins).toEqual([])
  })

  test.each(['starttls', 'tls'] as const)('does not speak TLS older than 1.2 (RFC 8996), by %s', async (security) => {
    const smtp = await server({ security, isOldTls: true, auth: ['PLAIN'] })
    expect((await failure(open(config(smtp.port, { security })))).code).toMatch(
      /^outbound\/(connection-lost|protocol-violation)$/,
    )
    expect(smtp.logins).toEqual([])
  })

  test('says where the password is refused, and quotes nothing that was sent', async () => {
    const smtp = await server({ security: 'starttls', auth: ['PLAIN'] })
    smtp.manners.login = ({ secret }) => ({ code: 535, text: `5.7.8 bad password ${secret}` })
    const error = await failure(open(config(smtp.port)))
    expect(error).toMatchObject({ code: 'outbound/credentials-refused', remedy: 'alert', exitCode: 77 })
    expect(error.message).toContain('535 5.7.8')
  })

  test.each([
    ['in base64', (secret: string) => Buffer.from(`\0${USER}\0${secret}`).toString('base64'), 'pw'],
    ['beyond ASCII', (secret: string) => secret, 'pässwörtchen'],
    ['in capitals', (secret: string) => secret.toUpperCase(), 'correct horse'],
  ])('quotes nothing of the password where the server repeats it %s', async (_, repeated, password) => {
    const smtp = await server({ security: 'starttls', auth: ['PLAIN'] })
    smtp.manners.login = ({ secret }) => ({ code: 535, text: `5.7.8 refused: ${repeated(secret)}` })
    const error = await failure(open(config(smtp.port, { credentials: { kind: 'password', password } })))
    expect(error.message).toMatch(/535 5\.7\.8: 535 5\.7\.8 refused: ?\[redacted\]$/)
  })

  test.each([
    [
      '5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled',
      /Set-CASMailbox/,
    ],
    ['5.7.139 Authentication unsuccessful, basic authentication is disabled.', /OAUTH settings/],
    ['5.7.30 Basic authentication is not supported for Client Submission.', /OAUTH settings/],
  ])('knows what Microsoft means by: %s', async (text, hint) => {
    const smtp = await server({ security: 'starttls', auth: ['PLAIN'] })
    smtp.manners.login = () => ({ code: text.startsWith('5.7.30') ? 550 : 535, text })
    expect((await failure(open(config(smtp.port)))).hint).toMatch(hint)
  })

  test('knows Exchange\'s "may not send as this sender" for what it is, though it comes after the octets', async () => {
    const smtp = await server({ security: 'plain' })
    const text = '5.7.60 SMTP; Client does not have permissions to send as this sender'
    smtp.manners.data = () => ({ code: 550, text })
    const session = await open(config(smtp.port, { security: 'plain', credentials: null }))
    expect(await failure(session.send(ENVELOPE, MAIL))).toMatchObject({
      code: 'outbound/sender-refused',
      remedy: 'alert',
    })
  })

  test('tells "not now" from "never" by the first digit (RFC 5321 section 4.2.1)', async () => {
    const smtp = await server({ security: 'plain' })
    smtp.manners.data = () => ({ code: 432, text: '4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded' })
    const session = await open(config(smtp.port, { security: 'plain', credentials: null }))
    const error = await failure(session.send(ENVELOPE, MAIL))
    expect(error).toMatchObject({ code: 'outbound/refused-for-now', remedy: 'retry' })
    expect(error.hint).toContain('30 mails a minute')
  })

  test('logs in by XOAUTH2 with a token of any length, and hears a refusal in either form', async () => {
    const smtp = await server({ security: 'starttls', auth: ['PLAIN', 'XOAUTH2'] })
    smtp.manners.login = ({ method, user, secret }) =>
      method === 'XOAUTH2' && user === USER && secret === TOKEN
        ? null
        : { code: 535, text: '5.7.3 Authentication unsuccessful' }
    const withToken = (token: string) => config(smtp.port, { credentials: { kind: 'access-token', token } })
    const session = await open(withToken(TOKEN))
    await session.send(ENVELOPE, MAIL)
    expect(await failure(open(withToken('expired')))).toMatchObject({ code: 'outbound/token-refused', remedy: 'retry' })
    expect(smtp.mails).toHaveLength(1)
  })

  test('says so where the server offers no login', async () => {
    const smtp = await server({ security: 'starttls' })
    expect(await failure(open(config(smtp.port)))).toMatchObject({ code: 'outbound/auth-unsupported', exitCode: 78 })
  })

  test('fails as unreachable where nobody listens', async () => {
    expect(await failure(open(config(await deadPort())))).toMatchObject({
      code: 'outbound/unreachable',
      remedy: 'retry',
    })
  })

  test('gives up a server that is silent, at any step, within its limits', async () => {
    for (const script of [[], ['220 hello\r\n'], ['220 hello\r\n', '250 ok\r\n']]) {
      await using silent = await scriptedServer(async (peer) => {
        for (const line of script) {
          await peer.send(line)
          await peer.line()
        }
        await peer.gone
      })
      const limits = { connectMs: 30_000, greetingMs: 1_000, replyMs: 1_000, stepMs: 60_000 }
      const attempt = async () => {
        const session = await open(config(silent.port, { security: 'plain', credentials: null }), undefined, limits)
        await session.send(ENVELOPE, MAIL)
      }
      expect(await failure(attempt())).toMatchObject({ code: 'outbound/reply-timeout' })
    }
  })

  test('a connection that is lost before the 250 has sent nothing that is known of', async () => {
    const smtp = await server({ security: 'plain' })
    smtp.manners.losesAnswer = () => true
    const session = await open(config(smtp.port, { security: 'plain', credentials: null }))
    expect(await failure(session.send(ENVELOPE, MAIL))).toMatchObject({
      code: 'outbound/connection-lost',
      remedy: 'retry',
    })
    expect(session.isUsable()).toBe(false)
  })

  test('ends at once when it is told to', async () => {
    const smtp = await server({ security: 'plain' })
    const stop = new AbortController()
    const held = Promise.withResolvers<null>()
    smtp.manners.data = () => {
      stop.abort(new MailchuteError('runtime/shutting-down', 'stop'))
      return held.promise
    }
    const session = await open(config(smtp.port, { security: 'plain', credentials: null }), stop.signal)
    expect(await failure(session.send(ENVELOPE, MAIL))).toMatchObject({ code: 'runtime/shutting-down' })
    held.resolve(null)
  })
})
