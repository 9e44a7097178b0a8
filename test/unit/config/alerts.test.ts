import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../../src/config.ts'

const MAILBOX = { MAILBOX_A_B_URL: 'pop3s://a@pop.example.com', MAILBOX_A_B_PASSWORD: 'secret' }
const SMTP = { MAILBOX_A_B_SMTP_URL: 'smtps://mail.example.com' }
const MAIL_TO = { MAILCHUTE_ALERT_MAIL_TO: 'a@ops.example, b@ops.example' }
const FROM = { MAILCHUTE_ALERT_MAIL_FROM_MAILBOX: 'A_B' }
const HOOK = { MAILCHUTE_ALERT_WEBHOOK_URL: 'https://hooks.example/canary' }

const read = (env: Record<string, string>) => readConfig({ ...MAILBOX, ...env }, '/nonexistent').alerts

function problemsOf(env: Record<string, string>): string[] {
  try {
    read(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ setting, problem }) => `${setting}: ${problem}`)
    throw error
  }
  return []
}

describe('whom to tell', () => {
  test('nobody, unless it is set', () => {
    expect(read({})).toEqual({ pollMinutes: 30, tell: null })
  })

  test('a webhook, or addresses by the SMTP server of a mailbox', () => {
    expect(read({ ...HOOK, MAILCHUTE_ALERT_POLL_MINUTES: '90' })).toEqual({
      pollMinutes: 90,
      tell: { kind: 'webhook', url: 'https://hooks.example/canary' },
    })
    expect(read({ ...SMTP, ...MAIL_TO, ...FROM }).tell).toEqual({
      kind: 'mail',
      to: ['a@ops.example', 'b@ops.example'],
      fromMailbox: 'a-b',
    })
  })

  test.each([
    [{ ...HOOK, ...SMTP, ...MAIL_TO, ...FROM }, 'MAILCHUTE_ALERT_MAIL_TO: MAILCHUTE_ALERT_WEBHOOK_URL is set too'],
    [{ MAILCHUTE_ALERT_WEBHOOK_URL: 'canary' }, 'MAILCHUTE_ALERT_WEBHOOK_URL: it is no URL'],
    [{ MAILCHUTE_ALERT_WEBHOOK_URL: 'file:///canary' }, 'MAILCHUTE_ALERT_WEBHOOK_URL: it is no URL'],
    [{ ...MAIL_TO, ...SMTP }, 'MAILCHUTE_ALERT_MAIL_FROM_MAILBOX: it names no mailbox that can send mail'],
    [{ ...MAIL_TO, ...FROM }, 'MAILCHUTE_ALERT_MAIL_FROM_MAILBOX: it names no mailbox that can send mail'],
    [{ ...SMTP, ...FROM, MAILCHUTE_ALERT_MAIL_TO: 'a@b, c' }, 'MAILCHUTE_ALERT_MAIL_TO: not all of it are addresses'],
    [{ MAILCHUTE_ALERT_POLL_MINUTES: '0' }, "MAILCHUTE_ALERT_POLL_MINUTES: '0' is no number of minutes"],
  ])('%o is a problem, and no secret is in it', (env, problem) => {
    expect(problemsOf(env)).toEqual([problem])
  })
})
