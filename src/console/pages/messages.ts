/** What became of every message, and the search for one. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { FoundMessage, MessageSearch } from '../../store/browse/messages.ts'
import { html } from '../html.ts'
import type { ConsoleDeps } from '../server.ts'
import { page } from './layout.ts'
import {
  choiceField,
  dayField,
  filterForm,
  olderLink,
  PAGE_ROWS,
  pageOf,
  present,
  readQuery,
  searchField,
  text,
} from './list.ts'
import { cursor, cursorOf, cursorText } from './message-cursor.ts'
import { addressOf, bytes, instant, kindName, type Row, table, tag } from './parts.ts'
import { reason } from './reasons.ts'

const STATES = ['received', 'ticketed', 'suppressed', 'quarantined'] as const

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
  before: cursor,
})
type Query = z.infer<typeof QUERY>

export function addMessages(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/messages', async (request, reply) => {
    const query = readQuery(QUERY, request.query)
    const { rows, last } = pageOf(await store.browse.messages(searchOf(query), cursorOf(query.before), PAGE_ROWS + 1))
    const names = mailboxes.map(({ name }) => name)
    const body = html`<h1>Messages</h1>
      ${form(query, names)}
      <div data-live>${table(
        'Messages',
        COLUMNS,
        rows.map((message) => row(message, now())),
        isNarrowed(query) ? NOTHING_FOUND : NOTHING_YET,
      )}</div>
      ${last && olderLink('/messages', request.query, cursorText(last))}`
    return reply
      .type('text/html')
      .send(page({ title: 'Messages', section: '/messages', session: request.session, body }))
  })
}

const DAY_MILLISECONDS = 86_400_000

function searchOf({ from, to, before: _, ...fields }: Query): MessageSearch {
  const until = to && new Date(to.getTime() + DAY_MILLISECONDS)
  return present({ ...fields, receivedFrom: from, receivedBefore: until })
}

const isNarrowed = ({ before: _, ...query }: Query): boolean => Object.keys(present(query)).length > 0
const NOTHING_FOUND = html`No message fits all of this. <a href="/messages">Show all of them</a>.`
const NOTHING_YET = html`No message has come yet. <a href="/polls">The polls</a> tell what the servers listed.`

const form = (query: Query, names: readonly string[]) =>
  filterForm('/messages', [
    searchField('address', 'From', query.address, 'anna@example.com, or @example.com'),
    searchField('subject', 'Subject', query.subject, 'words of it'),
    searchField('messageId', 'Message-ID', query.messageId, '<...@example.com>'),
    choiceField('state', 'State', STATES, query.state),
    choiceField('mailbox', 'Mailbox', names, query.mailbox),
    searchField('reason', 'Reason', query.reason, 'rule/'),
    dayField('from', 'Since', query.from),
    dayField('to', 'Until', query.to),
  ])

const COLUMNS = [
  { name: 'Received', className: 'nowrap' },
  { name: 'From' },
  { name: 'Subject', className: 'main' },
  { name: 'State' },
  { name: 'Reason' },
  { name: 'Ticket', className: 'number' },
  { name: 'Mailbox' },
  { name: 'Size', className: 'number nowrap' },
]

function row(message: FoundMessage, now: Date): Row {
  const { id, fromAddress, subject, state, kind, ticket, mailbox, sizeBytes, receivedAt } = message
  const cells = [
    instant(receivedAt, now),
    addressOf(fromAddress),
    html`<a class="clip" href="/messages/${id}"><bdi>${subject || '(no subject)'}</bdi></a>`,
    html`${tag(state)} ${kind !== null && kind !== 'personal' && html`<small>${kindName(kind)}</small>`}`,
    reason(message.reason),
    ticket !== null && html`<a href="/tickets/${ticket}">#${ticket}</a>`,
    mailbox,
    bytes(sizeBytes),
  ]
  return { key: id, cells }
}
