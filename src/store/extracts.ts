import { utc } from './audit.ts'
import type { Database, Query } from './database.ts'

/** Of events and messages. */
export interface Selection {
  /** null: all. */
  readonly mailboxId: string | null
  /** Their instants: from the first on, before the second. */
  readonly from: Date | null
  readonly to: Date | null
}

export interface AuditedMessage {
  readonly id: string
  readonly mailbox: string
  readonly uniqueId: string
  readonly sha256: string
  readonly sizeBytes: number
  /** Its octets were removed then; null: they are there. */
  readonly purgedAt: string | null
  readonly receivedAt: string
  readonly state: string
  readonly reason: string | null
  /** Its number. */
  readonly ticket: number | null
}

export interface Range {
  readonly first: bigint
  readonly last: bigint
}

/** What an export of the audit log is made of. */
export interface Extracts {
  /** The ids of the events of that time; null: there are none. */
  idsBetween(from: Date | null, to: Date | null): Promise<Range | null>
  /** The numbers of the seals that cover an event of these ids; null: none does. */
  sealsOver(first: bigint, last: bigint): Promise<Range | null>
  /** In the order of their ids. */
  messages(selection: Selection, after: string | null, limit: number): Promise<AuditedMessage[]>
  /** Of the octets of these messages that were not purged, each once and in their order. */
  rawDigests(selection: Selection, after: string, limit: number): Promise<string[]>
}

export function extracts({ query }: Database): Extracts {
  return {
    idsBetween: (from, to) => idsBetween(query, from, to),
    sealsOver: (first, last) => sealsOver(query, first, last),
    messages: (selection, after, limit) => messages(query, selection, after, limit),
    rawDigests: (selection, after, limit) => rawDigestsOf(query, selection, after, limit),
  }
}

async function idsBetween(query: Query, from: Date | null, to: Date | null) {
  const rows = await query<{ first: string | null; last: string | null }>({
    text: `SELECT min(id)::text AS first, max(id)::text AS last FROM inbound_events
           WHERE ($1::timestamptz IS NULL OR at >= $1) AND ($2::timestamptz IS NULL OR at < $2)`,
    values: [from, to],
  })
  return asRange(rows)
}

async function sealsOver(query: Query, first: bigint, last: bigint) {
  const rows = await query<{ first: string | null; last: string | null }>({
    text: `SELECT min(number)::text AS first, max(number)::text AS last FROM audit_seals
           WHERE last_event_id >= $1 AND first_event_id <= $2`,
    values: [first.toString(), last.toString()],
  })
  return asRange(rows)
}

function asRange([row]: readonly { first: string | null; last: string | null }[]): Range | null {
  return row?.first == null || row.last == null ? null : { first: BigInt(row.first), last: BigInt(row.last) }
}

function messages(query: Query, { mailboxId, from, to }: Selection, after: string | null, limit: number) {
  return query<AuditedMessage>({
    text: `SELECT m.id, b.name AS mailbox, m.unique_id AS "uniqueId", m.sha256, r.size_bytes AS "sizeBytes", ${utc('r.purged_at', 'MS')} AS "purgedAt",
             ${utc('m.received_at', 'US')} AS "receivedAt", m.state::text, m.reason, t.number AS ticket
           FROM inbound_messages m JOIN mailboxes b ON b.id = m.mailbox_id JOIN raw_messages r ON r.sha256 = m.sha256
           LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id LEFT JOIN tickets t ON t.id = e.ticket_id
           WHERE ($1::uuid IS NULL OR m.mailbox_id = $1) AND ($2::timestamptz IS NULL OR m.received_at >= $2)
             AND ($3::timestamptz IS NULL OR m.received_at < $3) AND ($4::uuid IS NULL OR m.id > $4)
           ORDER BY m.id LIMIT $5`,
    values: [mailboxId, from, to, after, limit],
  })
}

async function rawDigestsOf(query: Query, { mailboxId, from, to }: Selection, after: string, limit: number) {
  const rows = await query<{ sha256: string }>({
    text: `SELECT DISTINCT m.sha256 FROM inbound_messages m JOIN raw_messages r ON r.sha256 = m.sha256 AND r.purged_at IS NULL
           WHERE ($1::uuid IS NULL OR m.mailbox_id = $1) AND ($2::timestamptz IS NULL OR m.received_at >= $2)
             AND ($3::timestamptz IS NULL OR m.received_at < $3) AND m.sha256 > $4 ORDER BY m.sha256 LIMIT $5`,
    values: [mailboxId, from, to, after, limit],
  })
  return rows.map(({ sha256 }) => sha256)
}
