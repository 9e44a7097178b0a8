import { mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Dovecot, startDovecot } from '../support/dovecot.ts'
import { CLIENT_SECRET, type OAuthServer, startOAuthServer } from '../support/oauth-server.ts'
import { startOpenIdProvider } from '../support/openid-provider.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, run, type Settings } from '../support/program.ts'
import { startSmtp } from '../support/smtp-server.ts'

let dovecot: Dovecot
let authority: OAuthServer
let settings: Settings
beforeAll(async () => {
  await buildProgram()
  dovecot = await startDovecot()
  authority = await startOAuthServer({
    user: 'erin',
    accessToken: (user, expires) => dovecot.accessToken(user, expires),
  })
  authority.manners.clientSecret = CLIENT_SECRET
  await dovecot.deliver('erin', [])
  const ca = path.join(await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? '', 'doctor-')), 'ca.pem')
  await writeFile(ca, dovecot.ca)
  settings = {
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    MAILBOX_ERIN_URL: `pop3s://erin@localhost:${dovecot.ports.pop3s}?ca=${ca}&auth=oauth`,
    ...authority.settings('ERIN'),
  }
})
afterAll(async () => {
  await authority[Symbol.asyncDispose]()
  await dovecot[Symbol.asyncDispose]()
})
afterEach(() => {
  authority.manners.clockAheadSeconds = 0
})

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

async function examine(more: Settings) {
  const { code, stdout } = await run(['doctor'], { ...settings, ...more })
  return { code, text: stdout.toString() }
}

describe('doctor of a mailbox that logs in by OAuth', () => {
  test('warns weeks before its secret ends, with what to do, and still ends with 0', async () => {
    const { code, text } = await examine({ MAILBOX_ERIN_OAUTH_CLIENT_SECRET_EXPIRES: inDays(12) })
    expect([code, text]).toEqual([0, expect.not.stringContaining('fault')])
    expect(text).toMatch(/^ok +mailbox erin: login works, 0 messages$/m)
    expect(text).toMatch(/^ok +mailbox erin, clock: .* differ by \d s$/m)
    expect(text).toMatch(/^ok +secret key: set$/m)
    expect(text).toMatch(/^warn +mailbox erin, client secret: 1[12] days left, until .*\n {6}make a new secret .*$/m)
    expect(text).not.toContain(CLIENT_SECRET)
  })

  test('says how long it is good for where that is long, asks where nobody told, and warns of a short token', async () => {
    const tokens = { CONSOLE_TOKEN: '19-characters-canar', CONSOLE_AUDITOR_TOKEN: '20-characters-canary' }
    const told = await examine({ MAILBOX_ERIN_OAUTH_CLIENT_SECRET_EXPIRES: inDays(200), ...tokens })
    expect(told.text).toMatch(/^warn +CONSOLE_TOKEN: .*\n.*openssl rand/m)
    expect([told.code, told.text]).toEqual([0, expect.not.stringMatching(/CONSOLE_AUDITOR_TOKEN:|-canar/)])
    expect(told.text).toMatch(/^ok +mailbox erin, client secret: good for (199|200) days$/m)
    const untold = await examine({})
    expect([untold.code, untold.text]).toEqual([
      0,
      expect.stringMatching(/^hint +mailbox erin: .*\n.*_SECRET_EXPIRES=/m),
    ])
  })

  test('finds a clock that is wrong by ten minutes', async () => {
    authority.manners.clockAheadSeconds = 600
    const { code, text } = await examine({})
    expect([code, text]).toEqual([
      78,
      expect.stringMatching(/^fault +mailbox erin, clock: .*differ by (599|600|601) s/m),
    ])
    expect(text).toContain('(oauth/clock-wrong)')
  })

  test('misses the secret key where a login could not be kept, and an old key that is still set', async () => {
    const missing = await examine({ MAILCHUTE_SECRET_KEY: '' })
    expect([missing.code, missing.text]).toEqual([
      78,
      expect.stringMatching(/^fault secret key: .*\(config\/secret-key-missing\)$/m),
    ])
    const old = await examine({ MAILCHUTE_SECRET_KEY_OLD: Buffer.alloc(32, 8).toString('base64') })
    expect(old.text).toMatch(/^warn +secret key: .*\n.*rotate-key/m)
  })

  test('says that somebody has to log in, and after that how long that is good for', async () => {
    const login = { MAILBOX_ERIN_OAUTH_GRANT: 'login' }
    const before = await examine(login)
    expect([before.code, before.text]).toEqual([
      77,
      expect.stringMatching(/\(oauth\/login-required\)\n.*mailbox login/),
    ])
    const listed = await run(['mailbox', 'list'], { ...settings, ...login })
    expect(listed.stdout.toString()).toMatch(/login\n.*missing: mailbox login/)
  })
})

describe('doctor of a mailbox that acknowledges', () => {
  test('tries the way out and sends nothing, and says what is wrong with it', async () => {
    await using smtp = await startSmtp({ security: 'plain', auth: ['PLAIN'] })
    const out = {
      MAILBOX_ERIN_SMTP_URL: `smtp://erin@127.0.0.1:${smtp.port}`,
      MAILBOX_ERIN_SMTP_PASSWORD: 'smtp-canary',
      MAILBOX_ERIN_ACKNOWLEDGE: 'on',
      MAILBOX_ERIN_ACKNOWLEDGE_FROM: 'help@corp.example',
    }
    const good = await examine(out)
    expect([good.code, good.text]).toEqual([
      0,
      expect.stringMatching(/^ok +mailbox erin, SMTP: .* works; nothing was sent$/m),
    ])
    expect(good.text).toMatch(/^ok +mailbox erin, templates: the built-in ones$/m)
    expect(smtp.mails).toEqual([])
    smtp.manners.login = () => ({ code: 535, text: '5.7.8 no' })
    const bad = await examine({ ...out, MAILBOX_ERIN_ACKNOWLEDGE_TEMPLATES: '/nonexistent' })
    expect(bad.code).not.toBe(0)
    expect(bad.text).toMatch(/^fault mailbox erin, SMTP: .*\n {6}.{20,}$/m)
    expect(bad.text).toMatch(/^fault mailbox erin, templates: /m)
    expect(bad.text).not.toContain('canary')
  })
})

test('doctor of a console that people log in to at an issuer asks it, and says what to register there', async () => {
  const provider = await startOpenIdProvider({ consoleUrl: 'https://mailchute.example.com' })
  const asked: Settings = { ...provider.settings, MAILCHUTE_DNS: 'off' }
  const good = await examine(asked)
  expect(good.text).toMatch(/^ok +console login: localhost:\d+ answers and is the issuer that is set$/m)
  expect(good.text).toMatch(
    /^hint +console login: .*\n +register https:\/\/mailchute\.example\.com\/login\/oidc\/callback /m,
  )
  await provider[Symbol.asyncDispose]()
  const gone = await examine(asked)
  expect(gone.text).toMatch(/^fault console login: localhost:\d+: .*ECONNREFUSED.*\(oidc\/unavailable\)$/m)
  expect([gone.code, gone.text]).toEqual([75, expect.not.stringContaining(asked['CONSOLE_OIDC_CLIENT_SECRET'] ?? '')])
})
