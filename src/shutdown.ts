import { MailchuteError } from './errors.ts'

/** Longer than any grace within, shorter than the half minute that supervisors usually give. */
const LONGEST_SHUTDOWN_MILLISECONDS = 28_000

/**
 * Aborts at the first SIGTERM or SIGINT. At the second, or where that did not end the process in time, it ends at once,
 * which loses nothing: every step is made to be killed at.
 */
export function shutdownSignal(): AbortSignal {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    const endNow = () => process.exit(name === 'SIGINT' ? 130 : 143)
    if (controller.signal.aborted) endNow()
    setTimeout(endNow, LONGEST_SHUTDOWN_MILLISECONDS).unref()
    controller.abort(new MailchuteError('runtime/shutting-down', `stopped by ${name}`))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return controller.signal
}

/** For what waits for others when it is closed: a server that is cut off never answers. False: it was given up. */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = Promise.withResolvers<false>()
  const timeout = setTimeout(() => timer.resolve(false), milliseconds)
  const settled = promise.then(
    () => true,
    () => true,
  )
  return await Promise.race([settled, timer.promise]).finally(() => clearTimeout(timeout))
}
