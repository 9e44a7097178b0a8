import type { Prisma, Trust } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

/** More than a page shows; the oldest ones. */
export const ENTRIES_LIMIT = 200
/** Characters of a text, and attachments of an entry: a page of long mails must stay one that can be made. */
export const SHOWN_CHARS = 20_000
const SHOWN_ATTACHMENTS = 20
const SHOWN_RELATIVES = 50
/** Of a subject, which may be megabytes long. */
export const SUBJECT_CHARS = 1000

const SHEET = {
  include: {
    mailbox: { select: { name: true } },
    requester: true,
    linkedTicket: { select: { number: true } },
    mergedInto: { select: { number: true } },
    _count: { select: { entries: true } },
  },
} as const satisfies Prisma.TicketDefaultArgs

/** A ticket without what was written. */
export type TicketSheet = Prisma.TicketGetPayload<typeof SHEET>

export function ticketSheet(database: Database, number: number): Promise<TicketSheet | null> {
  return database.prisma((prisma) => prisma.ticket.findUnique({ where: { number }, ...SHEET }))
}

const AROUND = {
  include: {
    ...SHEET.include,
    participants: { orderBy: { address: 'asc' }, take: 200 },
    outbox: { orderBy: { id: 'asc' }, take: 50 },
    // Booked on it without being part of it: reports, and answers of machines.
    messages: {
      select: { id: true, subject: true, reason: true, receivedAt: true },
      orderBy: { receivedAt: 'asc' },
      take: 50,
    },
  },
} as const satisfies Prisma.TicketDefaultArgs

export interface Numbered {
  readonly number: number
  readonly subject: string
}

export interface ShownAttachment {
  readonly filename: string | null
  readonly contentType: string
  readonly sizeBytes: number
}

/** The texts are the first `SHOWN_CHARS` and one more where there are more. */
export interface ShownEntry {
  readonly inboundMessageId: string
  readonly fromName: string
  readonly fromAddress: string
  readonly trust: Trust
  readonly text: string | null
  readonly reply: string | null
  readonly createdAt: Date
  /** The first ones. */
  readonly attachments: readonly ShownAttachment[]
  readonly attachmentCount: number
}

interface Relatives {
  readonly linked: Numbered | null
  readonly merged: Numbered | null
  readonly linkedBy: readonly Numbered[]
  readonly mergedFrom: readonly Numbered[]
}

/** A ticket with its entries, oldest first, and all that hangs on it, as far as a page shows it. */
export type WholeTicket = Prisma.TicketGetPayload<typeof AROUND> & {
  readonly entries: readonly ShownEntry[]
  readonly relatives: Relatives
}

export async function wholeTicket(database: Database, number: number): Promise<WholeTicket | null> {
  const ticket = await database.prisma((prisma) => prisma.ticket.findUnique({ where: { number }, ...AROUND }))
  if (ticket === null) return null
  const [entries, relatives] = await Promise.all([shownEntries(database, ticket.id), relativesOf(database, ticket)])
  return { ...ticket, entries, relatives }
}

function shownEntries(database: Database, ticketId: string): Promise<ShownEntry[]> {
  return database.query<ShownEntry>({
    name: 'browse-ticket-entries',
    text: `SELECT e.inbound_message_id AS "inboundMessageId", e.from_name AS "fromName", e.from_address AS "fromAddress", e.trust,
             left(e.text, $2) AS text, left(e.reply, $2) AS reply, e.created_at AS "createdAt", files.count AS "attachmentCount", files.first AS attachments
           FROM (SELECT * FROM ticket_entries WHERE ticket_id = $1 ORDER BY created_at, id LIMIT $3) e
           CROSS JOIN LATERAL (
             SELECT count(*)::int AS count, coalesce(jsonb_agg(jsonb_build_object('filename', filename, 'contentType', content_type,
               'sizeBytes', size_bytes) ORDER BY position) FILTER (WHERE position < $4), '[]') AS first
             FROM attachments WHERE entry_id = e.id) files
           ORDER BY e.created_at, e.id`,
    values: [ticketId, SHOWN_CHARS + 1, ENTRIES_LIMIT, SHOWN_ATTACHMENTS],
  })
}

interface Ticket {
  readonly id: string
  readonly linkedTicketId: string | null
  readonly mergedIntoId: string | null
}

type Relation = 'linked' | 'merged' | 'linkedBy' | 'mergedFrom'

/** The first ones of each. */
async function relativesOf(database: Database, { id, linkedTicketId, mergedIntoId }: Ticket): Promise<Relatives> {
  const rows = await database.query<Numbered & { relation: Relation }>({
    name: 'browse-ticket-relatives',
    text: `SELECT relation, number, left(subject, $4) AS subject FROM (
             SELECT 'linked' AS relation, number, subject FROM tickets WHERE id = $2
             UNION ALL SELECT 'merged', number, subject FROM tickets WHERE id = $3
             UNION ALL (SELECT 'linkedBy', number, subject FROM tickets WHERE linked_ticket_id = $1 ORDER BY number LIMIT $5)
             UNION ALL (SELECT 'mergedFrom', number, subject FROM tickets WHERE merged_into_id = $1 ORDER BY number LIMIT $5)
           ) relatives`,
    values: [id, linkedTicketId, mergedIntoId, SUBJECT_CHARS, SHOWN_RELATIVES],
  })
  const of = (wanted: Relation) => rows.filter(({ relation }) => relation === wanted)
  return {
    linked: of('linked')[0] ?? null,
    merged: of('merged')[0] ?? null,
    linkedBy: of('linkedBy'),
    mergedFrom: of('mergedFrom'),
  }
}
