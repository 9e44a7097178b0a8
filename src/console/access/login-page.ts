import type { FastifyReply } from 'fastify'
import type { OidcConfig } from '../../config/oidc.ts'
import type { ErrorContext } from '../../errors.ts'
import { type Html, html } from '../html.ts'
import { page } from '../pages/layout.ts'

export interface LoginPage {
  readonly status: number
  /** A path of ours. */
  readonly next: string
  /** Why there is no login yet. */
  readonly problem: Problem | null
  readonly oidc: OidcConfig | null
}

interface Problem {
  readonly message: string
  readonly hint?: string
  readonly code?: string
  readonly context?: ErrorContext
}

export function sendLoginPage(reply: FastifyReply, { status, next, problem, oidc }: LoginPage): FastifyReply {
  const body = html`<div class="login card">
      <h1>Mailchute</h1>
      ${problem !== null && problemOf(problem)}
      ${oidc !== null && signIn(oidc, next)}
      ${tokenForm(next, oidc === null)}
    </div>`
  return reply
    .code(status)
    .type('text/html')
    .send(page({ title: 'Log in', session: null, body }))
}

/** A link: what a form leads to, the policy would have to allow. */
export function sendLoggedOutPage(reply: FastifyReply, host: string, url: string): FastifyReply {
  const body = html`<div class="login card">
      <h1>Logged out</h1>
      <p>At ${host} you are still logged in, and whoever uses this browser comes in again by it.</p>
      <p><a class="button" href="${url}">Log out at ${host}</a></p>
      <p><a href="/login">Log in again</a></p>
    </div>`
  return reply.type('text/html').send(page({ title: 'Logged out', session: null, body }))
}

const problemOf = ({ message, hint, code, context }: Problem): Html =>
  html`<div class="alert bad" role="alert"><p><strong>${asSentence(message)}</strong></p>
        ${context?.['actor'] !== undefined && html`<p>It is <code>${String(context['actor'])}</code>.</p>`}
        ${hint !== undefined && html`<p>${asSentence(hint)}</p>`}
        ${code !== undefined && html`<p><code>${code}</code></p>`}
      </div>`

/** What begins with a name, as that of a host, stays as it is. */
const asSentence = (text: string): string =>
  `${text.replace(/^[a-z](?=[a-z]*[ ,])/, (first) => first.toUpperCase())}${text.endsWith('.') ? '' : '.'}`

/** A link: what a form leads to, the policy would have to allow. Its cookie belongs to the address that is come back to. */
const signIn = ({ consoleUrl, issuer }: OidcConfig, next: string): Html =>
  html`<p><a class="button" href="${consoleUrl}/login/oidc?next=${encodeURIComponent(next)}">Sign in with ${new URL(issuer).host}</a></p>
      <p class="quiet-text or">or</p>`

const tokenForm = (next: string, isOnly: boolean): Html =>
  html`<form method="post" action="/login">
        <input type="hidden" name="next" value="${next}">
        <div class="field">
          <label>Token ${isOnly ? focused : unfocused}</label>
        </div>
        <button${isOnly ? '' : QUIET}>Log in</button>
      </form>
      <p class="quiet-text">It is the setting <code>CONSOLE_TOKEN</code>, or was printed when Mailchute started for the first time.</p>`

const focused = html`<input type="password" name="token" autocomplete="current-password" required autofocus>`
const unfocused = html`<input type="password" name="token" autocomplete="current-password" required>`
const QUIET = html` class="quiet"`
