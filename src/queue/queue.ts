/**
 * The queue: a wake-up call, never the truth (I4). The only importer of bullmq.
 *
 * Guarantees: a job carries ids only; a handler that rejects runs again, with back-off, `ATTEMPTS` times; on
 * shutdown a job goes back where it came from. Not guaranteed: that a job survives (the queue may be emptied at any
 * moment), or that it runs once (a stalled job runs again). The rows cover both.
 */
import { WaitingError } from 'bullmq'
import { z } from 'zod'
import { MailchuteError } from '../errors.ts'
import { settlesWithin } from '../shutdown.ts'
import {
  type Backend,
  type Consumer,
  openBackend,
  type Producer,
  type QueueTarget,
  type Run,
  type WorkerSettings,
} from './backend.ts'

const INBOUND = 'mailchute-inbound'
const POLL = 'mailchute-poll'
/** Runs of one job before its message is given to a person. */
export const ATTEMPTS = 5

const inboundJob = z.strictObject({ inboundMessageId: z.uuid() })
const pollJob = z.strictObject({ mailbox: z.string() })

export interface JobRun {
  /** After this one nobody tries again by itself. */
  readonly isLastAttempt: boolean
  /** How often a worker died with this job in its hands. */
  readonly stalls: number
  readonly signal: AbortSignal
}

export interface Queue {
  /** Tells the workers that these messages wait. A message that is already in the queue stays there once. */
  wake(inboundMessageIds: readonly string[]): Promise<void>
  /** The same, also for messages whose job is in the hands of a worker that may be dead. */
  wakeAnew(inboundMessageIds: readonly string[]): Promise<void>
  /**
   * Asks for a poll; one at a time a mailbox, however many instances ask. `isNews`: something has arrived, which a poll
   * under way may have come too early to see, so one more follows it.
   */
  requestPoll(mailbox: string, options?: { readonly isNews: boolean }): Promise<void>
  work(handle: (inboundMessageId: string, run: JobRun) => Promise<void>, concurrency: number): Work
  workPolls(handle: (mailbox: string, run: JobRun) => Promise<void>, concurrency: number): Work
  /** Jobs by queue and state. Rejects with `queue/unavailable`. */
  depth(): Promise<readonly QueueDepth[]>
  /** Rejects with `queue/unavailable` or `config/queue-eviction`. */
  check(): Promise<void>
  close(): Promise<void>
}

export interface QueueDepth {
  readonly queue: 'inbound' | 'poll'
  readonly state: string
  readonly jobs: number
}

export interface Work {
  /** Takes no new job, waits for those at work, and after the grace puts them back. */
  stop(graceMilliseconds: number): Promise<void>
}

export interface QueueOptions {
  /** Hears of trouble that BullMQ goes on trying to mend by itself. */
  readonly onTrouble: (error: Error) => void
  readonly retryDelayMilliseconds?: number
  /** How long a worker may be silent before its jobs go to others. */
  readonly deadAfterMilliseconds?: number
}

/** Half of BullMQ's default: a worker says twice in that time that it lives, and never blocks so long itself. */
const DEAD_AFTER_MILLISECONDS = 15_000

export function openQueue(target: QueueTarget, options: QueueOptions): Queue {
  let isClosed = false
  // A connection that BullMQ leaves behind breaks when its server ends, and nobody needs it any more.
  const backend = openBackend(target, (error) => {
    if (!isClosed) options.onTrouble(error)
  })
  const inbound = backend.queue<z.infer<typeof inboundJob>>(INBOUND)
  const polls = backend.queue<z.infer<typeof pollJob>>(POLL)
  const jobOptions = {
    attempts: ATTEMPTS,
    backoff: { type: 'exponential', delay: options.retryDelayMilliseconds ?? 1000, jitter: 0.5 },
    // A finished job must not stay: its id would keep the sweep from waking the message again.
    removeOnComplete: true,
    removeOnFail: true,
  }
  const wake = async (ids: readonly string[], suffix: string) => {
    if (ids.length === 0) return
    const jobs = ids.map((inboundMessageId) => ({
      name: 'process',
      data: { inboundMessageId },
      opts: { ...jobOptions, jobId: `inbound-${inboundMessageId}${suffix}` },
    }))
    await inbound.addBulk(jobs).catch(backend.fail)
  }
  const settings = (concurrency: number) => ({
    concurrency,
    deadAfterMilliseconds: options.deadAfterMilliseconds ?? DEAD_AFTER_MILLISECONDS,
  })
  return {
    wake: (ids) => wake(ids, ''),
    wakeAnew: (ids) => wake(ids, `-${Date.now().toString(36)}`),
    requestPoll: (mailbox, options) => requestPoll(polls, mailbox, options?.isNews ?? false).catch(backend.fail),
    work: (handle, concurrency) =>
      work(backend, INBOUND, settings(concurrency), (data, run) =>
        handle(inboundJob.parse(data).inboundMessageId, run),
      ),
    workPolls: (handle, concurrency) =>
      work(backend, POLL, settings(concurrency), (data, run) => handle(pollJob.parse(data).mailbox, run)),
    depth: () =>
      Promise.all([depthOf('inbound', inbound), depthOf('poll', polls)]).then((depths) => depths.flat(), backend.fail),
    check: () => backend.check(),
    close: async () => {
      await settlesWithin(Promise.all([inbound.close(), polls.close()]), CLOSE_MILLISECONDS)
      await settlesWithin(backend.close(), CLOSE_MILLISECONDS)
      isClosed = true
    },
  }
}

async function requestPoll(polls: Producer<z.infer<typeof pollJob>>, mailbox: string, isNews: boolean): Promise<void> {
  const deduplication = { id: `poll-${mailbox}`, keepLastIfActive: isNews }
  await polls.add('poll', { mailbox }, { deduplication, removeOnComplete: true, removeOnFail: true })
}

/** As BullMQ names them; what is finished is removed, so that there are no others. */
const STATES = ['waiting', 'active', 'delayed'] as const

async function depthOf(queue: QueueDepth['queue'], producer: Pick<Producer<unknown>, 'getJobCounts'>) {
  const counts = await producer.getJobCounts(...STATES)
  return STATES.map((state): QueueDepth => ({ queue, state, jobs: counts[state] ?? 0 }))
}

function work(
  backend: Backend,
  name: string,
  settings: WorkerSettings,
  handle: (data: unknown, run: JobRun) => Promise<void>,
): Work {
  const stopping = new AbortController()
  const atWork = new Set<Promise<void>>()
  const run: Run = async (job, token, cancelled) => {
    const isLastAttempt = job.attemptsMade + 1 >= (job.opts.attempts ?? 1)
    const signal = cancelled ? AbortSignal.any([stopping.signal, cancelled]) : stopping.signal
    const handled = handle(job.data, { isLastAttempt, stalls: job.stalledCounter, signal })
    atWork.add(handled)
    try {
      await handled
    } catch (error) {
      if (!stopping.signal.aborted) throw error
      await job.moveToWait(token)
      throw new WaitingError()
    } finally {
      atWork.delete(handled)
    }
  }
  const worker = backend.worker(name, run, settings)
  return { stop: (graceMilliseconds) => stop(worker, atWork, stopping, graceMilliseconds) }
}

/** The grace is for jobs. BullMQ itself waits without end for a queue that does not answer. */
const CLOSE_MILLISECONDS = 3000

async function stop(
  worker: Consumer,
  atWork: ReadonlySet<Promise<void>>,
  stopping: AbortController,
  graceMilliseconds: number,
): Promise<void> {
  const closed = worker.close()
  if (await settlesWithin(Promise.race([closed, Promise.allSettled(atWork)]), graceMilliseconds)) {
    if (await settlesWithin(closed, CLOSE_MILLISECONDS)) return closed
  }
  stopping.abort(new MailchuteError('runtime/shutting-down', 'the grace is over'))
  await settlesWithin(closed, CLOSE_MILLISECONDS)
}
