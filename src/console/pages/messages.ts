/** What became of every message, and the search for one. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { MailchuteError } from '../../errors.ts'
import type { FoundMessage, MessageCursor, MessageSearch } from '../../store/browse.ts'
import { type Html, html } from '../html.ts'
import type { ConsoleDeps } from '../server.ts'
import { page } from './layout.ts'
import { bytes, instant, kindName, table, tag } from './parts.ts'

const PAGE_ROWS = 50
const STATES = ['received', 'ticketed', 'suppressed', 'quarantined'] as const

/** Of a form: what is left empty is not asked for. */
const text = z
  .string()
  .trim()
  .max(300)
  .transform((value) => (value === '' ? undefined : value))
  .optional()
const date = text
  .pipe(z.iso.date().optional())
  .transform((value) => (value === undefined ? undefined : new Date(value)))
const QUERY = z.object({
  state: text.pipe(z.enum(STATES).optional()),
  mailbox: text,
  reason: text,
  address: text,
  subject: text,
  messageId: text,
  from: date,
  to: date,
  before: text.pipe(
    z
      .string()
      .regex(/^\d{1,17}_[0-9a-f-]{36}$/)
      .optional(),
  ),
})
type Query = z.infer<typeof QUERY>

export function addMessages(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/messages', async (request, reply) => {
    const query = read(request.query)
    const found = await store.browse.messages(searchOf(query), cursorOf(query.before), PAGE_ROWS + 1)
    const shown = found.slice(0, PAGE_ROWS)
    const last = found.length > PAGE_ROWS ? shown.at(-1) : undefined
    const body = html`<h1>Messages</h1>
      ${form(
        query,
        mailboxes.map(({ name }) => name),
      )}
      <div data-live>${table(
        'Messages',
        COLUMNS,
        shown.map((message) => row(message, now())),
      )}</div>
      ${last !== undefined && older(request.query, last)}`
    return reply
      .type('text/html')
      .send(page({ title: 'Messages', section: '/messages', session: request.session, body }))
  })
}

function read(query: unknown): Query {
  const parsed = QUERY.safeParse(query)
  if (parsed.success) return parsed.data
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ')
  throw new MailchuteError('console/request-invalid', `what is asked for is not understood: ${names}`)
}

const DAY_MILLISECONDS = 86_400_000

function searchOf({ from, to, before: _, ...fields }: Query): MessageSearch {
  const until = to && new Date(to.getTime() + DAY_MILLISECONDS)
  const all = { ...fields, receivedFrom: from, receivedBefore: until }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function cursorOf(before: string | undefined): MessageCursor | null {
  const [receivedMicroseconds, id] = before?.split('_') ?? []
  return receivedMicroseconds === undefined || id === undefined ? null : { receivedMicroseconds, id }
}

function form(query: Query, names: readonly string[]): Html {
  const field = (name: string, label: string, value: string | undefined) =>
    html`<label>${label} <input type="search" name="${name}" value="${value}"></label>`
  const day = (name: string, label: string, value: Date | undefined) =>
    html`<label>${label} <input type="date" name="${name}" value="${value?.toISOString().slice(0, 10)}"></label>`
  return html`<form class="filter" method="get" action="/messages" role="search">
        ${field('address', 'From', query.address)}
        ${field('subject', 'Subject', query.subject)}
        ${field('messageId', 'Message-ID', query.messageId)}
        ${select('state', 'State', STATES, query.state)}
        ${select('mailbox', 'Mailbox', names, query.mailbox)}
        ${field('reason', 'Reason', query.reason)}
        ${day('from', 'Since', query.from)}
        ${day('to', 'Until', query.to)}
        <button>Search</button>
        <a class="button quiet" href="/messages">Clear</a>
      </form>`
}

function select(name: string, label: string, choices: readonly string[], chosen: string | undefined): Html {
  const option = (choice: string) =>
    choice === chosen
      ? html`<option value="${choice}" selected>${choice}</option>`
      : html`<option value="${choice}">${choice}</option>`
  return html`<label>${label} <select name="${name}"><option value="">all</option>${choices.map(option)}</select></label>`
}

const COLUMNS = [
  { name: 'Received', className: 'nowrap' },
  { name: 'From' },
  { name: 'Subject' },
  { name: 'State' },
  { name: 'Reason' },
  { name: 'Ticket', className: 'number' },
  { name: 'Mailbox' },
  { name: 'Size', className: 'number nowrap' },
]

function row(message: FoundMessage, now: Date) {
  const { id, fromAddress, subject, state, reason, kind, ticket, mailbox, sizeBytes, receivedAt } = message
  return [
    instant(receivedAt, now),
    fromAddress || html`<span class="quiet-text">unknown</span>`,
    html`<a href="/messages/${id}">${subject || '(no subject)'}</a>`,
    html`${tag(state)} ${kind !== null && kind !== 'personal' && html`<small>${kindName(kind)}</small>`}`,
    html`<code>${reason}</code>`,
    ticket !== null && html`<a href="/tickets/${ticket}">#${ticket}</a>`,
    mailbox,
    bytes(sizeBytes),
  ]
}

function older(query: unknown, { receivedMicroseconds, id }: FoundMessage): Html {
  const parameters = new URLSearchParams(Object.entries(query ?? {}))
  parameters.set('before', `${receivedMicroseconds}_${id}`)
  return html`<p class="pages"><a class="button quiet" href="/messages?${parameters.toString()}" rel="next">Older</a></p>`
}
