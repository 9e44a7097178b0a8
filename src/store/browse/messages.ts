/** What people look for among messages: any of these together, newest first, in pages. Quick at a million rows. */
import type { InboundState, MailKind } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'
import { messageFilters } from './message-filters.ts'
import { type Listing, newest } from './newest.ts'

export interface MessageSearch {
  readonly state?: InboundState
  readonly mailbox?: string
  /** Whole, or up to any `.`: like `thread/` or `source/message-refused`. */
  readonly reason?: string
  /** Of the sender: whole, or its start, or `@` and a domain. */
  readonly address?: string
  /** Words of the subject, in any order; the last may be the start of one. */
  readonly subject?: string
  /** With or without its angle brackets. */
  readonly messageId?: string
  readonly receivedFrom?: Date
  readonly receivedBefore?: Date
}

export interface FoundMessage {
  readonly id: string
  readonly mailbox: string
  readonly uniqueId: string
  readonly sha256: string
  readonly messageId: string | null
  readonly state: InboundState
  readonly reason: string | null
  readonly kind: MailKind | null
  readonly fromAddress: string | null
  readonly subject: string | null
  readonly ticket: number | null
  readonly sizeBytes: number
  readonly receivedAt: Date
  readonly receivedMicroseconds: string
}

/** A place in the list: of the last message that was shown. */
export interface MessageCursor {
  /** Microseconds since 1970, as a decimal number. */
  readonly receivedMicroseconds: string
  readonly id: string
}

const LISTING: Listing = { table: 'inbound_messages', order: { received_at: 'timestamptz', id: 'uuid' } }

/** Rejects with `store/search-too-wide`. */
export async function messages(
  database: Database,
  search: MessageSearch,
  before: MessageCursor | null,
  limit: number,
): Promise<FoundMessage[]> {
  const filters = await messageFilters(database, search)
  if (filters === null) return []
  const range = { before: upperBound(search.receivedBefore, before), from: search.receivedFrom }
  const ids = await newest(database, LISTING, filters, range, Math.trunc(limit))
  return ids.length === 0 ? [] : await database.query<FoundMessage>({ ...FOUND, values: [ids] })
}

const FOUND = {
  name: 'browse-messages',
  text: `SELECT m.id, b.name AS mailbox, m.unique_id AS "uniqueId", m.sha256, m.message_id AS "messageId", m.state, m.reason, m.kind, m.from_address AS "fromAddress", m.subject,
           coalesce(onto.number, about.number) AS ticket, r.size_bytes AS "sizeBytes", m.received_at AS "receivedAt",
           (extract(epoch FROM m.received_at) * 1000000)::bigint::text AS "receivedMicroseconds"
         FROM inbound_messages m JOIN mailboxes b ON b.id = m.mailbox_id JOIN raw_messages r USING (sha256)
         LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id LEFT JOIN tickets onto ON onto.id = e.ticket_id
         LEFT JOIN tickets about ON about.id = m.ticket_id
         WHERE m.id = ANY ($1::uuid[]) ORDER BY m.received_at DESC, m.id DESC`,
}

const LOWEST_ID = '00000000-0000-0000-0000-000000000000'
const MICROSECONDS = 1000n

function upperBound(receivedBefore: Date | undefined, cursor: MessageCursor | null): readonly unknown[] | undefined {
  if (cursor === null) return receivedBefore && [receivedBefore, LOWEST_ID]
  const microseconds = BigInt(cursor.receivedMicroseconds)
  const at = new Date(Number(microseconds / MICROSECONDS))
  if (receivedBefore !== undefined && receivedBefore <= at) return [receivedBefore, LOWEST_ID]
  const rest = String(microseconds % MICROSECONDS).padStart(3, '0')
  return [at.toISOString().replace('Z', `${rest}Z`), cursor.id]
}
