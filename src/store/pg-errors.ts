import { asMailchuteError, type ErrorCode, MailchuteError } from '../errors.ts'

/**
 * What went wrong in the database as one of our errors, by SQLSTATE class (PostgreSQL manual, appendix A):
 * the server's troubles pass by themselves, a value it refuses never will.
 */
export function storeError(thrown: unknown): MailchuteError {
  if (thrown instanceof MailchuteError) return thrown
  const { state, message } = sqlStateOf(thrown)
  const code = codeOf(state, message)
  return code === null
    ? asMailchuteError(thrown)
    : new MailchuteError(code, `database: ${safe(state, message)}`, { cause: thrown })
}

const DISK_FULL = '53100'
/** Class: data exception, integrity constraint violation, program limit exceeded. */
const REFUSED_VALUE = ['22', '23', '54']
/** undefined_table, undefined_column, undefined_object, invalid_schema_name. */
const OLD_SCHEMA = new Set(['42P01', '42703', '42704', '3F000'])
const NETWORK_TROUBLE =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET)|Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable|^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TlsConnectionError)$/

function codeOf(state: string, message: string): ErrorCode | null {
  if (state === DISK_FULL || /No space left on device/.test(message)) return 'store/disk-full'
  if (OLD_SCHEMA.has(state)) return 'store/not-migrated'
  if (REFUSED_VALUE.some((start) => state.startsWith(start) && state.length === 5)) return 'store/write-refused'
  // Whatever else PostgreSQL says is for an operator to mend, and no message's fault.
  if (/^[0-9A-Z]{5}$/.test(state)) return 'store/unavailable'
  return NETWORK_TROUBLE.test(state) || NETWORK_TROUBLE.test(message) ? 'store/unavailable' : null
}

/** node-postgres puts the SQLSTATE (or the errno) into `code`; Prisma's adapter hides it deeper. */
function sqlStateOf(thrown: unknown): { state: string; message: string } {
  if (typeof thrown !== 'object' || thrown === null) return { state: '', message: String(thrown) }
  const { code, message, errors } = thrown as { code?: unknown; message?: unknown; errors?: unknown }
  if (Array.isArray(errors) && errors.length > 0) return sqlStateOf(errors[0])
  const { meta, cause } = thrown as { meta?: { driverAdapterError?: { cause?: unknown } }; cause?: unknown }
  const deeper = meta?.driverAdapterError?.cause ?? (code === undefined ? cause : undefined)
  if (deeper !== undefined && deeper !== null) return sqlStateOf(adapterCause(deeper))
  return { state: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' }
}

/** Where PostgreSQL itself said nothing, the adapter has a `kind` only. */
function adapterCause(cause: unknown): unknown {
  if (typeof cause !== 'object' || cause === null) return cause
  if (!('originalCode' in cause)) return 'kind' in cause ? { message: String(cause.kind) } : cause
  const { originalCode, originalMessage } = cause as { originalCode?: unknown; originalMessage?: unknown }
  return { code: originalCode, message: originalMessage }
}

/** Messages about a refused value may quote it, and it may be mail content (I9). */
function safe(state: string, message: string): string {
  return REFUSED_VALUE.some((start) => state.startsWith(start)) ? `value refused (SQLSTATE ${state})` : message
}

/** lock_not_available: another transaction has held the lock for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof MailchuteError && sqlStateOf(error.cause).state === '55P03'
}

/** query_canceled: it took longer than `statement_timeout`. */
export function isCancelled(error: unknown): boolean {
  return error instanceof MailchuteError && sqlStateOf(error.cause).state === '57014'
}

/** serialization_failure, deadlock_detected: PostgreSQL has undone all of the transaction. Who merely has no answer cannot know. */
export function isRolledBack(error: unknown): boolean {
  return error instanceof MailchuteError && ['40001', '40P01'].includes(sqlStateOf(error.cause).state)
}
