/** How things stand, at one glance: what needs somebody, and each mailbox. */
import type { FastifyInstance } from 'fastify'
import type { MailboxConfig } from '../../config.ts'
import type { Figures } from '../../store/figures.ts'
import type { Mailbox } from '../../store/mailboxes.ts'
import { type Html, html } from '../html.ts'
import type { ConsoleDeps } from '../server.ts'
import { page } from './layout.ts'
import { instant, tag } from './parts.ts'

export function addOverview(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/', async (request, reply) => {
    const [figures, rows] = await Promise.all([store.figures(), store.mailboxes.all()])
    const body = html`<h1>Overview</h1>
      <div data-live>
        ${figureList(figures)}
        <h2>Mailboxes</h2>
        <div class="cards">${rows.map((row) => card(row, mailboxes, now()))}</div>
      </div>`
    return reply.type('text/html').send(page({ title: 'Overview', section: '/', session: request.session, body }))
  })
}

function figureList(figures: Figures): Html {
  const shown = [
    ['Waiting for work', figures.waiting],
    ['Need a person', figures.quarantined],
    ['Held on the server', figures.held],
    ['Mail to be sent', figures.outboxWaiting],
    ['Mail not sent', figures.outboxFailed],
  ] as const
  return html`<dl class="figures">${shown.map(([name, count]) => html`<div><dt>${name}</dt><dd>${count}</dd></div>`)}</dl>`
}

function card(row: Mailbox, mailboxes: readonly MailboxConfig[], now: Date): Html {
  const isSet = mailboxes.some(({ name }) => name === row.name)
  return html`<section class="card">
          <h3>${row.name} ${tag(row.state)}</h3>
          <p class="quiet-text mono">${row.url}</p>
          <dl class="about">
            <dt>Last good poll</dt><dd>${instant(row.lastGoodPollAt, now)}</dd>
            ${row.pausedReason !== null && html`<dt>Paused for</dt><dd><code>${row.pausedReason}</code></dd>`}
            ${!isSet && html`<dt>Settings</dt><dd>not set here: polled by another process, or no more</dd>`}
          </dl>
        </section>`
}
