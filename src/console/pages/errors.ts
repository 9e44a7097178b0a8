/** What went wrong, as a page for people and as JSON for programs: code, and what to do. Never what was asked for. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MailchuteError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { setSecurityHeaders } from '../access/headers.ts'
import { html } from '../html.ts'
import { isOurs, type Refusal, refusalOf, tellFault } from '../refusal.ts'
import { page } from './layout.ts'

/** `log` hears of what is our fault. */
export function addErrorPages(server: FastifyInstance, log: Pick<Log, 'failure'> | undefined): void {
  server.setNotFoundHandler((request, reply) =>
    answer(request, reply, refusalOf(new MailchuteError('console/not-found', 'there is nothing here'))),
  )
  server.setErrorHandler((thrown, request, reply) => {
    const refusal = refusalOf(thrown)
    tellFault(log, request, refusal)
    return answer(request, reply, refusal)
  })
}

/** Of addresses that lead to no route; no hook runs for them. */
export function answerUnreadable(_: unknown, request: FastifyRequest, reply: FastifyReply): void {
  setSecurityHeaders(reply)
  answer(request, reply, refusalOf(new MailchuteError('console/request-invalid', 'the address cannot be read')))
}

function answer(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { error, status } = refusal
  const { code, hint } = error
  // What a database says names its server, and what nobody foresaw may quote anything.
  const message = isOurs(refusal) ? 'this cannot be answered at the moment' : error.message
  reply.code(status)
  const isForPeople = (request.headers.accept ?? '').includes('text/html')
  if (!isForPeople) return reply.send({ status: 'failed', code, hint })
  const body = html`<h1>${message}</h1>
      <p>${hint}</p>
      <p class="quiet-text"><code>${code}</code></p>
      <p><a href="/">To the overview</a></p>`
  return reply.type('text/html').send(page({ title: message, session: request.session ?? null, body }))
}
