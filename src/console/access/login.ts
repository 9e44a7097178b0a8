/** The way in and out: a token, or a login at an issuer, is exchanged for a cookie. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OidcConfig } from '../../config/oidc.ts'
import type { Log } from '../../log.ts'
import type { GuardDeps } from './guard.ts'
import { sendLoginPage } from './login-page.ts'
import { nextOf, textOf } from './next.ts'
import { addOidc } from './oidc/routes.ts'
import { COOKIE, setSessionCookie } from './session-cookie.ts'
import { actorOf } from './tokens.ts'

/** Of one address; a token has too many possibilities to be guessed, this is against noise. */
const ATTEMPTS_A_MINUTE = 10

export interface LoginDeps extends GuardDeps {
  /** null: by token alone. */
  readonly oidc: OidcConfig | null
  readonly log: Pick<Log, 'event' | 'failure'>
}

export async function addLogin(server: FastifyInstance, deps: LoginDeps): Promise<void> {
  await server.register(rateLimit, { global: false })
  const { oidc } = deps
  server.get('/login', (request, reply) =>
    sendLoginPage(reply, { status: 200, next: nextOf(request.query), problem: null, oidc }),
  )
  const limited = { config: { rateLimit: { max: ATTEMPTS_A_MINUTE, timeWindow: '1 minute' } } }
  server.post('/login', limited, (request, reply) => logIn(request, reply, deps))
  if (oidc !== null) addOidc(server, { ...deps, oidc })
}

function logIn(request: FastifyRequest, reply: FastifyReply, deps: LoginDeps): FastifyReply {
  const { tokens, sessions, now, oidc, log } = deps
  const next = nextOf(request.body)
  const actor = actorOf(tokens, textOf(request.body, 'token').trim())
  if (actor === null) {
    log.event('console.login-refused', { code: 'console/login-required', address: request.ip })
    return sendLoginPage(reply, {
      status: 401,
      next,
      problem: { message: 'This token is not the one that is set.' },
      oidc,
    })
  }
  log.event('console.login', { actor: actor.name, role: actor.role, address: request.ip })
  const cookie = sessions.seal(sessions.begin(actor, now()))
  return setSessionCookie(reply, cookie, request.protocol === 'https').redirect(next, 303)
}

export function logOut(reply: FastifyReply): FastifyReply {
  return reply.clearCookie(COOKIE, { path: '/' }).redirect('/login', 303)
}
