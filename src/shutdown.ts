import { MailchuteError } from './errors.ts'

/**
 * Aborts at the first SIGTERM or SIGINT; at the second the process ends at once, which loses nothing: every step is
 * made to be killed at.
 */
export function shutdownSignal(): AbortSignal {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    controller.abort(new MailchuteError('runtime/shutting-down', `stopped by ${name}`))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return controller.signal
}
