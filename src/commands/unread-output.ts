/** What becomes of a command whose standard output nobody reads, or cannot be written. */
import { MailchuteError } from '../errors.ts'
import { printError } from './terminal.ts'

/**
 * `mailchute messages | head`: what nobody reads any more is no fault. On a full disk it is one, told once. Either way
 * what was begun is done to its end. Returns which exit code the command then has.
 */
export function heedOutput(): (exitCode: number) => number {
  let lost: MailchuteError | null = null
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || lost !== null) return
    lost = new MailchuteError('runtime/output-lost', `the output cannot be written: ${code}`)
    printError(lost)
    // The last words of a command fail after its end.
    process.exitCode = lost.exitCode
  })
  return (exitCode) => lost?.exitCode ?? exitCode
}
