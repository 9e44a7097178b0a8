/** The other thing that the `send` role does: it tells the webhooks that are set of what happened. */
import { schedule } from 'node-cron'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { createDeliverer, type Deliverer, TOO_OLD_SECONDS } from '../outbound/webhooks/deliver.ts'
import type { App } from './app.ts'
import type { Duty } from './run.ts'

/** null: no webhook is set. What happens from here on is told of. */
export async function openDeliverer({ store, log, config }: App, signal: AbortSignal): Promise<Deliverer | null> {
  const { webhooks } = config
  if (webhooks.length === 0) {
    // What waited for one that is set no more.
    await store.webhooks.expire(TOO_OLD_SECONDS)
    return null
  }
  const deliverer = createDeliverer({ store, log, webhooks, now: () => new Date(), random: Math.random })
  await deliverer.fanOut(signal)
  return deliverer
}

/** Within so long an event is told of. */
const LOOK_SECONDS = 1

export function startDelivering(app: App, deliverer: Deliverer, graceMilliseconds: number): Duty {
  const [stopping, cut] = [new AbortController(), new AbortController()]
  const running = { fanOut: new Set<Promise<void>>(), sendDue: new Set<Promise<void>>() }
  // A receiver that takes its time keeps one call busy: one more serves the others.
  const atMost = { fanOut: 1, sendDue: app.config.webhooks.length + 1 }
  const begin = (step: Step) => {
    if (stopping.signal.aborted || running[step].size >= atMost[step]) return
    const run = deliverOnce(app, deliverer, step, stopping.signal, cut.signal).finally(() => running[step].delete(run))
    running[step].add(run)
  }
  const look = () => STEPS.forEach(begin)
  const task = schedule(`*/${LOOK_SECONDS} * * * * *`, look)
  look()
  return {
    stop: async () => {
      await task.destroy()
      stopping.abort()
      const over = setTimeout(
        () => cut.abort(new MailchuteError('runtime/shutting-down', 'the grace is over')),
        graceMilliseconds,
      )
      await Promise.all([...running.fanOut, ...running.sendDue])
      clearTimeout(over)
    },
  }
}

/** A slow receiver does not keep the others' messages from being written. */
const STEPS = ['fanOut', 'sendDue'] as const
type Step = (typeof STEPS)[number]

async function deliverOnce(
  { log }: App,
  deliverer: Deliverer,
  step: Step,
  stopping: AbortSignal,
  cut: AbortSignal,
): Promise<void> {
  await deliverer[step](stopping, cut).catch((error: unknown) =>
    log.failure('webhooks.failed', asMailchuteError(error)),
  )
}

/** For a process that ends when it is done: what it cannot send now the next one sends. */
export async function deliverAtEnd(app: App, deliverer: Deliverer, signal: AbortSignal): Promise<void> {
  for (const step of STEPS) await deliverOnce(app, deliverer, step, signal, signal)
}
