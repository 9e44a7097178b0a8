/** What goes out: acknowledgements and webhooks, and what became of each. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ListedOutbox } from '../../store/browse/outbox.ts'
import type { Session } from '../access/session.ts'
import { html } from '../html.ts'
import type { ConsoleDeps } from '../server.ts'
import { doneNotice } from './actions/done.ts'
import { mayAct, outboxActions } from './actions/forms.ts'
import { page } from './layout.ts'
import { choiceField, filterForm, olderLink, PAGE_ROWS, pageOf, present, readQuery, text } from './list.ts'
import { addressOf, instant, type Row, table, tag } from './parts.ts'
import { reason } from './reasons.ts'

const STATES = ['waiting', 'sent', 'failed', 'skipped'] as const

const QUERY = z.object({
  state: text.pipe(z.enum(STATES).optional()),
  mailbox: text,
  before: text.pipe(
    z
      .string()
      .regex(/^\d{1,18}$/)
      .optional(),
  ),
})

export function addOutbox(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/outbox', async (request, reply) => {
    const { before, ...query } = readQuery(QUERY, request.query)
    const cursor = before === undefined ? null : BigInt(before)
    const { rows, last } = pageOf(await store.browse.outbox(present(query), cursor, PAGE_ROWS + 1))
    const fields = [
      choiceField('state', 'State', STATES, query.state),
      choiceField(
        'mailbox',
        'Mailbox',
        mailboxes.map(({ name }) => name),
        query.mailbox,
      ),
    ]
    const columns = mayAct(request.session) ? [...COLUMNS, { name: 'Actions', className: 'acts' }] : COLUMNS
    const body = html`<h1>Outbox</h1>
      ${doneNotice(request.query)}
      ${filterForm('/outbox', fields)}
      <div data-live>${table(
        'Outbox',
        columns,
        rows.map((mail) => row(request.session, mail, now())),
        html`Nothing goes out here: acknowledgements and webhooks are written into the outbox where they are switched on.`,
      )}</div>
      ${last && olderLink('/outbox', request.query, String(last.id))}`
    return reply.type('text/html').send(page({ title: 'Outbox', section: '/outbox', session: request.session, body }))
  })
}

const COLUMNS = [
  { name: 'Written', className: 'nowrap' },
  { name: 'What' },
  { name: 'To', className: 'main' },
  { name: 'Ticket', className: 'number' },
  { name: 'State' },
  { name: 'Reason' },
  { name: 'Attempts', className: 'number' },
  { name: 'Mailbox' },
]

function row(session: Session | null, mail: ListedOutbox, now: Date): Row {
  const { id, createdAt, target, recipient, ticket, state, attempts, mailbox, bouncedAt, bounceStatus } = mail
  const isTriedAgain = state === 'waiting' && mail.nextAttemptAt > now
  const cells = [
    instant(createdAt, now),
    target,
    target.startsWith('webhook:') ? html`<span class="quiet-text">the webhook</span>` : addressOf(recipient),
    ticket && html`<a href="/tickets/${ticket.number}">#${ticket.number}</a>`,
    html`${tag(state)}${isTriedAgain && html` <small>again ${instant(mail.nextAttemptAt, now)}</small>`} ${bouncedAt !== null && html`<span class="tag bad">bounced ${bounceStatus}</span>`}`,
    reason(mail.reason),
    attempts,
    mailbox.name,
    outboxActions(session, mail),
  ]
  return { key: String(id), cells }
}
