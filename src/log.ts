import { type Logger as Pino, pino } from 'pino'
import type { MailchuteError } from './errors.ts'

/**
 * Every event that is ever logged, with its level. One line a poll and one a message outcome; ids, counts, codes
 * and durations, never a secret and never mail content (I9).
 */
export const LOG_EVENTS = {
  'worker.started': 'info',
  'worker.stopping': 'info',
  'worker.stopped': 'info',
  'worker.failed': 'fatal',
  'worker.late': 'warn',
  'database.migrated': 'info',
  'poll.finished': 'info',
  'poll.failed': 'warn',
  'poll.skipped': 'debug',
  'poll.unbalanced': 'error',
  'mailbox.paused': 'error',
  'mailbox.resumed': 'info',
  'clock.wrong': 'warn',
  'watch.started': 'info',
  'watch.lost': 'info',
  'watch.unsupported': 'info',
  'message.ticketed': 'info',
  'message.suppressed': 'info',
  'message.quarantined': 'warn',
  'message.failed': 'warn',
  'message.held': 'warn',
  'loop.detected': 'error',
  'mail.sent': 'info',
  'mail.skipped': 'info',
  'mail.failed': 'warn',
  'send.failed': 'warn',
  'webhook.sent': 'debug',
  'webhook.failed': 'warn',
  'webhook.gone': 'error',
  'webhook.skipped': 'warn',
  'webhooks.failed': 'warn',
  'wake.failed': 'warn',
  'sweep.woke': 'info',
  'sweep.failed': 'warn',
  'queue.troubled': 'warn',
  'login.renewed': 'info',
  'login.failed': 'warn',
  'login.expires-soon': 'warn',
  'audit.sealed': 'info',
  'audit.waiting': 'warn',
  'audit.failed': 'error',
  'alert.began': 'error',
  'alert.over': 'info',
  'alert.failed': 'warn',
  'alert.not-looked': 'warn',
  'retention.purged': 'info',
  'retention.failed': 'error',
  'serve.started': 'info',
  'serve.skipped': 'warn',
  'console.failed': 'warn',
  'console.login': 'info',
  'console.login-refused': 'warn',
} as const satisfies Record<string, pino.Level>

export type LogEvent = keyof typeof LOG_EVENTS
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  event(name: LogEvent, fields?: LogFields): void
  /** The same, with what is known of an error: code, message, hint and ids; not its cause, which may quote anything. */
  failure(name: LogEvent, error: MailchuteError, fields?: LogFields): void
  /** Resolves when everything is written. */
  flush(): Promise<void>
}

/** Lines of JSON on standard error. */
export function openLog(level: pino.LevelWithSilent): Log {
  const logger: Pino = pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'event' },
    pino.destination({ dest: 2, sync: true }),
  )
  const write = (name: LogEvent, fields: object) => logger[LOG_EVENTS[name]](fields, name)
  return {
    event: (name, fields = {}) => write(name, fields),
    failure: (name, error, fields = {}) =>
      write(name, { ...fields, ...error.context, code: error.code, error: error.message, hint: error.hint }),
    flush: () => new Promise((resolve) => logger.flush(() => resolve())),
  }
}
