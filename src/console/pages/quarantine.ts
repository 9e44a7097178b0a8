/** What waits for a person, with the reason in words, to be let go or put aside, many at once. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { FoundMessage } from '../../store/browse/messages.ts'
import type { Session } from '../access/session.ts'
import { html } from '../html.ts'
import type { ConsoleDeps } from '../server.ts'
import { doneNotice } from './actions/done.ts'
import { ACTIONS_EXPLAINED, csrfField, JUDGE, mayAct, noteField, RELEASE, SUPPRESS } from './actions/forms.ts'
import { page } from './layout.ts'
import { choiceField, filterForm, olderLink, PAGE_ROWS, pageOf, present, readQuery, searchField, text } from './list.ts'
import { cursor, cursorOf, cursorText } from './message-cursor.ts'
import { addressOf, bytes, instant, type Row, table } from './parts.ts'
import { reason, reasonWords } from './reasons.ts'

const QUERY = z.object({ mailbox: text, reason: text, before: cursor })

export function addQuarantine(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/quarantine', async (request, reply) => {
    const { before, ...query } = readQuery(QUERY, request.query)
    const search = { state: 'quarantined' as const, ...present(query) }
    const { rows, last } = pageOf(await store.browse.messages(search, cursorOf(before), PAGE_ROWS + 1))
    const names = mailboxes.map(({ name }) => name)
    const fields = [
      choiceField('mailbox', 'Mailbox', names, query.mailbox),
      searchField('reason', 'Reason', query.reason, 'rule/'),
    ]
    const body = html`<h1>Quarantine</h1>
      <p class="quiet-text">Each of these needs a person; none is lost. ${mayAct(request.session) && ACTIONS_EXPLAINED}</p>
      ${doneNotice(request.query)}
      ${filterForm('/quarantine', fields)}
      ${list(request.session, rows, now())}
      ${last && olderLink('/quarantine', request.query, cursorText(last))}`
    return reply
      .type('text/html')
      .send(page({ title: 'Quarantine', section: '/quarantine', session: request.session, body }))
  })
}

function list(session: Session | null, rows: readonly FoundMessage[], now: Date) {
  if (!mayAct(session) || rows.length === 0) {
    return html`<div data-live>${table(
      'Quarantine',
      COLUMNS,
      rows.map((message) => row(message, now)),
      NOTHING,
    )}</div>`
  }
  const box = ({ id, subject }: FoundMessage) =>
    html`<input type="checkbox" name="id" value="${id}" aria-label="Choose ${subject || '(no subject)'}">`
  const marked = rows.map((message) => {
    const { key, cells } = row(message, now)
    return { key, cells: [box(message), ...cells] }
  })
  return html`<form method="post" action="/quarantine">
        ${csrfField(session)}
        <div data-live>${table('Quarantine', [CHOOSE, ...COLUMNS], marked, NOTHING)}</div>
        <div class="actions bar">
          <label class="inline"><input type="checkbox" data-marks-all="id"> All on this page</label>
          ${noteField}
          ${RELEASE}
          ${JUDGE}
          ${SUPPRESS}
        </div>
      </form>`
}

const NOTHING = html`Nothing waits for a person here.`

const CHOOSE = { name: 'Choose', className: 'choose' }
const COLUMNS = [
  { name: 'Received', className: 'nowrap' },
  { name: 'From' },
  { name: 'Subject', className: 'main' },
  { name: 'Why' },
  { name: 'Mailbox' },
  { name: 'Size', className: 'number nowrap' },
]

function row(message: FoundMessage, now: Date): Row {
  const { id, fromAddress, subject, mailbox, sizeBytes, receivedAt } = message
  const cells = [
    instant(receivedAt, now),
    addressOf(fromAddress),
    html`<a class="clip" href="/messages/${id}"><bdi>${subject || '(no subject)'}</bdi></a>`,
    html`${reason(message.reason)}<br><small>${message.reason !== null && reasonWords(message.reason)}</small>`,
    mailbox,
    bytes(sizeBytes),
  ]
  return { key: id, cells }
}
