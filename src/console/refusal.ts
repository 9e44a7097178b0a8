/** What HTTP says of an error, to people and to programs. */
import type { FastifyRequest } from 'fastify'
import { asMailchuteError, type ErrorCode, MailchuteError } from '../errors.ts'
import type { Log } from '../log.ts'

/** What is not here is a trouble of ours that may pass: 503. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'console/login-required': 401,
  'console/not-allowed': 403,
  'console/form-refused': 403,
  'console/host-unknown': 403,
  'console/not-found': 404,
  'console/request-invalid': 400,
  'console/not-possible': 409,
  'console/too-many': 429,
  'store/search-too-wide': 400,
  'store/purged': 410,
  'message/parse-timeout': 422,
  'message/parse-memory': 422,
  'message/unparseable': 422,
  'internal/bug': 500,
}

export interface Refusal {
  readonly error: MailchuteError
  readonly status: number
}

/** What Fastify itself refuses (a body too large, one that cannot be read) is the sender's fault. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number') {
    const { statusCode: status } = thrown
    if (status === 429) return { status, error: new MailchuteError('console/too-many', 'too many requests') }
    const error = new MailchuteError('console/request-invalid', 'the request cannot be read', { cause: thrown })
    if (status >= 400 && status < 500) return { status, error }
  }
  const error = isLate(thrown) ? new MailchuteError('store/unavailable', 'no answer in time') : asMailchuteError(thrown)
  return { error, status: STATUS[error.code] ?? 503 }
}

/** Of Fastify's `handlerTimeout`. Whatever is asked here, it is the database that is waited for. */
const isLate = (thrown: unknown) =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'FST_ERR_HANDLER_TIMEOUT'

/** Of a route whose answer goes on for as long as somebody reads it. */
export const STREAMED = { handlerTimeout: 2 ** 31 - 1 }

export const isOurs = ({ status }: Refusal): boolean => status >= 500

/** By the pattern of its route: an address may name a message, and a query what somebody searched for (I9). */
export function tellFault(log: Pick<Log, 'failure'> | undefined, request: FastifyRequest, refusal: Refusal): void {
  if (isOurs(refusal)) log?.failure('console.failed', refusal.error, { route: request.routeOptions.url })
}
