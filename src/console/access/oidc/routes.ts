/**
 * The way in over an issuer: `/login/oidc` leads there, `/login/oidc/callback` is where it leads back. Both are plain
 * GETs without a script. What was begun belongs to the browser that began it, by a cookie; nobody comes in whom the
 * settings do not name.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OidcConfig } from '../../../config/oidc.ts'
import { asMailchuteError, type ErrorCode, MailchuteError } from '../../../errors.ts'
import { html } from '../../html.ts'
import { page } from '../../pages/layout.ts'
import { cookieKey } from '../cookie-key.ts'
import type { LoginDeps } from '../login.ts'
import { sendLoginPage } from '../login-page.ts'
import { nextOf } from '../next.ts'
import { setSessionCookie } from '../session-cookie.ts'
import type { Actor } from '../tokens.ts'
import type { Issuer } from './issuer.ts'
import { openPending, PENDING_SECONDS, type PendingLogin, sealPending } from './pending.ts'
import { beginSignIn, CALLBACK_PATH, finishSignIn } from './sign-in.ts'

/** Of one address, which may be that of a whole office. */
const REQUESTS_A_MINUTE = 30

type Deps = LoginDeps & { readonly oidc: OidcConfig; readonly issuer: Issuer }

interface Way extends Deps {
  readonly key: Buffer
  /** The console is reached over TLS. Not asked of the request: a proxy may forget to tell. */
  readonly isSecure: boolean
}

export function addOidc(server: FastifyInstance, deps: Deps): void {
  const { oidc, tokens } = deps
  const key = cookieKey(tokens, oidc, 'mailchute console sign-in 1')
  const isSecure = oidc.consoleUrl.startsWith('https:')
  const way: Way = { ...deps, key, isSecure }
  const limited = { config: { rateLimit: { max: REQUESTS_A_MINUTE, timeWindow: '1 minute' } } }
  server.get('/login/oidc', limited, (request, reply) => begin(request, reply, way))
  server.get(CALLBACK_PATH, limited, (request, reply) => finish(request, reply, way))
}

async function begin(request: FastifyRequest, reply: FastifyReply, way: Way): Promise<FastifyReply> {
  const next = nextOf(request.query)
  try {
    const { url, ...begun } = await beginSignIn(way.oidc, way.issuer)
    const endsAt = new Date(way.now().getTime() + PENDING_SECONDS * 1000)
    const cookie = sealPending(way.key, { ...begun, next, endsAt })
    return reply.setCookie(cookieName(way), cookie, { ...cookieOf(way), maxAge: PENDING_SECONDS }).redirect(url)
  } catch (thrown) {
    return refuse(request, reply, way, next, thrown)
  }
}

async function finish(request: FastifyRequest, reply: FastifyReply, way: Way): Promise<FastifyReply> {
  const pending = openPending(way.key, request.cookies[cookieName(way)] ?? '', way.now())
  if (pending === null) {
    return refuse(
      request,
      reply,
      way,
      '/',
      new MailchuteError('oidc/login-unfinished', 'no login waits in this browser'),
    )
  }
  try {
    const query = new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1))
    const actor = await finishSignIn(way.oidc, way.issuer, pending, query)
    reply.clearCookie(cookieName(way), cookieOf(way))
    return welcome(request, reply, way, pending, actor)
  } catch (thrown) {
    return refuse(request, reply, way, pending.next, thrown)
  }
}

/**
 * A page and no redirect: the way here began on another site, and until a page of ours goes on by itself the browser
 * withholds the strict cookie.
 */
function welcome(request: FastifyRequest, reply: FastifyReply, way: Way, { next }: PendingLogin, actor: Actor) {
  way.log.event('console.login', { actor: actor.name, role: actor.role, address: request.ip })
  const { sessions, now } = way
  const body = html`<div class="login card"><h1>Signed in</h1><p><a href="${next}">Go on</a></p></div>`
  return setSessionCookie(reply, sessions.seal(sessions.begin(actor, now())), way.isSecure)
    .header('refresh', `0; url=${next}`)
    .type('text/html')
    .send(page({ title: 'Signed in', session: null, body }))
}

function refuse(request: FastifyRequest, reply: FastifyReply, way: Way, next: string, thrown: unknown): FastifyReply {
  const error = asMailchuteError(thrown)
  way.log.failure('console.login-refused', error, { address: request.ip })
  if (error.code === 'internal/bug') throw error
  return sendLoginPage(reply, { status: STATUS[error.code] ?? 401, next, problem: error, oidc: way.oidc })
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  'oidc/unavailable': 503,
  'oidc/issuer-wrong': 503,
  'oidc/client-refused': 503,
  'oidc/no-role': 403,
}

/** RFC 6265bis section 4.1.3.2: with this prefix no other host of the domain can set it. */
const cookieName = ({ isSecure }: Way): string => (isSecure ? '__Host-mailchute_login' : 'mailchute_login')

/** `lax`: it is needed by a request that another site leads to. */
const cookieOf = ({ isSecure }: Way) => ({ path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure }) as const
