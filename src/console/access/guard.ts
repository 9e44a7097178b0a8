/**
 * Nobody reads mail without a login. Guards every route of the server that it is put on: who is not logged in is sent
 * to the login page (or gets 401, below /api); who may only read gets 403 for what acts; a form that does not bring the
 * token of its session along was not ours (CSRF).
 */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MailchuteError } from '../../errors.ts'
import type { Session, Sessions } from './session.ts'
import { COOKIE } from './session-cookie.ts'
import { type Actor, actorOf, type ConsoleTokens } from './tokens.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of whoever is logged in by cookie; null for a program with a token. */
    session: Session | null
    /** null: nobody is, and only the guard itself sees that. */
    actor: Actor | null
  }
  interface FastifyContextConfig {
    /** Acts on nothing but one's own login. */
    isForReaders?: boolean
  }
}

export interface GuardDeps {
  readonly tokens: ConsoleTokens
  readonly sessions: Sessions
  readonly now: () => Date
}

export function addGuard(server: FastifyInstance, deps: GuardDeps): void {
  server.decorateRequest('session', null)
  server.decorateRequest('actor', null)
  server.addHook('onRequest', async (request, reply) => {
    request.session = sessionOf(request, deps)
    request.actor = request.session?.actor ?? bearerOf(request, deps.tokens)
    if (request.actor === null) return refuse(request, reply)
    const isReading = isSafe(request) || request.routeOptions.config.isForReaders === true
    if (!isReading && request.actor.role !== 'operator') {
      throw new MailchuteError('console/not-allowed', 'this login may only read')
    }
  })
  // After the body was read: the token may stand in the form.
  server.addHook('preHandler', async (request) => {
    if (isSafe(request) || request.session === null) return
    if (!isSameToken(tokenOf(request), request.session.csrfToken)) {
      throw new MailchuteError('console/form-refused', 'the form does not belong to this login')
    }
  })
}

function sessionOf(request: FastifyRequest, { sessions, now }: GuardDeps): Session | null {
  const cookie = request.cookies[COOKIE]
  return cookie === undefined ? null : sessions.open(cookie, now())
}

function bearerOf(request: FastifyRequest, tokens: ConsoleTokens): Actor | null {
  const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  return token === undefined ? null : actorOf(tokens, token)
}

const isSafe = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD'

async function refuse(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const isPage = request.method === 'GET' && !request.url.startsWith('/api/')
  if (isPage) return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`)
  reply.header('www-authenticate', 'Bearer realm="mailchute"')
  throw new MailchuteError('console/login-required', 'nobody is logged in')
}

function tokenOf({ headers, body }: FastifyRequest): string {
  const inHeader = headers['x-csrf-token']
  if (typeof inHeader === 'string') return inHeader
  const inForm = typeof body === 'object' && body !== null && 'csrf' in body ? body.csrf : ''
  return typeof inForm === 'string' ? inForm : ''
}

function isSameToken(one: string, other: string): boolean {
  const [given, expected] = [Buffer.from(one), Buffer.from(other)]
  return given.length === expected.length && timingSafeEqual(given, expected)
}
