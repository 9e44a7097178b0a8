/** What went wrong, as a page for people and as JSON for programs: code, and what to do. Never what was asked for. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { asMailchuteError, type ErrorCode, MailchuteError } from '../../errors.ts'
import { setSecurityHeaders } from '../access/headers.ts'
import { html } from '../html.ts'
import { page } from './layout.ts'

const STATUS: Partial<Record<ErrorCode, number>> = {
  'console/login-required': 401,
  'console/not-allowed': 403,
  'console/form-refused': 403,
  'console/not-found': 404,
  'console/request-invalid': 400,
  'console/too-many': 429,
  'store/search-too-wide': 400,
  'store/purged': 410,
  'message/parse-timeout': 422,
  'message/parse-memory': 422,
  'message/unparseable': 422,
  'internal/bug': 500,
}

export function addErrorPages(server: FastifyInstance): void {
  server.setNotFoundHandler((request, reply) =>
    answer(request, reply, new MailchuteError('console/not-found', 'there is nothing here')),
  )
  server.setErrorHandler((thrown, request, reply) => answer(request, reply, typed(thrown)))
}

/** Of addresses that lead to no route; no hook runs for them. */
export function answerUnreadable(_: unknown, request: FastifyRequest, reply: FastifyReply): void {
  setSecurityHeaders(reply)
  answer(request, reply, new MailchuteError('console/request-invalid', 'the address cannot be read'))
}

/** What Fastify itself refuses (a body too large, a form that is none) is the sender's fault. */
function typed(thrown: unknown): MailchuteError {
  const status = thrown instanceof Error && 'statusCode' in thrown ? thrown.statusCode : null
  if (status === 429) return new MailchuteError('console/too-many', 'too many attempts')
  const isSenders = typeof status === 'number' && status >= 400 && status < 500
  if (isSenders) return new MailchuteError('console/request-invalid', 'the request cannot be read', { cause: thrown })
  return asMailchuteError(thrown)
}

function answer(request: FastifyRequest, reply: FastifyReply, error: MailchuteError): FastifyReply {
  const { code, hint } = error
  const status = STATUS[code] ?? 503
  // What a database says names its server, and what nobody foresaw may quote anything.
  const message = status >= 500 ? 'this cannot be answered at the moment' : error.message
  reply.code(status)
  const isForPeople = (request.headers.accept ?? '').includes('text/html')
  if (!isForPeople) return reply.send({ status: 'failed', code, hint })
  const body = html`<h1>${message}</h1>
      <p>${hint}</p>
      <p class="quiet-text"><code>${code}</code></p>
      <p><a href="/">To the overview</a></p>`
  return reply.type('text/html').send(page({ title: message, session: request.session ?? null, body }))
}
