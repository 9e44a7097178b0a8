/** `mailchute drain`: poll each mailbox once, work until nothing waits, send what is due, print the sheet. */
import pLimit from 'p-limit'
import type { Config, MailboxConfig } from '../config.ts'
import { asMailchuteError, type ErrorCode, MailchuteError } from '../errors.ts'
import type { Queue } from '../queue/queue.ts'
import type { Sheet } from '../store/polls.ts'
import { sweep } from '../upkeep/sweep.ts'
import { type App, mailboxesOf, openApp } from './app.ts'
import { createPollOnce, POLLS_AT_ONCE, type PollOnce, startWork } from './roles.ts'
import { assertRules } from './ruling.ts'
import { sealAtEnd } from './seal-duty.ts'
import { acknowledges, openSender, sendDue } from './send.ts'
import { deliverAtEnd, openDeliverer } from './webhooks.ts'

export interface DrainReport {
  readonly mailboxes: readonly MailboxReport[]
  readonly work: { readonly ticketed: number; readonly suppressed: number; readonly quarantined: number }
  readonly seconds: { readonly poll: number; readonly work: number; readonly total: number }
}

export interface MailboxReport extends Omit<Sheet, 'connections'> {
  readonly mailbox: string
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string } | null
}

/** Seen from outside while it goes on. */
export interface Progress {
  readonly waiting: number
  readonly done: number
}

export interface DrainOptions {
  readonly mailbox?: string | undefined
  readonly onProgress?: (progress: Progress) => void
}

const LOOK_MILLISECONDS = 50
/** Nothing moved for so long: wake again what waits longest, its worker may be dead. Then after twice as long. */
const STILL_MILLISECONDS = 2000
const WAKE_ANEW_MESSAGES = 200
/** Nothing moved for so long although woken again and again: give up, the messages stay `received`. */
const STUCK_MILLISECONDS = 5 * 60_000
const GRACE_MILLISECONDS = 20_000

export async function drain(config: Config, options: DrainOptions, signal: AbortSignal): Promise<DrainReport> {
  mailboxesOf(config, options.mailbox)
  await assertRules(config)
  await using app = await openApp(config)
  // Awaited: the app must not be closed under it.
  return await drainApp(app, options, signal)
}

export async function drainApp(app: App, options: DrainOptions, signal: AbortSignal): Promise<DrainReport> {
  const mailboxes = mailboxesOf(app.config, options.mailbox)
  const mailboxIds = mailboxes.flatMap(({ name }) => app.rows.get(name)?.id ?? [])
  const sender = mailboxes.some(acknowledges) ? await openSender(app, mailboxes) : null
  const deliverer = await openDeliverer(app, signal)
  const queue = await app.openQueue()
  const startedAt = performance.now()
  const counts = { ticketed: 0, suppressed: 0, quarantined: 0 }
  const before = await app.store.messages.countByState(mailboxIds)
  const working = startWork(app, queue)
  try {
    await sweep(app.store, queue.wake, { mailboxIds })
    const pollOnce = createPollOnce(app, queue)
    const reports = await pLimit(POLLS_AT_ONCE).map(mailboxes, (mailbox) => pollMailbox(pollOnce, mailbox, signal))
    const polledAt = performance.now()
    await workOff(app, queue, mailboxIds, options, signal)
    // Whoever runs this by cron has nobody else who sends; one that cannot go out now waits for the next time.
    if (sender !== null) await sendDue(app, sender, signal, signal)
    if (deliverer !== null) await deliverAtEnd(app, deliverer, signal)
    await sealAtEnd(app, signal)
    const doneAt = performance.now()
    const after = await app.store.messages.countByState(mailboxIds)
    for (const state of ['ticketed', 'suppressed', 'quarantined'] as const) counts[state] = after[state] - before[state]
    return {
      mailboxes: reports,
      work: counts,
      seconds: {
        poll: seconds(polledAt - startedAt),
        work: seconds(doneAt - polledAt),
        total: seconds(doneAt - startedAt),
      },
    }
  } finally {
    await working.stop(signal.aborted ? 0 : GRACE_MILLISECONDS)
  }
}

const seconds = (milliseconds: number) => Math.round(milliseconds) / 1000

async function pollMailbox(pollOnce: PollOnce, mailbox: MailboxConfig, signal: AbortSignal): Promise<MailboxReport> {
  const result = await pollOnce(mailbox, signal).catch((thrown: unknown) => ({
    outcome: 'polled' as const,
    sheet: NOTHING,
    newlyHeld: [],
    error: asMailchuteError(thrown),
  }))
  if (result.outcome === 'busy') {
    const error = new MailchuteError('source/mailbox-locked', 'another Mailchute polls this mailbox right now')
    return { mailbox: mailbox.name, ...NOTHING, error: plain(error) }
  }
  const { connections: _, ...sheet } = result.sheet
  return { mailbox: mailbox.name, ...sheet, error: result.error === null ? null : plain(result.error) }
}

const NOTHING = {
  connections: 0,
  listed: 0,
  known: 0,
  retrieved: 0,
  stored: 0,
  held: 0,
  deleted: 0,
  left: 0,
  octets: 0,
} satisfies Sheet

const plain = ({ code, message, hint }: MailchuteError) => ({ code, message, hint })

async function workOff(
  app: App,
  queue: Queue,
  mailboxIds: readonly string[],
  { onProgress }: DrainOptions,
  signal: AbortSignal,
): Promise<void> {
  const atFirst = await app.store.messages.countWaiting(mailboxIds)
  let waiting = atFirst
  let movedAt = performance.now()
  let patienceMilliseconds = STILL_MILLISECONDS
  while (waiting > 0) {
    signal.throwIfAborted()
    onProgress?.({ waiting, done: atFirst - waiting })
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS))
    const now = await app.store.messages.countWaiting(mailboxIds)
    if (now !== waiting) {
      waiting = now
      movedAt = performance.now()
      patienceMilliseconds = STILL_MILLISECONDS
    }
    const stillMilliseconds = performance.now() - movedAt
    if (stillMilliseconds > STUCK_MILLISECONDS) throw stuck(waiting)
    if (stillMilliseconds < patienceMilliseconds) continue
    patienceMilliseconds *= 2
    await sweep(app.store, queue.wake, { mailboxIds })
    await sweep(app.store, queue.wakeAnew, { mailboxIds, limit: WAKE_ANEW_MESSAGES })
  }
}

function stuck(waiting: number): MailchuteError {
  return new MailchuteError('queue/unavailable', `${waiting} messages wait, and nothing moves`, {
    context: { waiting },
  })
}
