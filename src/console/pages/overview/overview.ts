/** How things stand, at one glance: what needs somebody, how the work goes, and each mailbox. */
import type { FastifyInstance } from 'fastify'
import { html } from '../../html.ts'
import type { ConsoleDeps } from '../../server.ts'
import { doneNotice } from '../actions/done.ts'
import { page } from '../layout.ts'
import { alertList } from './alerts.ts'
import { figureList } from './figures.ts'
import { mailboxTable } from './mailboxes.ts'

/** Of all that there are: one a code and mailbox, those that last first. */
const ALERTS_SHOWN = 200

export function addOverview(server: FastifyInstance, { store, mailboxes, queue, now }: ConsoleDeps): void {
  server.get('/', async (request, reply) => {
    const [figures, latency, standings, alerts, depth] = await Promise.all([
      store.figures(),
      store.monitor.latency(),
      store.browse.mailboxes(),
      store.alerts.list(ALERTS_SHOWN),
      queue === null ? [] : queue.depth().catch(() => null),
    ])
    const names = new Set(mailboxes.map(({ name }) => name))
    const body = html`<h1>Overview</h1>
      ${doneNotice(request.query)}
      <div data-live>
        ${alertList(alerts, standings, now())}
        ${figureList({ figures, latency, standings, queue: queue === null ? null : { depth } })}
        <h2 id="mailboxes">Mailboxes</h2>
        ${mailboxTable(request.session, standings, names, now())}
      </div>`
    return reply.type('text/html').send(page({ title: 'Overview', section: '/', session: request.session, body }))
  })
}
