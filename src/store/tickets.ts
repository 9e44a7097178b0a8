import type { Prisma, TicketStatus } from '../generated/prisma/client.ts'
import type { Database } from './database.ts'
import { keyOf } from './threads.ts'

/** An entry of a ticket in a message's thread, seen from that message. */
export interface Relative {
  readonly ticketId: string
  readonly ticketNumber: number
  /** Where the message refers to this entry's message: 1 is the newest reference. Null: it does not. */
  readonly position: number | null
  /** This entry's message refers to the message: it was waiting for it. */
  readonly awaits: boolean
  /** The sender takes part in the ticket. */
  readonly senderTakesPart: boolean
  /** Same Message-ID, other octets. */
  readonly sameMessageId: boolean
}

export interface ThreadView {
  /** null: whichever the message is in. */
  readonly threadId: string | null
  /** Of the thread when this was read; `finish` takes effect only if it is still the same. */
  readonly version: number
  readonly relatives: readonly Relative[]
}

/** A thread in which nothing was ever put on a ticket: then nobody needs to look, `finish` finds out if it is not so. */
export const UNTOUCHED_THREAD: ThreadView = { threadId: null, version: 0, relatives: [] }

export interface TicketPlace {
  /** null: a new ticket. */
  readonly ticketId: string | null
  /** For a new ticket: the one it refers to without its sender taking part. */
  readonly linkedTicketId: string | null
  /** Tickets that turn out to be the same thread: their entries move over. */
  readonly absorbs: readonly string[]
  /** Stable code of what decided the place. */
  readonly reason: string
}

export interface NewEntry {
  readonly messageId: string | null
  readonly from: { readonly name: string; readonly address: string }
  readonly participants: readonly string[]
  readonly subject: string
  readonly text: string | null
  readonly html: string | null
  readonly sentAt: string | null
  readonly attachments: readonly {
    readonly filename: string | null
    readonly contentType: string
    readonly sizeBytes: number
    readonly sha256: string
    readonly disposition: string | null
    readonly contentId: string | null
  }[]
}

/** `done`: written. `stale`: thread or ticket are no longer as seen, look again. `gone`: it had left `received`. */
export type Finished =
  | { readonly outcome: 'done'; readonly ticketNumber: number; readonly isNew: boolean }
  | { readonly outcome: 'stale' }
  | { readonly outcome: 'gone' }

export interface Tickets {
  /** The tickets in the message's thread, as of one instant. */
  viewThread(inboundMessageId: string, senderAddress: string): Promise<ThreadView | null>
  /**
   * Ticket, entry, attachments, contact, participants and event, and the message out of `received`: one statement,
   * so all or nothing (I3), and only if thread and message are still as they were seen.
   */
  finish(inboundMessageId: string, view: ThreadView, place: TicketPlace, entry: NewEntry): Promise<Finished>
  list(after: number, limit: number): Promise<ListedTicket[]>
  find(number: number): Promise<TicketDetail | null>
}

const LISTED = {
  include: { mailbox: { select: { name: true } }, requester: true, _count: { select: { entries: true } } },
} as const
const DETAIL = {
  include: {
    ...LISTED.include,
    linkedTicket: { select: { number: true } },
    mergedInto: { select: { number: true } },
    entries: {
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      include: { attachments: { orderBy: { position: 'asc' } } },
    },
  },
} as const satisfies Prisma.TicketDefaultArgs

export type ListedTicket = Prisma.TicketGetPayload<typeof LISTED>
export type TicketDetail = Prisma.TicketGetPayload<typeof DETAIL>

export function tickets(database: Database): Tickets {
  return {
    viewThread: (inboundMessageId, senderAddress) => viewThread(database, inboundMessageId, senderAddress),
    finish: (inboundMessageId, view, place, entry) => finish(database, inboundMessageId, view, place, entry),
    list: (after, limit) =>
      database.prisma((prisma) =>
        prisma.ticket.findMany({
          ...LISTED,
          where: { number: { gt: after }, status: { not: 'merged' satisfies TicketStatus } },
          orderBy: { number: 'asc' },
          take: limit,
        }),
      ),
    find: (number) => database.prisma((prisma) => prisma.ticket.findUnique({ where: { number }, ...DETAIL })),
  }
}

/** Addresses are compared without regard to case: no mail system in use tells local-parts apart by it. */
export const addressKey = (address: string): string => keyOf(address.toLowerCase())

/** More relatives than this only a forger has. */
const RELATIVES_LIMIT = 1000

async function viewThread(
  database: Database,
  inboundMessageId: string,
  senderAddress: string,
): Promise<ThreadView | null> {
  const rows = await database.query<{ threadId: string; version: number } & (Relative | { ticketId: null })>({
    name: 'ticket-view',
    text: `SELECT th.id AS "threadId", th.version, relative.*
           FROM inbound_messages me JOIN threads th ON th.id = me.thread_id
           LEFT JOIN LATERAL (
             SELECT t.id AS "ticketId", t.number AS "ticketNumber",
               (SELECT min(mine.position) FROM message_references mine
                  JOIN message_references own ON own.msg_id_sha256 = mine.msg_id_sha256 AND own.position = 0
                  WHERE mine.inbound_message_id = me.id AND mine.position > 0 AND own.inbound_message_id = m.id) AS position,
               EXISTS (SELECT 1 FROM message_references mine
                  JOIN message_references theirs ON theirs.msg_id_sha256 = mine.msg_id_sha256 AND theirs.position > 0
                  WHERE mine.inbound_message_id = me.id AND mine.position = 0 AND theirs.inbound_message_id = m.id) AS awaits,
               EXISTS (SELECT 1 FROM ticket_participants p
                  WHERE p.ticket_id = t.id AND p.address_sha256 = $2) AS "senderTakesPart",
               coalesce(m.message_id = me.message_id, false) AS "sameMessageId"
             FROM inbound_messages m
             JOIN ticket_entries e ON e.inbound_message_id = m.id JOIN tickets t ON t.id = e.ticket_id
             WHERE m.thread_id = th.id AND m.id <> me.id
             ORDER BY position, awaits DESC, t.number LIMIT ${RELATIVES_LIMIT}
           ) relative ON true
           WHERE me.id = $1`,
    values: [inboundMessageId, addressKey(senderAddress)],
  })
  const [first] = rows
  if (first === undefined) return null
  return {
    threadId: first.threadId,
    version: first.version,
    relatives: rows.filter((row) => row.ticketId !== null),
  }
}

const FINISH = `
  WITH turn AS (
    UPDATE threads SET version = version + 1 
    WHERE id = coalesce($2::uuid, (SELECT thread_id FROM inbound_messages WHERE id = $1)) AND version = $3 RETURNING id
  ), claimed AS (
    UPDATE inbound_messages m SET state = 'ticketed', reason = $6, finished_at = now() FROM turn
    WHERE m.id = $1 AND m.state = 'received' AND m.thread_id = turn.id
      AND ($4::uuid IS NULL OR EXISTS (SELECT 1 FROM tickets WHERE id = $4::uuid))
    RETURNING m.id, m.mailbox_id
  ), known AS (
    SELECT id FROM contacts WHERE address_sha256 = $9
  ), met AS (
    INSERT INTO contacts (address, address_sha256, name)
    SELECT $8, $9, CASE WHEN $8 = '' THEN '' ELSE $7 END FROM claimed WHERE NOT EXISTS (SELECT 1 FROM known)
    ON CONFLICT (address_sha256) DO UPDATE SET name = contacts.name
    RETURNING id
  ), contact AS (
    SELECT id FROM known UNION ALL SELECT id FROM met
  ), opened AS (
    INSERT INTO tickets (mailbox_id, subject, requester_id, linked_ticket_id)
    SELECT claimed.mailbox_id, $10, contact.id, $5::uuid FROM claimed, contact WHERE $4::uuid IS NULL
    RETURNING id, number
  ), continued AS (
    UPDATE tickets t SET updated_at = now(), status = CASE WHEN t.status = 'closed' THEN 'open' ELSE t.status END
    FROM claimed WHERE t.id = $4::uuid RETURNING t.id, t.number
  ), ticket AS (
    SELECT id, number FROM opened UNION ALL SELECT id, number FROM continued
  ), entry AS (
    INSERT INTO ticket_entries (ticket_id, inbound_message_id, message_id, from_name, from_address, subject, text, html, sent_at)
    SELECT ticket.id, claimed.id, $11, $7, $8, $10, $12, $13, $14::timestamptz FROM ticket, claimed
    RETURNING id
  ), attached AS (
    INSERT INTO attachments (entry_id, position, filename, content_type, size_bytes, sha256, disposition, content_id)
    SELECT entry.id, a.position, a.filename, a."contentType", a."sizeBytes", a.sha256, a.disposition, a."contentId"
    FROM entry, jsonb_to_recordset($15::jsonb) AS a(position int, filename text, "contentType" text, "sizeBytes" int,
      sha256 text, disposition text, "contentId" text)
  ), moved AS (
    UPDATE ticket_entries e SET ticket_id = ticket.id FROM ticket WHERE e.ticket_id = ANY($18::uuid[])
  ), merged AS (
    UPDATE tickets t SET status = 'merged', merged_into_id = ticket.id FROM ticket WHERE t.id = ANY($18::uuid[])
  ), taking_part AS (
    INSERT INTO ticket_participants (ticket_id, address_sha256, address)
    SELECT ticket.id, p.key, p.address FROM ticket, (
      SELECT key, address FROM unnest($16::text[], $17::text[]) AS new(key, address)
      UNION SELECT address_sha256, address FROM ticket_participants WHERE ticket_id = ANY($18::uuid[])
    ) AS p
    ON CONFLICT DO NOTHING
  ), told AS (
    INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
    SELECT claimed.id, claimed.mailbox_id, 'work/ticketed',
      jsonb_build_object('reason', $6::text, 'ticket', ticket.number) || $19::jsonb FROM claimed, ticket
  )
  SELECT me.state = 'received' AS "wasWaiting", ticket.number AS "ticketNumber"
  FROM inbound_messages me LEFT JOIN ticket ON true WHERE me.id = $1`

async function finish(
  database: Database,
  inboundMessageId: string,
  view: ThreadView,
  place: TicketPlace,
  entry: NewEntry,
): Promise<Finished> {
  const addresses = new Map(entry.participants.map((address) => [addressKey(address), address]))
  const [row] = await database.query<{ wasWaiting: boolean; ticketNumber: number | null }>({
    name: 'ticket-finish',
    text: FINISH,
    values: [
      inboundMessageId,
      view.threadId,
      view.version,
      place.ticketId,
      place.linkedTicketId,
      place.reason,
      entry.from.name,
      entry.from.address,
      addressKey(entry.from.address),
      entry.subject,
      entry.messageId,
      entry.text,
      entry.html,
      entry.sentAt,
      JSON.stringify(entry.attachments.map((attachment, position) => ({ ...attachment, position }))),
      [...addresses.keys()],
      [...addresses.values()],
      place.absorbs,
      JSON.stringify(detailOf(view, place)),
    ],
  })
  if (row === undefined || !row.wasWaiting) return { outcome: 'gone' }
  if (row.ticketNumber === null) return { outcome: 'stale' }
  return { outcome: 'done', ticketNumber: row.ticketNumber, isNew: place.ticketId === null }
}

function detailOf(view: ThreadView, place: TicketPlace) {
  return {
    ...(place.absorbs.length > 0 ? { absorbed: place.absorbs } : {}),
    ...(view.relatives.some(({ sameMessageId }) => sameMessageId) ? { messageIdRepeated: true } : {}),
  }
}
