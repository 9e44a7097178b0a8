import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { settingsOf } from '../../src/config/names.ts'
import { type Config, ConfigError, readConfig } from '../../src/config.ts'

const SECRET = 'geheim-4711'
const MAILBOX = { MAILBOX_SUPPORT_URL: 'pop3s://support@pop.example.com', MAILBOX_SUPPORT_PASSWORD: SECRET }

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'mailchute-config-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

function read(env: NodeJS.ProcessEnv): Config {
  return readConfig(env, cwd)
}

function problemsOf(env: NodeJS.ProcessEnv) {
  try {
    read(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

function withUrl(url: string) {
  return { ...MAILBOX, MAILBOX_SUPPORT_URL: url }
}

function mailbox(url: string) {
  const [found] = read(withUrl(url)).mailboxes
  if (!found) throw new Error('no mailbox')
  return found
}

describe('defaults', () => {
  test('with nothing set it is the embedded database, its queue, and no mailbox', () => {
    expect(read({})).toEqual({
      databaseUrl: null,
      redisUrl: null,
      dataDir: path.join(cwd, 'data'),
      migrate: true,
      logLevel: 'info',
      secretKey: null,
      oldSecretKey: null,
      http: { host: '127.0.0.1', port: 8025 },
      consoleToken: null,
      auditorToken: null,
      consoleUrl: null,
      oidc: null,
      rulesFile: null,
      dns: { servers: [] },
      similarPerHour: 30,
      webhooks: [],
      alerts: { pollMinutes: 30, tell: null },
      mailboxes: [],
    })
  })

  test('an empty value is as good as none', () => {
    expect(read({ DATABASE_URL: '', REDIS_URL: ' ', HTTP_PORT: '' })).toEqual(read({}))
  })

  test('a mailbox is one URL and a password', () => {
    expect(read(MAILBOX).mailboxes).toEqual([
      {
        name: 'support',
        url: 'pop3s://support@pop.example.com',
        protocol: 'pop3',
        source: 'pop3 pop.example.com',
        host: 'pop.example.com',
        port: 995,
        security: 'tls',
        user: 'support',
        folder: 'INBOX',
        isMicrosoft: false,
        endpoint: null,
        moveTo: null,
        credentials: { kind: 'password', password: SECRET },
        smtp: null,
        acknowledge: null,
        policy: { strangers: 'link', reopenDays: 30, authservIds: [], receivedBy: [], controlHeaders: false },
        retention: { rawSeconds: null, contentSeconds: null },
        ca: null,
        schedule: expect.stringMatching(/^[1-5]?\d \* \* \* \* \*$/),
        deleteAfterSeconds: 0,
        maxMessageBytes: 167_772_160,
      },
    ])
  })

  test('mailboxes are polled at seconds of their own, the same at every start', () => {
    const env = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        [`MAILBOX_BOX_${index}_URL`, `pop3s://user${index}@example.com`],
        [`MAILBOX_BOX_${index}_PASSWORD`, SECRET],
      ]).flat(),
    )
    const schedules = () => read(env).mailboxes.map((found) => found.schedule)
    expect(new Set(schedules()).size).toBeGreaterThan(8)
    expect(schedules()).toEqual(schedules())
  })
})

describe('the URL of a mailbox', () => {
  test.each([
    ['pop3s://u@h.example', { security: 'tls', port: 995, host: 'h.example', user: 'u' }],
    ['POP3S://u@H.Example:1995', { security: 'tls', port: 1995, host: 'h.example' }],
    ['pop3+stls://u@h.example', { security: 'stls', port: 110 }],
    ['pop3://u@127.3.2.1', { security: 'plain', port: 110, host: '127.3.2.1' }],
    ['pop3://u@localhost:2110', { security: 'plain', port: 2110 }],
    ['pop3://u@[::1]:2110', { security: 'plain', port: 2110, host: '::1', url: 'pop3://u@[::1]:2110' }],
    ['pop3s://a%40b.example@h.example/', { user: 'a@b.example', url: 'pop3s://a%40b.example@h.example' }],
    ['pop3s://a@b.example@h.example', { user: 'a@b.example', host: 'h.example' }],
  ])('%s', (url, expected) => {
    expect(mailbox(url)).toMatchObject(expected)
  })

  test('outlook://address is POP3S to Microsoft with OAuth', () => {
    const env = { MAILBOX_A_URL: 'outlook://support@example.com', MAILBOX_A_ACCESS_TOKEN: SECRET }
    expect(read(env).mailboxes[0]).toMatchObject({
      host: 'outlook.office365.com',
      port: 995,
      security: 'tls',
      user: 'support@example.com',
      credentials: { kind: 'access-token', token: SECRET },
      url: 'outlook://support@example.com',
    })
  })

  test.each([
    ['pop.example.com', 'no mailbox URL', 'pop3s://user@host'],
    ['pop3s://pop.example.com', 'names no user', 'user@host'],
    ['pop3s://u@', 'names no user', 'user@host'],
    ['pop3s://u@h.example:99999', 'host or port', 'user@host:port'],
    ['pop3s://u@h.example/INBOX', 'path', 'no folders'],
    ['pop3s://100%@h.example', 'percent-encoded', '%25'],
    ['pop3://u@h.example', 'without TLS', 'pop3s://'],
    ['pop3://u@127.evil.example', 'without TLS', 'pop3s://'],
    ['pop3ss://u@h.example', 'no kind of mailbox', 'did you mean pop3s?'],
    ['imaps://u@h.example/100%', 'folder is not percent-encoded', '%25'],
    ['imap://u@h.example', 'without TLS', 'imaps://'],
    ['graph://u@h.example/Inbox', 'path', 'no folders'],
    ['graph://nobody', 'no address', 'graph://support@example.com'],
    ['outlook://nobody', 'no address', 'outlook://support@example.com'],
    [`pop3s://u:${SECRET}@h.example`, 'holds a password', 'MAILBOX_SUPPORT_PASSWORD'],
    ['pop3s://u@h.example?schedul=* * * * *', "no option 'schedul'", 'did you mean schedule?'],
    [`pop3s://u@h.example?password=${SECRET}`, "no option 'password'", 'never in the URL'],
    ['pop3s://u@h.example?schedule=often', 'no cron expression', 'six fields'],
    ['pop3s://u@h.example?schedule=61 * * * * *', 'no cron expression', 'six fields'],
    ['pop3s://u@h.example?deleteAfter=soon', 'no duration', '36h'],
    ['pop3s://u@h.example?deleteAfter=0&deleteAfter=7d', 'twice', 'keep one'],
    ['pop3s://u@h.example?maxMessageBytes=10MB', 'no number of octets', 'digits only'],
    ['pop3s://u@h.example?maxMessageBytes=0', 'no number of octets', 'digits only'],
    ['pop3s://u@h.example?auth=oath', "'oath' is unknown", 'did you mean oauth?'],
    ['pop3s://u@h.example?ca=missing.pem', 'cannot be read (ENOENT)', 'check the path'],
  ])('%s is refused, with what to do', (url, problem, hint) => {
    const problems = problemsOf(withUrl(url))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({
      setting: 'MAILBOX_SUPPORT_URL',
      problem: expect.stringContaining(problem),
      hint: expect.stringContaining(hint),
    })
  })

  test.each([
    ['deleteAfter=0', { deleteAfterSeconds: 0 }],
    ['deleteAfter=30m', { deleteAfterSeconds: 1_800 }],
    ['deleteAfter=36h', { deleteAfterSeconds: 129_600 }],
    ['deleteAfter=7d', { deleteAfterSeconds: 604_800 }],
    ['deleteAfter=never', { deleteAfterSeconds: null }],
    ['maxMessageBytes=1048576', { maxMessageBytes: 1_048_576 }],
    ['schedule=*/10 * * * * *', { schedule: '*/10 * * * * *' }],
    ['schedule=*/10+*+*+*+*+*', { schedule: '*/10 * * * * *' }],
    ['schedule=%2A/10%20*%20*%20*%20*%20*&deleteAfter=7d', { schedule: '*/10 * * * * *', deleteAfterSeconds: 604_800 }],
  ])('option %s', (query, expected) => {
    expect(mailbox(`pop3s://u@h.example?${query}`)).toMatchObject(expected)
  })

  test('a file of ca must hold certificates', () => {
    writeFileSync(path.join(cwd, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    expect(problemsOf(withUrl('pop3s://u@h.example?ca=ca.pem'))).toMatchObject([
      { problem: 'the file of ca holds no certificate' },
    ])
  })

  test('the same mailbox twice would be polled against itself', () => {
    const twin = { MAILBOX_TWIN_URL: 'pop3+stls://support@POP.example.com', MAILBOX_TWIN_PASSWORD: SECRET }
    expect(problemsOf({ ...MAILBOX, ...twin })).toMatchObject([
      { setting: 'MAILBOX_TWIN_URL', problem: 'it is the same mailbox as MAILBOX_SUPPORT_URL' },
    ])
  })

  test('Exchange and Graph are two doors of one mailbox', () => {
    const urls = { MAILBOX_A_URL: 'outlook://help@contoso.example', MAILBOX_B_URL: 'graph://Help@contoso.example' }
    const clients = { MAILBOX_A_OAUTH_CLIENT_ID: 'id', MAILBOX_B_OAUTH_CLIENT_ID: 'id' }
    expect(problemsOf({ ...urls, ...clients })).toMatchObject([
      { setting: 'MAILBOX_B_URL', problem: 'it is the same mailbox as MAILBOX_A_URL' },
    ])
  })

  test('two folders of one IMAP mailbox are two mailboxes', () => {
    const urls = { MAILBOX_SUPPORT_URL: 'imaps://u@h.example', MAILBOX_TWIN_URL: 'imaps://u@h.example/Junk%20Email' }
    expect(read({ ...MAILBOX, ...urls, MAILBOX_TWIN_PASSWORD: SECRET }).mailboxes).toHaveLength(2)
    expect(problemsOf({ ...MAILBOX, ...urls, MAILBOX_TWIN_URL: 'imaps://u@h.example/inbox' })).not.toEqual([])
  })

  test('two servers on this machine may have the same user', () => {
    const urls = { MAILBOX_SUPPORT_URL: 'pop3://u@127.0.0.1:2110', MAILBOX_TWIN_URL: 'pop3://u@127.0.0.1:2111' }
    expect(read({ ...MAILBOX, ...urls, MAILBOX_TWIN_PASSWORD: SECRET }).mailboxes).toHaveLength(2)
  })
})

describe('logins', () => {
  test.each([
    [{ MAILBOX_SUPPORT_PASSWORD: '' }, 'MAILBOX_SUPPORT_PASSWORD', 'it is not set'],
    [{ MAILBOX_SUPPORT_ACCESS_TOKEN: 'token' }, 'MAILBOX_SUPPORT_URL', 'there are a password and an access token'],
    [{ MAILBOX_SUPPORT_URL: 'outlook://a@b.example' }, 'MAILBOX_SUPPORT_PASSWORD', 'this mailbox logs in with OAuth'],
    [{ MAILBOX_SUPPORT_OAUTH_CLIENT_ID: 'id' }, 'MAILBOX_SUPPORT_URL', 'there are a password and an OAuth client'],
    [{ MAILBOX_SUPPORT_OAUTH_TENANT: 'common' }, 'MAILBOX_SUPPORT_OAUTH_CLIENT_ID', 'it is not set'],
  ])('%j', (settings, setting, problem) => {
    expect(problemsOf({ ...MAILBOX, ...settings })).toMatchObject([{ setting, problem }])
  })

  test('an access token that something else keeps fresh goes before an OAuth client', () => {
    const env = {
      MAILBOX_A_URL: 'pop3s://u@h.example',
      MAILBOX_A_ACCESS_TOKEN: SECRET,
      MAILBOX_A_OAUTH_CLIENT_ID: 'id',
    }
    expect(read(env).mailboxes[0]).toMatchObject({ credentials: { kind: 'access-token', token: SECRET } })
  })
})

describe('settings that belong to no mailbox', () => {
  test.each([
    [{ DATABASE_URL: 'mysql://h/db' }, 'DATABASE_URL', 'no postgresql:// URL'],
    [{ DATABASE_URL: 'localhost' }, 'DATABASE_URL', 'no postgresql:// URL'],
    [{ REDIS_URL: 'http://localhost' }, 'REDIS_URL', 'no redis:// URL'],
    [{ MAILCHUTE_SECRET_KEY: 'c2hvcnQ=' }, 'MAILCHUTE_SECRET_KEY', '32 octets'],
    [{ MAILCHUTE_MIGRATE: 'no' }, 'MAILCHUTE_MIGRATE', "'no' is not a choice"],
    [{ LOG_LEVEL: 'inof' }, 'LOG_LEVEL', "'inof' is not a choice"],
    [{ HTTP_PORT: '80a' }, 'HTTP_PORT', 'no port'],
    [{ HTTP_PORT: '65536' }, 'HTTP_PORT', 'no port'],
    [{ CONSOLE_TOKEN: 'two words' }, 'CONSOLE_TOKEN', 'cannot have'],
  ])('%j is refused', (env, setting, problem) => {
    expect(problemsOf(env)).toMatchObject([{ setting, problem: expect.stringContaining(problem) }])
  })

  test('they are carried when they are right', () => {
    const secretKey = Buffer.alloc(32, 7).toString('base64')
    const env = { MAILCHUTE_SECRET_KEY: secretKey, HTTP_HOST: '0.0.0.0', HTTP_PORT: '0', CONSOLE_TOKEN: 'abc' }
    const more = { MAILCHUTE_MIGRATE: 'off', LOG_LEVEL: 'DEBUG', MAILCHUTE_DATA: '../elsewhere' }
    expect(read({ ...env, ...more, DATABASE_URL: 'postgres://u:p@h/db', REDIS_URL: 'rediss://h' })).toMatchObject({
      secretKey,
      http: { host: '0.0.0.0', port: 0 },
      consoleToken: 'abc',
      migrate: false,
      logLevel: 'debug',
      dataDir: path.resolve(cwd, '..', 'elsewhere'),
      databaseUrl: 'postgres://u:p@h/db',
      redisUrl: 'rediss://h',
    })
  })
})

describe('names', () => {
  test.each([
    ['MAILCHUTE_MIGRATION', 'did you mean MAILCHUTE_MIGRATE?'],
    ['MAILCHUTE_DATA_FILE', 'the nearest there is: MAILCHUTE_DATA;'],
    ['CONSOLE_OIDC_ISUER', 'did you mean CONSOLE_OIDC_ISSUER?'],
    ['MAILBOX_SALES_ULR', 'the nearest there is: MAILBOX_SALES_URL;'],
    ['MAILBOX_URL', 'the nearest there is: '],
    ['MAILBOX_SUPPORT_PASWORD', 'did you mean MAILBOX_SUPPORT_PASSWORD?'],
    ['MAILBOX_SUPPROT_PASSWORD', 'did you mean MAILBOX_SUPPORT_PASSWORD?'],
    ['mailbox_support_password', 'did you mean MAILBOX_SUPPORT_PASSWORD?'],
    ['MAILBOX_ACCOUNTING_PASSWORD', 'set MAILBOX_ACCOUNTING_URL, or remove this setting'],
    ['MAILBOX_SUPPORT_COLOUR_OF_THE_SKY', 'the nearest there is: MAILBOX_'],
  ])('%s is unknown: %s', (name, hint) => {
    expect(problemsOf({ ...MAILBOX, [name]: 'x' })).toMatchObject([
      { setting: name, hint: expect.stringContaining(hint) },
    ])
  })

  test('names of other programs are none of our business', () => {
    expect(problemsOf({ MAIL: '/var/mail', MAILER_DSN: 'x', LOGNAME: 'me', HTTP_PROXY: 'http://p' })).toEqual([])
  })

  test('nobody switches off the check of certificates, which the authority of a login would go without', () => {
    expect(problemsOf({ ...MAILBOX, NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatchObject([
      { setting: 'NODE_TLS_REJECT_UNAUTHORIZED', hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') },
    ])
    expect(problemsOf({ ...MAILBOX, NODE_TLS_REJECT_UNAUTHORIZED: '1' })).toEqual([])
  })

  test('.env.example is understood, names every setting, and sets none', () => {
    const example = readFileSync(path.join(import.meta.dirname, '../../.env.example'), 'utf8')
    writeFileSync(path.join(cwd, '.env'), example)
    expect(read({})).toEqual(read({ PATH: '/bin' }))
    const commented = [...example.matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(([, name]) => name)
    expect(commented).toEqual(expect.arrayContaining(['DATABASE_URL', 'HTTP_PORT', 'MAILBOX_SUPPORT_URL', 'LOG_LEVEL']))
    expect(problemsOf(Object.fromEntries(commented.map((name) => [name, ''])))).toEqual([])
    const suffixes = new Set(commented.map((name) => name?.replace(/^MAILBOX_(SUPPORT|SALES)_|_FILE$/g, '')))
    const mailboxSettings = settingsOf('X').map((name) => name.replace(/^MAILBOX_X_|_FILE$/g, ''))
    expect(mailboxSettings.filter((suffix) => !suffixes.has(suffix))).toEqual([])
  })
})

describe('secrets from files', () => {
  test('NAME_FILE stands for every secret, without the last line end', () => {
    writeFileSync(path.join(cwd, 'secret'), `${SECRET}\n`)
    const { MAILBOX_SUPPORT_URL } = MAILBOX
    const [found] = read({ MAILBOX_SUPPORT_URL, MAILBOX_SUPPORT_PASSWORD_FILE: 'secret' }).mailboxes
    expect(found?.credentials).toEqual({ kind: 'password', password: SECRET })
    expect(read({ CONSOLE_TOKEN_FILE: path.join(cwd, 'secret') }).consoleToken).toBe(SECRET)
  })

  test.each([
    [{ CONSOLE_TOKEN_FILE: 'missing' }, 'cannot be read (ENOENT)'],
    [{ CONSOLE_TOKEN_FILE: '.' }, 'cannot be read (EISDIR)'],
    [{ CONSOLE_TOKEN_FILE: 'empty' }, 'empty'],
    [{ CONSOLE_TOKEN_FILE: 'empty', CONSOLE_TOKEN: 'x' }, 'CONSOLE_TOKEN is set too'],
    [{ MAILBOX_SUPPORT_PASSWORD: '', MAILBOX_SUPPORT_PASSWORD_FILE: 'missing' }, 'cannot be read (ENOENT)'],
  ])('%j is a problem, once', (env, problem) => {
    writeFileSync(path.join(cwd, 'empty'), '\n')
    const problems = problemsOf({ ...MAILBOX, ...env })
    expect(problems).toMatchObject([{ setting: expect.stringMatching(/_FILE$/) }])
    expect(problems[0]?.problem).toContain(problem)
  })
})

describe('.env in the working folder', () => {
  test('it counts, and the real environment wins', () => {
    const lines = ['# mine', 'export HTTP_PORT=9000', "CONSOLE_TOKEN='abc' # note", 'LOG_LEVEL="debug"', '']
    writeFileSync(path.join(cwd, '.env'), lines.join('\r\n'))
    expect(read({ HTTP_PORT: '9001' })).toMatchObject({ http: { port: 9001 }, consoleToken: 'abc', logLevel: 'debug' })
  })

  test.each([
    ['HTTP_PORT 9000', 'line 1 is not understood'],
    [`LOG_LEVEL=info\n\n${SECRET}`, 'line 3 is not understood'],
    ['A=1\nLOG_LEVEL="info\nHTTP_PORT=1', 'line 2 is not understood'],
  ])('%j is refused', (text, problem) => {
    writeFileSync(path.join(cwd, '.env'), text)
    expect(problemsOf({})).toMatchObject([{ setting: '.env', problem }])
  })

  test('a file that is not text, and a folder of that name, are refused', () => {
    writeFileSync(path.join(cwd, '.env'), Buffer.from('A=1\n', 'utf16le').fill(0xff, 0, 1))
    expect(problemsOf({})).toMatchObject([{ setting: '.env', problem: 'it is not UTF-8' }])
    rmSync(path.join(cwd, '.env'))
    mkdirSync(path.join(cwd, '.env'))
    expect(problemsOf({})).toMatchObject([{ setting: '.env', problem: 'it cannot be read (EISDIR)' }])
  })

  test('a quoted value may have several lines', () => {
    writeFileSync(path.join(cwd, '.env'), 'OTHER="one\ntwo\nthree"\nHTTP_PORT=9000\n')
    expect(read({}).http.port).toBe(9000)
  })
})

describe('the error', () => {
  test('it lists every problem, one a line, ends with exit code 78, and holds no secret (I9)', () => {
    const env = {
      MAILBOX_SUPPORT_URL: `pop3s://u:${SECRET}@h.example`,
      MAILBOX_SUPPORT_PASSWORD: SECRET,
      DATABASE_URL: `mysql://u:${SECRET}@h/db`,
      REDIS_URL: `http://:${SECRET}@h`,
      MAILCHUTE_SECRET_KEY: SECRET,
      CONSOLE_TOKEN: `${SECRET} with blanks`,
      HTTP_PORT: 'x',
    }
    expect(() => read(env)).toThrow(ConfigError)
    const problems = problemsOf(env)
    const error = new ConfigError(problems)
    expect(problems).toHaveLength(6)
    expect(error.message.split('\n')).toHaveLength(7)
    expect(error).toMatchObject({ code: 'config/invalid', exitCode: 78, context: { problems: 6 } })
    expect(JSON.stringify(problems) + error.message).not.toContain(SECRET)
    for (const { hint } of problems) expect(hint).not.toBe('')
  })
})
