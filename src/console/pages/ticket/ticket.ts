/** One ticket, as it came about. */
import type { FastifyInstance } from 'fastify'
import { MailchuteError } from '../../../errors.ts'
import { ENTRIES_LIMIT, type Numbered, SUBJECT_CHARS, type WholeTicket } from '../../../store/browse/ticket.ts'
import { silenceOf } from '../../../store/contacts.ts'
import type { Session } from '../../access/session.ts'
import { type Html, html, type Value } from '../../html.ts'
import type { ConsoleDeps } from '../../server.ts'
import { doneNotice } from '../actions/done.ts'
import { contactAction } from '../actions/forms.ts'
import { page } from '../layout.ts'
import { parameter } from '../message/find.ts'
import { facts, instant, tag } from '../parts.ts'
import { reason } from '../reasons.ts'
import { entryOf } from './entry.ts'

export function addTicket(server: FastifyInstance, { store, now }: ConsoleDeps): void {
  server.get('/tickets/:number', async (request, reply) => {
    const number = parameter(request, 'number')
    const ticket = /^\d{1,9}$/.test(number) ? await store.browse.ticket(Number(number)) : null
    if (ticket === null) throw new MailchuteError('console/not-found', 'there is no such ticket')
    const title = `#${ticket.number} ${ticket.subject.slice(0, SUBJECT_CHARS).toWellFormed() || '(no subject)'}`
    const body = html`${doneNotice(request.query)}
      <h1 class="clip"><bdi>${title}</bdi></h1>
      <div class="columns wide-left">
        <div data-live>${entries(ticket, now())}</div>
        <div>
          <section class="card">${about(ticket, request.session, now())}</section>
          ${people(ticket)}
          ${booked(ticket, now())}
          ${outbox(ticket, now())}
        </div>
      </div>`
    return reply
      .type('text/html')
      .send(page({ title, section: '/tickets', session: request.session, path: [['/tickets', 'Tickets']], body }))
  })
}

function entries({ entries: shown, _count }: WholeTicket, now: Date): Html {
  const more = _count.entries - shown.length
  return html`${shown.length === 0 && html`<p class="card empty">It has no entries.</p>`}
          ${_count.entries > 1 && html`<h2 class="first">${_count.entries} entries, oldest first</h2>`}
          ${shown.map((entry) => entryOf(entry, now))}
          ${more > 0 && html`<p class="quiet-text">These are the first ${ENTRIES_LIMIT}; ${more} more follow.</p>`}`
}

function about(ticket: WholeTicket, session: Session | null, now: Date): Html {
  const { status, priority, queue, tags, assignee, mailbox, requester, createdAt, updatedAt } = ticket
  const { merged, linked, linkedBy, mergedFrom } = ticket.relatives
  return facts([
    ['Status', html`${tag(status)} ${priority !== 'normal' && tag(priority)}`],
    ['Merged into', merged !== null && link(merged)],
    [
      'Requester',
      html`${requester.name} <code>${requester.address}</code>${requester.undeliverableAt !== null && silence(ticket, session)}`,
    ],
    ['Queue', queue],
    ['Assignee', assignee],
    ['Tags', tags.length > 0 && tags.map((name) => html`${tag(name)} `)],
    ['Mailbox', mailbox.name],
    ['Opened', instant(createdAt, now)],
    ['Last entry', instant(updatedAt, now)],
    ['Refers to', linked !== null && link(linked)],
    ['Referred to by', many(linkedBy)],
    ['Took in', many(mergedFrom)],
  ])
}

/** They get no acknowledgements. */
const silence = ({ number, requester }: WholeTicket, session: Session | null): Html =>
  html` <span class="tag bad">${silenceOf({ silentFor: requester.undeliverableStatus })}</span>${contactAction(session, number)}`

const link = ({ number, subject }: Numbered): Html =>
  html`<a href="/tickets/${number}">#${number}</a> <small>${subject}</small>`

const many = (tickets: readonly Numbered[]): Value =>
  tickets.length > 0 && tickets.map((each) => html`${link(each)}<br>`)

const people = ({ participants }: WholeTicket): Html | false =>
  participants.length > 0 &&
  html`<h2>Who takes part</h2>
          <ul class="card plain">${participants.map(({ address }) => html`<li>${address}</li>`)}</ul>`

/** Answers of machines and reports: they are on no ticket, and this is the one that they are about. */
const booked = ({ messages }: WholeTicket, now: Date): Html | false =>
  messages.length > 0 &&
  html`<h2>Booked on it</h2>
          <ul class="card plain">${messages.map((each) => html`<li><a href="/messages/${each.id}">${each.subject || '(no subject)'}</a> ${reason(each.reason)} <small>${instant(each.receivedAt, now)}</small></li>`)}</ul>`

const outbox = ({ outbox: mails }: WholeTicket, now: Date): Html | false =>
  mails.length > 0 &&
  html`<h2>Sent for it</h2>
          <ul class="card plain">${mails.map((mail) => html`<li>${mail.target} to ${mail.recipient} ${tag(mail.state)} ${reason(mail.reason)} <small>${instant(mail.finishedAt ?? mail.createdAt, now)}</small></li>`)}</ul>`
