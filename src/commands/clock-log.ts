import type { Logger } from 'node-cron'
import { asMailchuteError } from '../errors.ts'
import type { Log } from '../log.ts'

/** What node-cron has to say, as lines of our log: it would write to standard output otherwise. */
export function clockLog(log: Log): Logger {
  const late = (reason: string) => log.event('worker.late', { reason })
  const quiet = () => undefined
  return {
    info: quiet,
    debug: quiet,
    warn: late,
    error: (said) => late(typeof said === 'string' ? said : asMailchuteError(said).code),
  }
}
