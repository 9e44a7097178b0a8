/** Two things that a worker does (the third is in send.ts), with one log line for each outcome: poll mailboxes, work messages. */
import type { MailboxConfig } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { pausesMailbox } from '../intake/back-off.ts'
import { type PollResult, poll } from '../intake/poll.ts'
import type { Log } from '../log.ts'
import type { Queue, Work } from '../queue/queue.ts'
import { type Mailbox, OPERATOR } from '../store/mailboxes.ts'
import { traced } from '../telemetry.ts'
import type { Outcome } from '../ticketing/outcome.ts'
import { createParsePool } from '../ticketing/parse-pool.ts'
import { createProcess } from '../ticketing/process.ts'
import type { App } from './app.ts'
import { authenticatorOf, judgingOf } from './judging.ts'

/** Jobs at once: enough that commits are shared and threads have work. */
const CONCURRENCY = 16
/** Each holds connections to the database, for its lock and for a large message. */
export const POLLS_AT_ONCE = 8

export interface Working {
  /** Takes no new work; puts back what is not done within the grace. */
  stop(graceMilliseconds: number): Promise<void>
}

export function startWork(app: App, queue: Queue, onOutcome: (outcome: Outcome) => void = () => undefined): Working {
  const pool = createParsePool()
  const authenticator = authenticatorOf(app)
  const process = createProcess(app.store, pool, judgingOf(app, authenticator), (id, outcome, milliseconds) => {
    logOutcome(app.log, id, outcome, milliseconds)
    onOutcome(outcome)
  })
  const work: Work = queue.work(async (inboundMessageId, run) => {
    try {
      await traced('work', { inbound_message_id: inboundMessageId }, async (tell) => {
        const found = await process(inboundMessageId, run)
        tell({ state: found.state, reason: 'reason' in found ? found.reason : undefined })
      })
    } catch (error) {
      app.log.failure('message.failed', asMailchuteError(error), { inboundMessageId, isLastAttempt: run.isLastAttempt })
      throw error
    }
  }, CONCURRENCY)
  return {
    stop: async (graceMilliseconds) => {
      await work.stop(graceMilliseconds)
      await Promise.all([pool.close(), authenticator.close()])
    },
  }
}

function logOutcome(log: Log, inboundMessageId: string, outcome: Outcome, milliseconds: number): void {
  const fields = { inboundMessageId, milliseconds: Math.round(milliseconds) }
  if (outcome.state === 'ticketed') {
    const { ticket, isNew, reason } = outcome
    log.event('message.ticketed', { ...fields, ticket, isNew, reason })
  } else if (outcome.state === 'suppressed') {
    const { state: _, ...about } = outcome
    log.event('message.suppressed', { ...fields, ...about })
  } else if (outcome.state === 'quarantined') {
    const { reason, error } = outcome
    if (error === undefined) log.event('message.quarantined', { ...fields, reason })
    else log.failure('message.quarantined', error, { ...fields, reason })
  }
}

export type PollOnce = (mailbox: MailboxConfig, signal: AbortSignal) => Promise<PollResult>

/** Polls one mailbox now, whatever its schedule says. Rejects only if the store cannot even book the poll. */
export function createPollOnce(app: App, queue: Queue): PollOnce {
  const wake = async (ids: readonly string[]) => {
    await queue.wake(ids).catch((error: unknown) => {
      app.log.failure('wake.failed', asMailchuteError(error), { messages: ids.length })
    })
  }
  const deps = {
    store: app.store,
    connect: app.connect,
    wake,
    assertRoom: app.assertRoom,
    now: () => new Date(),
    random: Math.random,
  }
  return async (mailbox, signal) => {
    const row = (await app.store.mailboxes.find(mailbox.name)) ?? app.rows.get(mailbox.name)
    if (row === undefined) throw new MailchuteError('config/unknown-mailbox', `no mailbox is named ${mailbox.name}`)
    const startedAt = performance.now()
    const result = await traced('poll', { mailbox: mailbox.name }, async (tell) => {
      const found = await poll(deps, mailbox, row, signal)
      tell({
        outcome: found.outcome,
        ...(found.outcome === 'busy' ? {} : { ...found.sheet, error: found.error?.code }),
      })
      return found
    })
    logPoll(app.log, mailbox, row, result, performance.now() - startedAt)
    return result
  }
}

function logPoll(log: Log, { name }: MailboxConfig, row: Mailbox, result: PollResult, milliseconds: number): void {
  const fields = { mailbox: name, milliseconds: Math.round(milliseconds) }
  if (result.outcome === 'busy') {
    log.event('poll.skipped', { ...fields, reason: 'busy' })
    return
  }
  const { sheet, newlyHeld, error } = result
  if (error !== null) log.failure('poll.failed', error, { ...fields, ...sheet })
  else log.event('poll.finished', { ...fields, ...sheet })
  if (sheet.listed !== sheet.known + sheet.retrieved + sheet.held + sheet.left) {
    log.event('poll.unbalanced', { ...fields, ...sheet })
  }
  if (newlyHeld.length > 0) {
    log.event('message.held', { mailbox: name, messages: newlyHeld.length, reasons: [...new Set(newlyHeld)].join() })
  }
  if (error !== null && pausesMailbox(error) && row.state === 'active') {
    log.failure('mailbox.paused', error, { mailbox: name })
  }
  // What an operator paused stays so, also where a `drain` has polled it.
  if (error === null && row.state === 'paused' && row.pausedReason !== OPERATOR)
    log.event('mailbox.resumed', { mailbox: name })
}
