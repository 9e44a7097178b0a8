/** Whom to tell when something needs an operator: MAILCHUTE_ALERT_*. */
import type { AlertsConfig, MailboxConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import type { Problem } from './problem.ts'

const WEBHOOK = 'MAILCHUTE_ALERT_WEBHOOK_URL'
const MAIL_TO = 'MAILCHUTE_ALERT_MAIL_TO'
const MAIL_FROM = 'MAILCHUTE_ALERT_MAIL_FROM_MAILBOX'
const MINUTES = 'MAILCHUTE_ALERT_POLL_MINUTES'

export function readAlerts(settings: Settings, mailboxes: readonly MailboxConfig[], problems: Problem[]): AlertsConfig {
  const pollMinutes = readMinutes(settings, problems)
  const url = settings.secret(WEBHOOK)
  const to = settings.get(MAIL_TO)
  if (url !== undefined && to !== undefined) {
    problems.push({ setting: MAIL_TO, problem: `${WEBHOOK} is set too`, hint: 'set only one of the two' })
  }
  if (url !== undefined) return { pollMinutes, tell: readWebhook(url, problems) }
  if (to !== undefined) return { pollMinutes, tell: readMail(to, settings, mailboxes, problems) }
  return { pollMinutes, tell: null }
}

/** Longer than a restart takes, shorter than anybody waits for an answer. */
const POLL_MINUTES = 30

function readMinutes(settings: Settings, problems: Problem[]): number {
  const written = settings.get(MINUTES) ?? String(POLL_MINUTES)
  if (/^[1-9]\d{0,5}$/.test(written)) return Number(written)
  problems.push({ setting: MINUTES, problem: `'${written}' is no number of minutes`, hint: 'write digits only' })
  return POLL_MINUTES
}

function readWebhook(url: string, problems: Problem[]): AlertsConfig['tell'] {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return { kind: 'webhook', url }
  problems.push({ setting: WEBHOOK, problem: 'it is no URL', hint: 'write https://host/path' })
  return null
}

const ADDRESS = /^[^\s@,<>"]+@[^\s@,<>"]+$/

function readMail(
  written: string,
  settings: Settings,
  mailboxes: readonly MailboxConfig[],
  problems: Problem[],
): AlertsConfig['tell'] {
  const to = written.split(/[\s,]+/).filter(Boolean)
  if (!to.every((address) => ADDRESS.test(address))) {
    problems.push({
      setting: MAIL_TO,
      problem: 'not all of it are addresses',
      hint: 'write a@example.com, b@example.com',
    })
  }
  const name = settings.get(MAIL_FROM)?.toLowerCase().replaceAll('_', '-')
  const mailbox = mailboxes.find((each) => each.name === name)
  if (mailbox?.smtp) return { kind: 'mail', to, fromMailbox: mailbox.name }
  const withSmtp = mailboxes.filter(({ smtp }) => smtp !== null).map((each) => each.name)
  const hint = withSmtp.length > 0 ? `it is one of ${withSmtp.join(', ')}` : 'set MAILBOX_<NAME>_SMTP_URL of one, too'
  problems.push({ setting: MAIL_FROM, problem: 'it names no mailbox that can send mail', hint })
  return null
}
