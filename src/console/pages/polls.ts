/** Each poll with its balance sheet: listed = known + retrieved + held + left (I5). */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ListedPoll } from '../../store/browse/polls.ts'
import { html } from '../html.ts'
import type { ConsoleDeps } from '../server.ts'
import { page } from './layout.ts'
import { choiceField, filterForm, olderLink, PAGE_ROWS, pageOf, present, readQuery, text } from './list.ts'
import { bytes, duration, instant, type Row, table } from './parts.ts'
import { reason } from './reasons.ts'

const QUERY = z.object({
  mailbox: text,
  end: text.pipe(z.enum(['failed']).optional()),
  before: text.pipe(
    z
      .string()
      .regex(/^\d{1,18}$/)
      .optional(),
  ),
})

export function addPolls(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/polls', async (request, reply) => {
    const { before, end, mailbox } = readQuery(QUERY, request.query)
    const filter = present({ mailbox, isTroubled: end === 'failed' ? true : undefined })
    const cursor = before === undefined ? null : BigInt(before)
    const { rows, last } = pageOf(await store.browse.polls(filter, cursor, PAGE_ROWS + 1))
    const fields = [
      choiceField(
        'mailbox',
        'Mailbox',
        mailboxes.map(({ name }) => name),
        mailbox,
      ),
      choiceField('end', 'Ended', ['failed'], end),
    ]
    const body = html`<h1>Polls</h1>
      <p class="quiet-text">Of what a server lists, everything is known, retrieved, held there for a person, or left to the next poll.</p>
      ${filterForm('/polls', fields)}
      <div data-live>${table(
        'Polls',
        COLUMNS,
        rows.map((poll) => row(poll, now())),
        html`No poll here. Mailboxes are polled while <code>mailchute run</code> runs; <a href="/">the overview</a> has them.`,
      )}</div>
      ${last && olderLink('/polls', request.query, String(last.id))}`
    return reply.type('text/html').send(page({ title: 'Polls', section: '/polls', session: request.session, body }))
  })
}

/** In the order of the sheet: the first is the sum of the four that follow. */
const COUNTS = ['listed', 'known', 'retrieved', 'held', 'left', 'stored', 'deleted'] as const
const SIGNS: Partial<Record<(typeof COUNTS)[number], string>> = { known: '= ', retrieved: '+ ', held: '+ ', left: '+ ' }

const COLUMNS = [
  { name: 'Started', className: 'nowrap' },
  { name: 'Mailbox', className: 'main' },
  ...COUNTS.map((name) => ({
    name: (SIGNS[name] ?? '') + name[0]?.toUpperCase() + name.slice(1),
    className: 'number',
  })),
  { name: 'Octets', className: 'number nowrap' },
  { name: 'Took', className: 'number nowrap' },
  { name: 'End' },
]

function row(poll: ListedPoll, now: Date): Row {
  const { id, startedAt, endedAt, octets } = poll
  const cells = [
    instant(startedAt, now),
    poll.mailbox.name,
    ...COUNTS.map((name) => (poll[name] === 0 ? html`<span class="quiet-text">0</span>` : poll[name])),
    octets > 0n && bytes(Number(octets)),
    endedAt !== null && duration((endedAt.getTime() - startedAt.getTime()) / 1000),
    endOf(poll),
  ]
  return { key: String(id), id: `poll-${id}`, cells }
}

function endOf({ endedAt, errorCode, errorMessage, listed, known, retrieved, held, left }: ListedPoll) {
  if (endedAt === null) return html`<span class="tag">under way, or cut off</span>`
  if (errorCode !== null)
    return html`<span class="tag bad">failed</span> ${reason(errorCode)}<br><small>${errorMessage}</small>`
  const isBalanced = listed === known + retrieved + held + left
  return isBalanced ? html`<span class="tag good">balanced</span>` : html`<span class="tag bad">not balanced</span>`
}
