/**
 * What a monitor reads, in the text format of Prometheus. Numbers, codes and names of mailboxes only: needs no token.
 * All but what the process tells of itself is read from the database when asked for, so that any process may be asked.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { MailboxConfig } from '../config.ts'
import type { Figures, Latency, MailboxFigures, Outcomes } from '../store/figures.ts'
import type { LoginState } from '../store/logins.ts'
import type { Mailbox } from '../store/mailboxes.ts'
import { livesOf } from '../upkeep/expiry.ts'
import type { Health } from './health.ts'

export interface QueueDepth {
  readonly queue: string
  readonly state: string
  readonly jobs: number
}

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/** Of the mailboxes that are set here; others belong to other processes. */
export async function metricsOf({ store, mailboxes, queue, now }: Health): Promise<string> {
  const { monitor } = store
  const [figures, rows, logins] = await Promise.all([store.figures(), store.mailboxes.all(), store.logins.all()])
  const [standings, outcomes, latency] = await Promise.all([monitor.mailboxes(), monitor.outcomes(), monitor.latency()])
  const registry = new Registry()
  messageMetrics(registry, figures)
  outcomeMetrics(registry, outcomes, latency)
  const known = mailboxes.flatMap((mailbox) => rows.find(({ name }) => name === mailbox.name) ?? [])
  pollMetrics(registry, known, now())
  serverMetrics(
    registry,
    standings.filter(({ name }) => known.some((row) => row.name === name)),
  )
  credentialMetrics(registry, mailboxes, (mailbox) => livesOf(mailbox, loginOf(mailbox, known, logins), now()))
  await queueMetrics(registry, queue)
  return await Registry.merge([registry, ownMetrics()]).metrics()
}

function gauge<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[] = []) {
  return new Gauge({ name: `mailchute_${name}`, help, labelNames, registers: [registry] })
}

function messageMetrics(registry: Registry, figures: Figures): void {
  const set = (name: string, help: string, value: number) => gauge(registry, name, help).set(value)
  set('messages_waiting', 'Messages that are stored and wait for work.', figures.waiting)
  set(
    'oldest_waiting_seconds',
    'Age of the oldest message that waits; 0 where none does.',
    figures.oldestWaitingSeconds,
  )
  set('messages_quarantined', 'Messages that need a person.', figures.quarantined)
  set(
    'oldest_quarantined_seconds',
    'Since when the oldest of them does; 0 where none does.',
    figures.oldestQuarantinedSeconds,
  )
  set('messages_looping', 'Of these, similar mails that are held as a loop.', figures.looping)
  set('messages_held', 'Messages left on the server for a person, of all mailboxes.', figures.held)
  set('audit_seal_lag_seconds', 'Age of the oldest event that is not sealed; 0 where all are.', figures.sealLagSeconds)
  set('polls_unbalanced', 'Polls of the last day whose sheet has a remainder: a fault.', figures.unbalancedPolls)
  const outbox = gauge(registry, 'outbox_messages', 'What is to be sent, and what could not be.', ['state'])
  outbox.set({ state: 'waiting' }, figures.outboxWaiting)
  outbox.set({ state: 'failed' }, figures.outboxFailed)
  set('oldest_outbox_seconds', 'Age of the oldest that is to be sent; 0 where none is.', figures.oldestOutboxSeconds)
}

function outcomeMetrics(registry: Registry, outcomes: readonly Outcomes[], latency: Latency): void {
  const help = 'Messages finished since ever, by what became of them; counted once they are sealed, within two minutes.'
  const labelNames = ['state', 'kind', 'reason']
  const total = new Counter({ name: 'mailchute_messages_total', help, labelNames, registers: [registry] })
  for (const { messages, ...labels } of outcomes) total.inc(labels, messages)
  const seconds = gauge(
    registry,
    'ticket_seconds',
    'From receipt to ticket, of the newest messages that came within the hour.',
    ['percentile'],
  )
  const { median, p95, p99 } = latency
  for (const [percentile, value] of Object.entries({ 50: median, 95: p95, 99: p99 })) {
    if (value !== null) seconds.set({ percentile }, value)
  }
}

function pollMetrics(registry: Registry, rows: readonly Mailbox[], now: Date): void {
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

function serverMetrics(registry: Registry, standings: readonly MailboxFigures[]): void {
  const of = <Label extends string>(name: string, help: string, labels: Label[] = []) =>
    gauge(registry, `mailbox_${name}`, help, ['mailbox', ...labels])
  const backlog = of('backlog', 'Messages on the server that are not stored yet.')
  const oldest = of('oldest_backlog_seconds', 'Since when the first of them is known; 0 where there is none.')
  const seconds = of('poll_seconds', 'How long the last poll took; nothing where there was none.')
  const held = of('held', 'Messages left on the server for a person; the reason is an error code.', ['reason'])
  for (const { name: mailbox, ...standing } of standings) {
    backlog.set({ mailbox }, standing.backlog)
    oldest.set({ mailbox }, standing.oldestBacklogSeconds)
    if (standing.lastPollSeconds !== null) seconds.set({ mailbox }, standing.lastPollSeconds)
    for (const [reason, messages] of Object.entries(standing.held)) held.set({ mailbox, reason }, messages)
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

function loginOf({ name }: MailboxConfig, rows: readonly Mailbox[], logins: readonly LoginState[]): LoginState | null {
  const id = rows.find((row) => row.name === name)?.id
  return logins.find(({ mailboxId }) => mailboxId === id) ?? null
}

/** The queue may be away: the other figures are wanted all the more then. */
async function queueMetrics(registry: Registry, queue: Health['queue']): Promise<void> {
  if (queue === null) return
  const up = gauge(registry, 'queue_up', '1 where the queue answers.')
  const jobs = gauge(registry, 'queue_jobs', 'Jobs in the queue.', ['queue', 'state'])
  const depth = await queue.depth().catch(() => null)
  up.set(depth === null ? 0 : 1)
  for (const { jobs: count, ...labels } of depth ?? []) jobs.set(labels, count)
}

let own: Registry | null = null

/** Of this process, under the names that all programs on Node have. */
function ownMetrics(): Registry {
  if (own === null) {
    own = new Registry()
    collectDefaultMetrics({ register: own })
  }
  return own
}
