/** Messages, tickets and what goes out, as programs see them: on the command line (--json) and in the API. */
import { sanitise } from '../../message/html/sanitise.ts'
import type { ListedMessage } from '../messages.ts'
import type { ListedTicket, TicketDetail } from '../tickets.ts'
import type { FoundMessage } from './messages.ts'
import type { ListedOutbox } from './outbox.ts'
import type { FoundTicket } from './tickets.ts'

type MessageFields = Omit<FoundMessage, 'receivedMicroseconds'>

export function messageShape(message: MessageFields) {
  const { id, mailbox, uniqueId, sha256, sizeBytes, messageId, state, reason, ticket } = message
  return {
    id,
    mailbox,
    uniqueId,
    sha256,
    sizeBytes,
    messageId,
    state,
    reason,
    ticket,
    kind: message.kind?.replaceAll('_', '-') ?? null,
    receivedAt: message.receivedAt.toISOString(),
  }
}

/** With what is of the mail itself: not for a terminal that others look at. */
export const messageWithContent = (message: MessageFields) => ({
  ...messageShape(message),
  from: message.fromAddress,
  subject: message.subject,
})

/** Its ticket is the one it is on, or that it reports on. */
export function messageFields(message: ListedMessage): MessageFields {
  const { mailbox, rawMessage, entry, ticket, ...fields } = message
  return {
    ...fields,
    mailbox: mailbox.name,
    sizeBytes: rawMessage.sizeBytes,
    ticket: entry?.ticket.number ?? ticket?.number ?? null,
  }
}

type TicketFields = Omit<FoundTicket, 'requesterName' | 'requesterAddress'> & {
  readonly requester: { readonly name: string; readonly address: string }
}

export function ticketShape(ticket: TicketFields) {
  const { number, subject, status, mailbox, requester, queue, priority, tags, assignee, entries } = ticket
  return {
    number,
    subject,
    status,
    mailbox,
    requester: { name: requester.name, address: requester.address },
    queue,
    priority,
    tags: [...tags],
    assignee,
    entries,
    createdAt: ticket.createdAt.toISOString(),
    updatedAt: ticket.updatedAt.toISOString(),
  }
}

export function ticketFields({ mailbox, _count, ...fields }: ListedTicket): TicketFields {
  return { ...fields, mailbox: mailbox.name, entries: _count.entries }
}

export function wholeTicketShape(ticket: TicketDetail) {
  const { linkedTicket, mergedInto, entries } = ticket
  return {
    ...ticketShape(ticketFields(ticket)),
    linkedTicket: linkedTicket?.number ?? null,
    mergedInto: mergedInto?.number ?? null,
    entries: entries.map((entry) => entryShape(entry, safeHtmlOf(entry))),
  }
}

type Entry = TicketDetail['entries'][number]

/** What is told of an entry's HTML: sanitised, for it is a stranger's. */
export interface SafeHtml {
  readonly html: string | null
  readonly replyHtml: string | null
}

function safeHtmlOf({ html, replyHtml }: Entry): SafeHtml {
  const safe = (source: string | null) => (source === null ? null : sanitise(source))
  return { html: safe(html), replyHtml: safe(replyHtml ?? html) }
}

export function entryShape(entry: Entry, { html, replyHtml }: SafeHtml) {
  return {
    inboundMessageId: entry.inboundMessageId,
    messageId: entry.messageId,
    kind: entry.kind,
    from: { name: entry.fromName, address: entry.fromAddress },
    text: entry.text,
    html,
    reply: entry.reply,
    replyHtml,
    attachments: entry.attachments.map(({ position, filename, contentType, sizeBytes, sha256 }) => ({
      position,
      filename,
      contentType,
      sizeBytes,
      sha256,
    })),
    createdAt: entry.createdAt.toISOString(),
  }
}

export const outboxShape = (row: ListedOutbox) => ({
  id: row.id.toString(),
  target: row.target,
  state: row.state,
  reason: row.reason,
  mailbox: row.mailbox.name,
  ticket: row.ticket?.number ?? null,
  recipient: row.recipient,
  attempts: row.attempts,
  nextAttemptAt: row.state === 'waiting' ? row.nextAttemptAt.toISOString() : null,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
  bouncedAt: row.bouncedAt?.toISOString() ?? null,
  bounceStatus: row.bounceStatus,
})
