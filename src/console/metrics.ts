/** What a monitor reads, in the text format of Prometheus. Numbers and names of mailboxes only: needs no token. */
import { Gauge, Registry } from 'prom-client'
import type { MailboxConfig } from '../config.ts'
import type { Figures } from '../store/figures.ts'
import type { LoginState } from '../store/logins.ts'
import type { Mailbox } from '../store/mailboxes.ts'
import type { Store } from '../store/store.ts'
import { livesOf } from '../upkeep/expiry.ts'

/** Of the mailboxes that are set here; others belong to other processes. */
export async function metricsOf(store: Store, mailboxes: readonly MailboxConfig[], now: Date): Promise<string> {
  const [figures, rows, logins] = await Promise.all([store.figures(), store.mailboxes.all(), store.logins.all()])
  const registry = new Registry()
  messageMetrics(registry, figures)
  const known = mailboxes.flatMap((mailbox) => rows.find(({ name }) => name === mailbox.name) ?? [])
  mailboxMetrics(registry, known, now)
  const lives = (mailbox: MailboxConfig) => livesOf(mailbox, loginOf(mailbox, known, logins), now)
  credentialMetrics(registry, mailboxes, lives)
  return await registry.metrics()
}

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

function loginOf({ name }: MailboxConfig, rows: readonly Mailbox[], logins: readonly LoginState[]): LoginState | null {
  const id = rows.find((row) => row.name === name)?.id
  return logins.find(({ mailboxId }) => mailboxId === id) ?? null
}

function gauge<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[] = []) {
  return new Gauge({ name: `mailchute_${name}`, help, labelNames, registers: [registry] })
}

function messageMetrics(registry: Registry, figures: Figures): void {
  gauge(registry, 'messages_waiting', 'Messages that are stored and wait for work.').set(figures.waiting)
  gauge(registry, 'messages_quarantined', 'Messages that need a person.').set(figures.quarantined)
  gauge(registry, 'messages_looping', 'Of these, similar mails that are held as a loop.').set(figures.looping)
  gauge(registry, 'messages_held', 'Messages left on the server for a person.').set(figures.held)
  gauge(registry, 'oldest_waiting_seconds', 'Age of the oldest message that waits; 0 where none does.').set(
    figures.oldestWaitingSeconds,
  )
  const outbox = gauge(registry, 'outbox_messages', 'Mail to be sent, and mail that could not be.', ['state'])
  outbox.set({ state: 'waiting' }, figures.outboxWaiting)
  outbox.set({ state: 'failed' }, figures.outboxFailed)
}

function mailboxMetrics(registry: Registry, rows: readonly Mailbox[], now: Date): void {
  const help = 'Seconds since the last good poll; since it was first known where there was none.'
  const since = gauge(registry, 'mailbox_last_good_poll_seconds', help, ['mailbox'])
  const paused = gauge(registry, 'mailbox_paused', '1 where it is paused; the reason is an error code, or operator.', [
    'mailbox',
    'reason',
  ])
  for (const { name, lastGoodPollAt, createdAt, pausedReason } of rows) {
    since.set({ mailbox: name }, (now.getTime() - (lastGoodPollAt ?? createdAt).getTime()) / 1000)
    paused.set({ mailbox: name, reason: pausedReason ?? '' }, pausedReason === null ? 0 : 1)
  }
}

function credentialMetrics(
  registry: Registry,
  mailboxes: readonly MailboxConfig[],
  lives: (mailbox: MailboxConfig) => ReturnType<typeof livesOf>,
): void {
  const help = 'Days until a refresh token or a client secret ends; nothing where nobody knows.'
  const days = gauge(registry, 'credential_days_left', help, ['mailbox', 'what'])
  for (const mailbox of mailboxes) {
    for (const { what, daysLeft } of lives(mailbox)) days.set({ mailbox: mailbox.name, what }, daysLeft)
  }
}
