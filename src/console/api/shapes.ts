/** The shapes of what the API takes and tells. Those of messages and tickets are made in store/browse/shapes.ts. */
import { z } from 'zod'
import { storableText } from '../../message/storable-text.ts'
import { NOTE_CHARS } from '../../store/act.ts'

/** A named part of the document. */
const named = <T extends z.ZodType>(id: string, shape: T): T => shape.meta({ id })

const instant = z.iso.datetime()
const count = z.int().min(0)
export const STATES = ['received', 'ticketed', 'suppressed', 'quarantined'] as const
export const STATUSES = ['open', 'pending', 'closed', 'merged'] as const
export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const
export const OUTBOX_STATES = ['waiting', 'sent', 'failed', 'skipped'] as const

const message = {
  id: z.uuid(),
  mailbox: z.string(),
  uniqueId: z.string().describe('Under which the server first listed it.'),
  sha256: z.string().describe('Of its exact octets.'),
  sizeBytes: count,
  messageId: z.string().nullable(),
  state: z.enum(STATES),
  reason: z.string().nullable().describe('Stable code of what decided the state.'),
  ticket: z.int().nullable().describe('Number of the ticket that it is on, or reports on.'),
  kind: z.string().nullable(),
  from: z.string().nullable().describe('Address of its sender.'),
  subject: z.string().nullable(),
  receivedAt: instant,
}

export const Message = named('Message', z.object(message))
const Event = named('Event', z.object({ at: instant, code: z.string(), detail: z.record(z.string(), z.unknown()) }))
export const MessageWithEvents = named('MessageWithEvents', z.object({ ...message, events: z.array(Event) }))

const Person = named('Person', z.object({ name: z.string(), address: z.string() }))
const ticket = {
  number: z.int(),
  subject: z.string().describe('In lists its first 1,000 characters.'),
  status: z.enum(STATUSES),
  mailbox: z.string(),
  requester: Person,
  queue: z.string().nullable(),
  priority: z.enum(PRIORITIES),
  tags: z.array(z.string()),
  assignee: z.string().nullable(),
  createdAt: instant,
  updatedAt: instant,
}

export const Attachment = named(
  'Attachment',
  z.object({
    position: count.describe('Of /messages/{inboundMessageId}/attachments/{position}.'),
    filename: z.string().nullable(),
    contentType: z.string(),
    sizeBytes: count,
    sha256: z.string(),
  }),
)
export const Entry = named(
  'Entry',
  z.object({
    inboundMessageId: z.uuid(),
    messageId: z.string().nullable(),
    kind: z.string(),
    from: Person,
    text: z.string().nullable(),
    html: z.string().nullable().describe('Sanitised; null as well where that takes too long.'),
    reply: z.string().nullable().describe('What the writer added, apart from what was quoted.'),
    replyHtml: z.string().nullable().describe('The same part of the HTML; sanitised.'),
    attachments: z.array(Attachment),
    createdAt: instant,
  }),
)
export const Ticket = named('Ticket', z.object({ ...ticket, entries: count }))
export const TicketWithEntries = named(
  'TicketWithEntries',
  z.object({
    ...ticket,
    linkedTicket: z.int().nullable(),
    mergedInto: z.int().nullable(),
    entries: z.array(Entry).describe('The first ones.'),
    next: z.string().nullable().describe('The cursor of /tickets/{number}/entries for those that follow.'),
  }),
)

export const Mailbox = named(
  'Mailbox',
  z.object({
    mailbox: z.string(),
    url: z.string().describe('Without any secret.'),
    state: z.enum(['active', 'paused']),
    pausedReason: z.string().nullable(),
    failures: count.describe('Polls that failed since the last good one.'),
    nextPollAt: instant.nullable(),
    lastGoodPollAt: instant.nullable(),
    lastErrorCode: z.string().nullable(),
    backlog: count.describe('On the server and not stored yet.'),
    backlogSince: instant.nullable(),
    held: count.describe('On the server for a person.'),
    waiting: count.describe('Stored and not worked yet.'),
    oldestWaitingAt: instant.nullable(),
    ticketedToday: count,
    suppressedToday: count,
    quarantinedToday: count,
  }),
)

export const Poll = named(
  'Poll',
  z.object({
    id: z.string(),
    mailbox: z.string(),
    startedAt: instant,
    endedAt: instant.nullable(),
    listed: count,
    known: count,
    retrieved: count,
    held: count,
    left: count,
    stored: count,
    deleted: count,
    errorCode: z.string().nullable(),
  }),
)

export const OutboxRow = named(
  'OutboxRow',
  z.object({
    id: z.string(),
    target: z.string().describe('`acknowledgement`, or `webhook:` and its name.'),
    state: z.enum(OUTBOX_STATES),
    reason: z.string().nullable(),
    mailbox: z.string(),
    ticket: z.int().nullable(),
    recipient: z.string(),
    attempts: count,
    nextAttemptAt: instant.nullable().describe('Of one that waits.'),
    createdAt: instant,
    finishedAt: instant.nullable(),
    bouncedAt: instant.nullable(),
    bounceStatus: z.string().nullable(),
  }),
)

export const AuditHead = named(
  'AuditHead',
  z.object({
    head: z
      .object({
        number: z.string(),
        digest: z.string(),
        lastEventId: z.string(),
        at: z.string(),
        keyId: z.string().nullable(),
      })
      .nullable()
      .describe('The last seal: note its digest elsewhere, and nobody can change what came before unnoticed.'),
    unsealed: z.object({ events: count, oldestAt: instant.nullable() }),
  }),
)

export const Problem = named(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable: see docs/errors.md.'),
    hint: z.string().describe('What to do about it.'),
  }),
)

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable().describe('The cursor of the next page.') })

/** Of every list. */
export const PAGING = {
  cursor: z
    .string()
    .regex(/^[0-9a-f_-]{1,60}$/)
    .optional()
    .describe('`next` of the page before.'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
}

export const text = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .refine((value) => storableText(value, value.length) === value, 'it has a character that is no text')
export const note = z.string().trim().max(NOTE_CHARS).optional().describe('Why; kept with the event.')
export const when = z
  .union(
    [z.iso.datetime({ offset: true }), z.iso.date()],
    'it is no day like 2026-11-30 and no instant like 2026-11-30T08:00:00Z',
  )
  .transform((written) => new Date(written))
  .describe('An instant, or a day (UTC).')
