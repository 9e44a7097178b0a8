/**
 * The API: what there is to read, and what an operator may do, for programs. Behind the same guard as the pages; every
 * action leaves an event with its actor; what it is, /api/openapi.json tells.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MailchuteError } from '../../errors.ts'
import { refusalOf, STREAMED, tellFault } from '../refusal.ts'
import { openApiOf } from './openapi.ts'
import { sendProblem } from './problem.ts'
import type { ApiDeps, Route } from './route.ts'
import { AUDIT_ROUTES } from './routes/audit.ts'
import { MAILBOX_ROUTES } from './routes/mailboxes.ts'
import { MESSAGE_ROUTES } from './routes/messages.ts'
import { OUTBOX_ROUTES } from './routes/outbox.ts'
import { POLL_ROUTES } from './routes/polls.ts'
import { TICKET_ROUTES } from './routes/tickets.ts'

export const ROUTES: readonly Route[] = [
  ...MAILBOX_ROUTES,
  ...MESSAGE_ROUTES,
  ...TICKET_ROUTES,
  ...POLL_ROUTES,
  ...OUTBOX_ROUTES,
  ...AUDIT_ROUTES,
]

/** Of one login from one address: more than a program needs that does not run wild. */
const REQUESTS_A_MINUTE = 1200

export async function addApi(server: FastifyInstance, deps: ApiDeps): Promise<void> {
  const document = openApiOf(ROUTES)
  await server.register(
    async (api) => {
      api.setErrorHandler((thrown, request, reply) => {
        const refusal = refusalOf(thrown)
        tellFault(deps.log, request, refusal)
        return sendProblem(reply, refusal)
      })
      api.setNotFoundHandler((_, reply) => sendProblem(reply, refusalOf(nothingHere())))
      api.get('/openapi.json', LIMITED, () => document)
      for (const route of ROUTES) add(api, route, deps)
    },
    { prefix: '/api' },
  )
}

const nothingHere = () => new MailchuteError('console/not-found', 'there is nothing here')

const LIMITED = {
  config: {
    rateLimit: {
      max: REQUESTS_A_MINUTE,
      timeWindow: '1 minute',
      groupId: 'api',
      keyGenerator: ({ actor, ip }: FastifyRequest) => `${actor?.name ?? ''} ${ip}`,
    },
  },
}

function add(api: FastifyInstance, route: Route, deps: ApiDeps): void {
  const url = `/v1${route.path.replace(/\{(\w+)\}/g, ':$1')}`
  api.route({
    ...LIMITED,
    ...(typeof route.answer === 'string' && STREAMED),
    method: route.method,
    url,
    handler: (request, reply) => route.handle(request, reply, deps),
  })
}
