/** The way in and out: a token is exchanged for a cookie. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Html, html } from '../html.ts'
import { page } from '../pages/layout.ts'
import { COOKIE, type GuardDeps } from './guard.ts'
import { SESSION_SECONDS } from './session.ts'
import { actorOf } from './tokens.ts'

/** Of one address; a token has too many possibilities to be guessed, this is against noise. */
const ATTEMPTS_A_MINUTE = 10

export async function addLogin(server: FastifyInstance, deps: GuardDeps): Promise<void> {
  await server.register(rateLimit, { global: false })
  server.get('/login', (request, reply) => sendPage(reply, 200, nextOf(request.query), null))
  const limited = { config: { rateLimit: { max: ATTEMPTS_A_MINUTE, timeWindow: '1 minute' } } }
  server.post('/login', limited, (request, reply) => logIn(request, reply, deps))
}

function logIn(request: FastifyRequest, reply: FastifyReply, { tokens, sessions, now }: GuardDeps): FastifyReply {
  const next = nextOf(request.body)
  const actor = actorOf(tokens, textOf(request.body, 'token').trim())
  if (actor === null) return sendPage(reply, 401, next, 'This token is not the one that is set.')
  const cookie = sessions.seal(sessions.begin(actor, now()))
  return reply
    .setCookie(COOKIE, cookie, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: request.protocol === 'https',
      maxAge: SESSION_SECONDS,
    })
    .redirect(next, 303)
}

export function logOut(reply: FastifyReply): FastifyReply {
  return reply.clearCookie(COOKIE, { path: '/' }).redirect('/login', 303)
}

/** A path of ours and nothing else: `//elsewhere` and `/\elsewhere` lead away. */
function nextOf(values: unknown): string {
  const next = textOf(values, 'next')
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : '/'
}

function textOf(values: unknown, name: string): string {
  const value: unknown = typeof values === 'object' && values !== null ? Reflect.get(values, name) : undefined
  return typeof value === 'string' ? value : ''
}

function sendPage(reply: FastifyReply, status: number, next: string, problem: string | null): FastifyReply {
  return reply
    .code(status)
    .type('text/html')
    .send(page({ title: 'Log in', session: null, body: form(next, problem) }))
}

function form(next: string, problem: string | null): Html {
  return html`<div class="login card">
      <h1>Mailchute</h1>
      ${problem !== null && html`<p class="alert bad" role="alert">${problem}</p>`}
      <form method="post" action="/login">
        <input type="hidden" name="next" value="${next}">
        <div class="field">
          <label>Token <input type="password" name="token" autocomplete="current-password" required autofocus></label>
        </div>
        <button>Log in</button>
      </form>
      <p class="quiet-text">It is the setting <code>CONSOLE_TOKEN</code>, or was printed when Mailchute started for the first time.</p>
    </div>`
}
