/** The parts of `mailchute run` in this process, over real servers: polls that are asked for, and a worker. */

import { type App, openApp } from '../../src/commands/app.ts'
import { startWork } from '../../src/commands/roles.ts'
import { type MailboxConfig, readConfig } from '../../src/config.ts'
import { MailchuteError } from '../../src/errors.ts'
import { type PollDeps, type PollResult, poll } from '../../src/intake/poll.ts'
import type { Queue } from '../../src/queue/queue.ts'
import type { Store } from '../../src/store/store.ts'
import type { Outcome } from '../../src/ticketing/outcome.ts'
import { sweep } from '../../src/upkeep/sweep.ts'
import { type Beats, createBeats } from './beats.ts'

export interface TestWorker extends AsyncDisposable {
  readonly app: App
  readonly queue: Queue
  readonly mailbox: MailboxConfig
  /** One beat for each message worked. */
  readonly outcomes: Beats<Outcome>
  poll(over?: Partial<PollDeps>, mailbox?: Partial<MailboxConfig>): Promise<PollResult>
  /** Tells the queue of all that waits, and resolves once nothing does. */
  workOff(): Promise<void>
  untilNothingWaits(): Promise<void>
}

export interface WorkerOptions {
  /** What the worker is given in place of the store. */
  readonly guard?: (store: Store) => Store
}

const RETRY_MILLISECONDS = 5

export async function openWorker(env: NodeJS.ProcessEnv, { guard }: WorkerOptions = {}): Promise<TestWorker> {
  const config = readConfig({ LOG_LEVEL: 'silent', MAILCHUTE_SIMILAR_PER_HOUR: 'off', ...env }, '/nonexistent')
  const [mailbox] = config.mailboxes
  if (mailbox === undefined) throw new Error('no mailbox is set')
  const app = await openApp(config)
  const queue = await app.openQueue({ retryDelayMilliseconds: RETRY_MILLISECONDS })
  const outcomes = createBeats<Outcome>()
  const working = startWork({ ...app, store: guard?.(app.store) ?? app.store }, queue, outcomes.beat)
  const untilNothingWaits = () => outcomes.until(async () => (await app.store.messages.countWaiting()) === 0)
  return {
    app,
    queue,
    mailbox,
    outcomes,
    poll: (over = {}, settings = {}) => pollOnce(app, queue, { ...mailbox, ...settings }, over),
    workOff: async () => {
      await sweep(app.store, queue.wake)
      await untilNothingWaits()
    },
    untilNothingWaits,
    [Symbol.asyncDispose]: async () => {
      await working.stop(0)
      await app[Symbol.asyncDispose]()
    },
  }
}

async function pollOnce(app: App, queue: Queue, mailbox: MailboxConfig, over: Partial<PollDeps>): Promise<PollResult> {
  const row = await app.store.mailboxes.find(mailbox.name)
  if (row === null) throw new MailchuteError('config/unknown-mailbox', 'the mailbox has no row')
  const deps = {
    store: app.store,
    connect: app.connect,
    wake: queue.wake,
    assertRoom: app.assertRoom,
    now: () => new Date(),
    random: Math.random,
    ...over,
  }
  return poll(deps, mailbox, row, new AbortController().signal)
}
