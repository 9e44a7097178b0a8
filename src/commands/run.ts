/** `mailchute run`: the background worker, until it is told to stop. */
import { schedule, setLogger } from 'node-cron'
import type { Config, MailboxConfig } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import type { JobRun, Queue } from '../queue/queue.ts'
import { type Mailbox, OPERATOR } from '../store/mailboxes.ts'
import { SWEEP_SECONDS, sweep } from '../upkeep/sweep.ts'
import { alertDuty } from './alert-duty.ts'
import { type App, mailboxesOf, openApp } from './app.ts'
import { clockLog } from './clock-log.ts'
import { loginsDuty } from './logins-duty.ts'
import { retentionDuty } from './retention-duty.ts'
import { createPollOnce, POLLS_AT_ONCE, type PollOnce, startWork } from './roles.ts'
import { assertRules } from './ruling.ts'
import { sealDuty } from './seal-duty.ts'
import { openSender, startSending } from './send.ts'
import { serveDuty } from './serve-duty.ts'
import { watchMailboxes } from './watching.ts'
import { openDeliverer, startDelivering } from './webhooks.ts'

export const ROLES = ['poll', 'work', 'send', 'serve'] as const
export type Role = (typeof ROLES)[number]

/** Of the half minute that supervisors usually give. */
const GRACE_MILLISECONDS = 20_000

export interface Duty {
  stop(): Promise<void>
}

/** Resolves when everything under way is finished or put back. `only` null: every role. */
export async function run(config: Config, only: readonly Role[] | null, signal: AbortSignal): Promise<void> {
  await assertRules(config)
  const roles = only ?? ROLES
  const mailboxes = roles.includes('poll') ? mailboxesOf(config) : []
  await using app = await openApp(config)
  setLogger(clockLog(app.log))
  const sender = roles.includes('send') ? await openSender(app, config.mailboxes) : null
  const deliverer = roles.includes('send') ? await openDeliverer(app, signal) : null
  const queue = await app.openQueue()
  const duties: Duty[] = []
  if (roles.includes('serve')) duties.push(await serveDuty(app, queue, only !== null))
  const sending = sender === null ? null : startSending(app, sender)
  if (sending !== null) duties.push({ stop: () => sending.stop(GRACE_MILLISECONDS) })
  if (deliverer !== null) duties.push(startDelivering(app, deliverer, GRACE_MILLISECONDS))
  const onNewTicket = () => sending?.nudge()
  if (roles.includes('work')) {
    duties.push(workDuty(app, queue, onNewTicket), sweepDuty(app, queue), await sealDuty(app, signal))
    duties.push(retentionDuty(app, signal, Math.random()))
  }
  if (roles.includes('poll')) {
    duties.push(pollDuty(app, queue, mailboxes, signal), loginsDuty(app, mailboxes, signal, Math.random()))
  }
  if (roles.includes('work') || roles.includes('poll')) duties.push(alertDuty(app, signal))
  app.log.event('worker.started', { roles: roles.join(), mailboxes: config.mailboxes.length })
  await aborted(signal)
  app.log.event('worker.stopping', { reason: asMailchuteError(signal.reason).message })
  await Promise.allSettled(duties.map((duty) => duty.stop()))
  app.log.event('worker.stopped')
}

export function parseRoles(text: string | undefined): Role[] | null {
  if (text === undefined) return null
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !(ROLES as readonly string[]).includes(name))
  if (unknown.length > 0) {
    throw new MailchuteError('usage/invalid', `no such role: ${unknown.join(', ')}`, {
      hint: `roles: ${ROLES.join(', ')}`,
    })
  }
  return ROLES.filter((role) => names.includes(role))
}

function workDuty(app: App, queue: Queue, onNewTicket: () => void): Duty {
  const working = startWork(app, queue, (outcome) => {
    if (outcome.state === 'ticketed' && outcome.isNew) onNewTicket()
  })
  return { stop: () => working.stop(GRACE_MILLISECONDS) }
}

/** At the start everything that waits, then whatever has waited for longer than a wake-up takes. */
function sweepDuty(app: App, queue: Queue): Duty {
  const once = async (receivedBefore?: Date) => {
    try {
      const woken = await sweep(app.store, queue.wake, receivedBefore ? { receivedBefore } : {})
      if (woken > 0) app.log.event('sweep.woke', { messages: woken })
    } catch (error) {
      app.log.failure('sweep.failed', asMailchuteError(error))
    }
  }
  void once()
  const sweepOld = () => once(new Date(Date.now() - (SWEEP_SECONDS / 2) * 1000))
  const task = schedule(`*/${SWEEP_SECONDS / 2} * * * * *`, sweepOld, { noOverlap: true })
  return { stop: async () => void (await task.destroy()) }
}

/** Every instance asks for a poll when its time has come; the queue makes one of it. */
function pollDuty(app: App, queue: Queue, mailboxes: readonly MailboxConfig[], signal: AbortSignal): Duty {
  const ask = ({ name }: MailboxConfig, options?: { isNews: boolean }) =>
    queue.requestPoll(name, options).catch((error: unknown) => {
      app.log.failure('wake.failed', asMailchuteError(error), { mailbox: name })
    })
  const pollOnce = createPollOnce(app, queue)
  const handle = (name: string, job: JobRun) => pollIfDue(app, pollOnce, mailboxes, name, job, signal)
  const mayPoll = async (mailbox: MailboxConfig) =>
    app.store.mailboxes.find(mailbox.name).then(
      (row) => whyNot(mailbox, row) === null,
      () => false,
    )
  const polling = queue.workPolls(handle, POLLS_AT_ONCE)
  const tasks = mailboxes.map((mailbox) => schedule(mailbox.schedule, () => ask(mailbox)))
  for (const mailbox of mailboxes) void ask(mailbox)
  const watching = watchMailboxes(app, mailboxes, mayPoll, (mailbox) => ask(mailbox, { isNews: true }))
  return {
    stop: async () => {
      for (const task of tasks) await task.destroy()
      await watching.stop()
      await polling.stop(GRACE_MILLISECONDS)
    },
  }
}

async function pollIfDue(
  app: App,
  pollOnce: PollOnce,
  mailboxes: readonly MailboxConfig[],
  name: string,
  job: JobRun,
  signal: AbortSignal,
): Promise<void> {
  try {
    const mailbox = mailboxes.find((each) => each.name === name)
    const reason = whyNot(mailbox, await app.store.mailboxes.find(name))
    if (reason !== null) app.log.event('poll.skipped', { mailbox: name, reason })
    else if (mailbox) await pollOnce(mailbox, AbortSignal.any([job.signal, signal]))
  } catch (error) {
    // A poll that fails tells of it itself; one that could not even be booked would stand still unheard.
    app.log.failure('poll.failed', asMailchuteError(error), { mailbox: name })
    throw error
  }
}

function whyNot(mailbox: MailboxConfig | undefined, row: Mailbox | null): string | null {
  // Another instance may know mailboxes that are not set here.
  if (mailbox === undefined || row === null) return 'not-set-here'
  if (row.pausedReason === OPERATOR) return 'paused'
  return row.nextPollAt !== null && row.nextPollAt > new Date() ? 'back-off' : null
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
