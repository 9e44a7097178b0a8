/** What is around every page: the way to the others, who is logged in, and the way out. */

import type { Session } from '../access/session.ts'
import { type Html, html, type Value } from '../html.ts'

export interface Page {
  readonly title: string
  /** The address of the section it belongs to, as in SECTIONS. */
  readonly section?: string
  readonly session: Session | null
  /** Where it belongs, from the section down: addresses with their names. */
  readonly path?: readonly (readonly [address: string, name: string])[]
  readonly body: Value
}

const SECTIONS = [
  ['/', 'Overview'],
  ['/messages', 'Messages'],
  ['/tickets', 'Tickets'],
  ['/quarantine', 'Quarantine'],
  ['/polls', 'Polls'],
  ['/outbox', 'Outbox'],
] as const

export function page({ title, section, session, path = [], body }: Page): string {
  return `<!doctype html>\n${html`<html lang="en" data-now="${new Date().toISOString()}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · Mailchute</title>
    <link rel="stylesheet" href="/assets/console.css">
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <script src="/assets/console.js" defer></script>
  </head>
  <body>
    <a class="skip" href="#content">Skip to content</a>
    ${session !== null && header(session, section)}
    <main id="content" tabindex="-1">
      ${path.length > 0 && html`<nav class="crumbs" aria-label="Breadcrumb"><ol>${path.map(([address, name]) => html`<li><a href="${address}">${name}</a></li>`)}</ol></nav>`}
      ${body}
    </main>
    ${session !== null && FOOTER}
  </body>
</html>
`}`
}

const FOOTER = html`<footer class="foot"><a href="/reasons">Reasons in words</a> <a href="/api/openapi.json">API</a></footer>`

function header(session: Session, section: string | undefined): Html {
  return html`<header class="top">
      <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="20" height="20"> Mailchute</a>
      <nav aria-label="Sections">
        <ul>
          ${SECTIONS.map(([path, name]) => link(path, name, path === section))}
        </ul>
      </nav>
      <form method="post" action="/logout" class="who">
        <input type="hidden" name="csrf" value="${session.csrfToken}">
        <span>${personOf(session)}${session.actor.role}</span>
        <button class="quiet">Log out</button>
      </form>
    </header>`
}

/** Whoever came by a token is nobody in particular. */
const personOf = ({ actor: { name } }: Session): Html | false =>
  name.startsWith('oidc:') && html`<span class="person">${name.replace(/^oidc:(sub:)?/, '')}</span> · `

const link = (path: string, name: string, isCurrent: boolean): Html =>
  html`<li><a href="${path}" aria-current="${isCurrent ? 'page' : 'false'}">${name}</a></li>`
