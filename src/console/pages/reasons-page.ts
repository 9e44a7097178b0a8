/** `/reasons`: every reason code in words, where the codes of other pages lead to. */
import type { FastifyInstance } from 'fastify'
import { ERROR_CATALOGUE } from '../../errors.ts'
import { html } from '../html.ts'
import { DEFECTS } from './defects.ts'
import { page } from './layout.ts'
import { REASONS } from './reasons.ts'

export function addReasons(server: FastifyInstance): void {
  server.get('/reasons', (request, reply) => {
    const errors = Object.entries(ERROR_CATALOGUE).map(([code, { hint }]) => [code, hint] as const)
    const body = html`<h1>Reasons</h1>
      <p class="quiet-text">Why a message is where it is, and what a mail was found to be. Codes stay as they are over all versions.</p>
      ${list('Decisions', Object.entries(REASONS))}
      ${list('Defects of mails', Object.entries(DEFECTS))}
      ${list(
        'Errors, and what to do',
        errors.filter(([code]) => !Object.hasOwn(REASONS, code)),
      )}`
    return reply.type('text/html').send(page({ title: 'Reasons', session: request.session, body }))
  })
}

const list = (title: string, codes: readonly (readonly [string, string])[]) =>
  html`<h2>${title}</h2>
      <dl class="about codes">${codes.map(([code, words]) => html`<dt id="${code}"><code>${code}</code></dt><dd>${words}</dd>`)}</dl>`
