/** The tickets, newest first, and one of them with its entries. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { FoundTicket } from '../../store/browse/tickets.ts'
import { html } from '../html.ts'
import type { ConsoleDeps } from '../server.ts'
import { page } from './layout.ts'
import { choiceField, filterForm, olderLink, PAGE_ROWS, pageOf, present, readQuery, searchField, text } from './list.ts'
import { instant, type Row, table, tag } from './parts.ts'

const STATUSES = ['open', 'pending', 'closed', 'merged'] as const

const QUERY = z.object({
  status: text.pipe(z.enum(STATUSES).optional()),
  mailbox: text,
  queue: text,
  address: text,
  before: text.pipe(
    z
      .string()
      .regex(/^\d{1,9}$/)
      .optional(),
  ),
})

export function addTickets(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/tickets', async (request, reply) => {
    const { before, ...query } = readQuery(QUERY, request.query)
    const cursor = before === undefined ? null : Number(before)
    const { rows, last } = pageOf(await store.browse.tickets(present(query), cursor, PAGE_ROWS + 1))
    const fields = [
      searchField('address', 'Requester', query.address, 'anna@example.com'),
      choiceField('status', 'Status', STATUSES, query.status),
      choiceField(
        'mailbox',
        'Mailbox',
        mailboxes.map(({ name }) => name),
        query.mailbox,
      ),
      searchField('queue', 'Queue', query.queue),
    ]
    const body = html`<h1>Tickets</h1>
      ${filterForm('/tickets', fields)}
      <div data-live>${table(
        'Tickets',
        COLUMNS,
        rows.map((ticket) => row(ticket, now())),
        html`No ticket here. <a href="/messages">The messages</a> tell what came, and what became of it.`,
      )}</div>
      ${last && olderLink('/tickets', request.query, String(last.number))}`
    return reply.type('text/html').send(page({ title: 'Tickets', section: '/tickets', session: request.session, body }))
  })
}

const COLUMNS = [
  { name: 'Number', className: 'number' },
  { name: 'Subject', className: 'main' },
  { name: 'Requester', className: 'person' },
  { name: 'Status' },
  { name: 'Queue' },
  { name: 'Entries', className: 'number' },
  { name: 'Mailbox' },
  { name: 'Last entry', className: 'nowrap' },
]

function row(ticket: FoundTicket, now: Date): Row {
  const { number, subject, requesterName, requesterAddress, status, priority, queue, entries, mailbox, updatedAt } =
    ticket
  const cells = [
    `#${number}`,
    html`<a class="clip" href="/tickets/${number}"><bdi>${subject || '(no subject)'}</bdi></a>`,
    html`<span class="clip">${requesterName || requesterAddress || 'unknown'}</span>`,
    html`${tag(status)} ${priority !== 'normal' && tag(priority)}`,
    queue,
    entries,
    mailbox,
    instant(updatedAt, now),
  ]
  return { key: String(number), cells }
}
