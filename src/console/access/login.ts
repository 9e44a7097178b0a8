/** The way in and out: a token, or a login at an issuer, is exchanged for a cookie. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OidcConfig } from '../../config/oidc.ts'
import type { Log } from '../../log.ts'
import type { GuardDeps } from './guard.ts'
import { sendLoggedOutPage, sendLoginPage } from './login-page.ts'
import { nextOf, textOf } from './next.ts'
import type { Issuer } from './oidc/issuer.ts'
import { addOidc } from './oidc/routes.ts'
import { signOutUrl } from './oidc/sign-out.ts'
import { COOKIE, setSessionCookie } from './session-cookie.ts'
import { actorOf } from './tokens.ts'

/** Of one address; a token has too many possibilities to be guessed, this is against noise. */
const ATTEMPTS_A_MINUTE = 10

export interface LoginDeps extends GuardDeps {
  /** null: by token alone. */
  readonly oidc: OidcConfig | null
  readonly issuer: Issuer | null
  readonly log: Pick<Log, 'event' | 'failure'>
}

export async function addLogin(server: FastifyInstance, deps: LoginDeps): Promise<void> {
  await server.register(rateLimit, { global: false })
  const { oidc, issuer } = deps
  server.get('/login', (request, reply) =>
    sendLoginPage(reply, { status: 200, next: nextOf(request.query), problem: null, oidc }),
  )
  const limited = { config: { rateLimit: { max: ATTEMPTS_A_MINUTE, timeWindow: '1 minute' } } }
  server.post('/login', limited, (request, reply) => logIn(request, reply, deps))
  if (oidc !== null && issuer !== null) addOidc(server, { ...deps, oidc, issuer })
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

/** Who came from an issuer is still logged in there, and is told where that can be ended. */
export async function logOut({ session }: FastifyRequest, reply: FastifyReply, { issuer }: LoginDeps) {
  reply.clearCookie(COOKIE, { path: '/' })
  const isFromIssuer = session?.actor.name.startsWith('oidc:') === true
  const url = isFromIssuer && issuer !== null ? await signOutUrl(issuer) : null
  if (issuer === null || url === null) return reply.redirect('/login', 303)
  return sendLoggedOutPage(reply, issuer.host, url)
}
