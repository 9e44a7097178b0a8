import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { ConfigError, type MailboxConfig, readConfig } from '../../../src/config.ts'

const NOWHERE = `${tmpdir()}/there-is-no-such-folder`
const MAILBOX = { MAILBOX_A_URL: 'pop3s://support%40example.com@pop.example.com', MAILBOX_A_PASSWORD: 'secret' }
const EXCHANGE = { MAILBOX_A_URL: 'outlook://support@contoso.example', MAILBOX_A_OAUTH_CLIENT_ID: 'id' }

function read(env: Record<string, string>): MailboxConfig {
  const [found] = readConfig(env, NOWHERE).mailboxes
  if (found === undefined) throw new Error('no mailbox')
  return found
}

function problemsOf(env: Record<string, string>) {
  try {
    read(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the way out for mail', () => {
  test('is none unless it is set, and nothing is acknowledged', () => {
    expect(read(MAILBOX)).toMatchObject({ smtp: null, acknowledge: null })
  })

  test('uses user and password of the mailbox unless it has its own', () => {
    const smtp = { MAILBOX_A_SMTP_URL: 'smtp+starttls://mail.example.com' }
    expect(read({ ...MAILBOX, ...smtp }).smtp).toMatchObject({
      host: 'mail.example.com',
      port: 587,
      security: 'starttls',
      user: 'support@example.com',
      credentials: { kind: 'password', password: 'secret' },
      envelope: 'auto',
    })
    const own = {
      MAILBOX_A_SMTP_URL: 'smtps://out%40example.com@mail.example.com?envelope=own',
      MAILBOX_A_SMTP_PASSWORD: 'p',
    }
    expect(read({ ...MAILBOX, ...own }).smtp).toMatchObject({
      port: 465,
      security: 'tls',
      user: 'out@example.com',
      credentials: { kind: 'password', password: 'p' },
      envelope: 'own',
    })
  })

  test("is Microsoft's for a mailbox there: one for organisations, one for persons", () => {
    expect(read(EXCHANGE).smtp).toMatchObject({ host: 'smtp.office365.com', security: 'starttls' })
    const person = { ...EXCHANGE, MAILBOX_A_URL: 'outlook://anna@outlook.com' }
    expect(read(person).smtp).toMatchObject({ host: 'smtp-mail.outlook.com', credentials: { kind: 'oauth' } })
  })

  test.each([
    ['smtp://mail.example.com', 'without TLS'],
    ['smtpss://mail.example.com', 'no SMTP URL'],
    ['smtps://u:pw@mail.example.com', 'holds a password'],
    ['smtps://100%@mail.example.com', 'percent-encoded'],
    ['smtp://127.0.0.1.evil.example', 'without TLS'],
    ['smtps://mail.example.com:0', 'host or port'],
    ['smtps://mail.example.com?envelop=own', "no option 'envelop'"],
    ['smtps://mail.example.com?envelope=none', 'envelope is unknown'],
  ])('%s is refused', (url, problem) => {
    expect(problemsOf({ ...MAILBOX, MAILBOX_A_SMTP_URL: url })).toMatchObject([
      { setting: 'MAILBOX_A_SMTP_URL', problem: expect.stringContaining(problem) },
    ])
  })
})

describe('acknowledging', () => {
  const ON = { ...EXCHANGE, MAILBOX_A_ACKNOWLEDGE: 'on' }

  test('is on when it is switched on, with bounds', () => {
    expect(read(ON).acknowledge).toEqual({
      from: { name: '', address: 'support@contoso.example' },
      perSenderAndHour: 3,
      hasPlusAddress: false,
      templatesDir: null,
      language: 'en',
    })
    const from = { MAILBOX_A_ACKNOWLEDGE_FROM: 'Contoso Support <help@contoso.example>' }
    expect(read({ ...ON, ...from }).acknowledge?.from).toEqual({
      name: 'Contoso Support',
      address: 'help@contoso.example',
    })
  })

  test.each([
    [{ MAILBOX_A_ACKNOWLEDGE: 'yes' }, 'MAILBOX_A_ACKNOWLEDGE', 'not a choice'],
    [{ MAILBOX_A_ACKNOWLEDGE_PLUS_ADDRESS: 'yes' }, 'MAILBOX_A_ACKNOWLEDGE_PLUS_ADDRESS', 'not a choice'],
    [{ MAILBOX_A_ACKNOWLEDGE_FROM: 'nobody' }, 'MAILBOX_A_ACKNOWLEDGE_FROM', 'no address'],
    [{ MAILBOX_A_ACKNOWLEDGE_FROM: 'a <a@b.example>\r\nBcc: c@d.example' }, 'MAILBOX_A_ACKNOWLEDGE_FROM', 'no address'],
    [{ MAILBOX_A_ACKNOWLEDGE_PER_HOUR: '0' }, 'MAILBOX_A_ACKNOWLEDGE_PER_HOUR', 'no number'],
    [{ MAILBOX_A_ACKNOWLEDGE_LANGUAGE: 'german' }, 'MAILBOX_A_ACKNOWLEDGE_LANGUAGE', 'no language'],
  ])('%j is refused', (settings, setting, problem) => {
    expect(problemsOf({ ...ON, ...settings })).toMatchObject([{ setting, problem: expect.stringContaining(problem) }])
  })

  test('needs a way out', () => {
    expect(problemsOf({ ...MAILBOX, MAILBOX_A_ACKNOWLEDGE: 'on' })).toMatchObject([
      { setting: 'MAILBOX_A_ACKNOWLEDGE', hint: expect.stringContaining('MAILBOX_A_SMTP_URL') },
    ])
  })
})
