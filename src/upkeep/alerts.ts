/** What an operator is told of, once when it begins and once when it is over. docs/operate.md has the same list. */
import type { MailboxConfig } from '../config.ts'
import type { Condition, Looked } from '../store/alerts.ts'
import type { Figures } from '../store/figures.ts'
import type { LoginState } from '../store/logins.ts'
import { type Mailbox, OPERATOR } from '../store/mailboxes.ts'
import type { Store } from '../store/store.ts'
import { livesOf } from './expiry.ts'

export interface Advice {
  /** What it is, of a mailbox after its name. */
  readonly says: string
  readonly hint: string
  /** Of the console: where to look. */
  readonly page: string
}

export const ALERTS = {
  'mailbox/paused': {
    says: 'is paused',
    hint: 'mend its credentials: `mailchute mailbox test NAME` says what is wrong',
    page: '/',
  },
  'mailbox/stands-still': {
    says: 'had no good poll for long',
    hint: '`mailchute doctor` says why; check that a worker with the role poll runs',
    page: '/',
  },
  'credentials/end-soon': {
    says: 'has credentials that end within two weeks',
    hint: 'make a new client secret, or log in again: `mailchute mailbox login NAME`',
    page: '/',
  },
  'credentials/end-now': {
    says: 'has credentials that end within three days',
    hint: 'make a new client secret, or log in again: `mailchute mailbox login NAME`; without them it stands still',
    page: '/',
  },
  'messages/waiting': {
    says: 'Stored messages wait for long',
    hint: 'check that a worker with the role work runs, and that the queue answers: `mailchute doctor`',
    page: '/messages?state=received',
  },
  'messages/quarantined': {
    says: 'Messages need a person for an hour',
    hint: '`mailchute messages --state quarantined`, then `messages show ID`',
    page: '/quarantine',
  },
  'messages/looping': {
    says: 'Two machines write to each other; their mails are held',
    hint: 'end it where it comes from: `mailchute messages --state quarantined`',
    page: '/quarantine',
  },
  'outbox/failing': {
    says: 'Mail or webhooks cannot be sent',
    hint: 'the log has the codes (mail.failed); the outbox page of the console has the rows',
    page: '/outbox',
  },
  'audit/not-sealed': {
    says: 'Events are not sealed for long',
    hint: 'check that a worker with the role work runs, and its log for audit.failed and audit.waiting',
    page: '/',
  },
  'audit/unbalanced': {
    says: 'Polls of the last day have a remainder',
    hint: '`mailchute audit balance` says what is not accounted for; please report it',
    page: '/polls',
  },
} as const satisfies Record<string, Advice>

export type AlertCode = keyof typeof ALERTS

const MINUTE = 60
const WAITING_SECONDS = 15 * MINUTE
const QUARANTINED_SECONDS = 60 * MINUTE
const OUTBOX_SECONDS = 60 * MINUTE
const UNSEALED_SECONDS = 10 * MINUTE
const SOON_DAYS = 14
const NOW_DAYS = 3
/** An open alert that nobody looks for any more: its mailbox was taken out of the settings. */
const FORGOTTEN_SECONDS = 60 * MINUTE

/** Of the mailboxes that are set here; others belong to other processes. */
export async function lookForAlerts(
  store: Store,
  mailboxes: readonly MailboxConfig[],
  standStillMinutes: number,
  now: Date,
): Promise<void> {
  const [figures, rows, logins] = await Promise.all([store.figures(), store.mailboxes.all(), store.logins.all()])
  const seen = conditionsOf(figures)
  for (const mailbox of mailboxes) {
    const row = rows.find(({ name }) => name === mailbox.name)
    if (row === undefined) continue
    const login = logins.find(({ mailboxId }) => mailboxId === row.id) ?? null
    seen.push(...standing(row, standStillMinutes, now), ...credentials(mailbox, login, now))
  }
  const forgottenBefore = new Date(now.getTime() - FORGOTTEN_SECONDS * 1000)
  await store.alerts.note(seen, lookedFor(mailboxes), now, forgottenBefore)
}

function lookedFor(mailboxes: readonly MailboxConfig[]): Looked {
  const names = mailboxes.map(({ name }) => name)
  const subjects = names.flatMap((name) => [name, ...CREDENTIALS.map((what) => `${name} ${what}`)])
  return { codes: Object.keys(ALERTS), subjects: ['', ...subjects] }
}

const CREDENTIALS = ['refresh-token', 'client-secret'] as const

const condition = (code: AlertCode, subject: string, detail: Condition['detail']): Condition => ({
  code,
  subject,
  detail,
})

function conditionsOf(figures: Figures): Condition[] {
  const minutes = (seconds: number) => Math.floor(seconds / MINUTE)
  const found: [boolean, AlertCode, Condition['detail']][] = [
    [
      figures.oldestWaitingSeconds > WAITING_SECONDS,
      'messages/waiting',
      { messages: figures.waiting, minutes: minutes(figures.oldestWaitingSeconds) },
    ],
    [
      figures.oldestQuarantinedSeconds > QUARANTINED_SECONDS,
      'messages/quarantined',
      { messages: figures.quarantined, minutes: minutes(figures.oldestQuarantinedSeconds) },
    ],
    [figures.looping > 0, 'messages/looping', { messages: figures.looping }],
    [
      figures.outboxFailedLately > 0 || figures.oldestOutboxSeconds > OUTBOX_SECONDS,
      'outbox/failing',
      { failed: figures.outboxFailedLately, waiting: figures.outboxWaiting },
    ],
    [figures.sealLagSeconds > UNSEALED_SECONDS, 'audit/not-sealed', { minutes: minutes(figures.sealLagSeconds) }],
    [figures.unbalancedPolls > 0, 'audit/unbalanced', { polls: figures.unbalancedPolls }],
  ]
  return found.filter(([isThere]) => isThere).map(([, code, detail]) => condition(code, '', detail))
}

function standing({ name, pausedReason, lastGoodPollAt, createdAt }: Mailbox, minutes: number, now: Date): Condition[] {
  if (pausedReason === OPERATOR) return []
  const still = Math.floor((now.getTime() - (lastGoodPollAt ?? createdAt).getTime()) / 1000 / MINUTE)
  const standsStill = still >= minutes ? [condition('mailbox/stands-still', name, { minutes: still })] : []
  if (pausedReason === null) return standsStill
  return [condition('mailbox/paused', name, { reason: pausedReason }), ...standsStill.map(onlyLasting)]
}

function credentials(mailbox: MailboxConfig, login: LoginState | null, now: Date): Condition[] {
  return livesOf(mailbox, login, now)
    .filter(({ daysLeft }) => daysLeft < SOON_DAYS)
    .flatMap(({ what, daysLeft }) => {
      const subject = `${mailbox.name} ${what}`
      const soon = condition('credentials/end-soon', subject, { daysLeft })
      if (daysLeft >= NOW_DAYS) return [soon]
      return [condition('credentials/end-now', subject, { daysLeft }), onlyLasting(soon)]
    })
}

const onlyLasting = (lasting: Condition): Condition => ({ ...lasting, onlyLasts: true })
