/** What went wrong, for programs: RFC 9457, with our code and what to do. */
import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import { asMailchuteError, type ErrorCode, MailchuteError } from '../../errors.ts'

const STATUS: Partial<Record<ErrorCode, number>> = {
  'console/login-required': 401,
  'console/not-allowed': 403,
  'console/form-refused': 403,
  'console/not-found': 404,
  'console/request-invalid': 400,
  'console/not-possible': 409,
  'console/too-many': 429,
  'store/purged': 410,
  'message/parse-timeout': 422,
  'message/parse-memory': 422,
  'message/unparseable': 422,
  'store/search-too-wide': 400,
  'internal/bug': 500,
}

export function sendProblem(reply: FastifyReply, thrown: unknown): FastifyReply {
  const { error, status } = typed(thrown)
  const { code, hint } = error
  // What nobody foresaw may quote anything.
  const detail = code === 'internal/bug' ? 'this should not have happened' : error.message
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? '', status, detail, code, hint }
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
}

/** What Fastify itself refuses (a body too large, one that is no JSON) is the sender's fault. */
function typed(thrown: unknown): { error: MailchuteError; status: number } {
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number') {
    const { statusCode: status } = thrown
    if (status === 429) return { error: new MailchuteError('console/too-many', 'too many requests'), status }
    const error = new MailchuteError('console/request-invalid', 'the request cannot be read')
    if (status >= 400 && status < 500) return { error, status }
  }
  const error = asMailchuteError(thrown)
  return { error, status: STATUS[error.code] ?? 503 }
}
