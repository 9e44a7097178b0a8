/** What people look for among messages: any of these together, newest first, in pages. Quick at a million rows. */
import type { InboundState, MailKind } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'
import { keyOf } from '../threads.ts'
import { Conditions, literal } from './conditions.ts'

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

export function messages(
  database: Database,
  search: MessageSearch,
  before: MessageCursor | null,
  limit: number,
): Promise<FoundMessage[]> {
  const where = conditions(search)
  if (before !== null) {
    where.add(
      `(m.received_at, m.id) < (timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2::uuid)`,
      before.receivedMicroseconds,
      before.id,
    )
  }
  return database.query<FoundMessage>({
    text: `SELECT m.id, b.name AS mailbox, m.unique_id AS "uniqueId", m.sha256, m.message_id AS "messageId", m.state, m.reason, m.kind, m.from_address AS "fromAddress", m.subject,
             coalesce(onto.number, about.number) AS ticket, r.size_bytes AS "sizeBytes", m.received_at AS "receivedAt",
             (extract(epoch FROM m.received_at) * 1000000)::bigint::text AS "receivedMicroseconds"
           FROM (SELECT * FROM inbound_messages m WHERE ${where.text()}
                 ORDER BY m.received_at DESC, m.id DESC LIMIT ${Math.trunc(limit)}) m
           JOIN mailboxes b ON b.id = m.mailbox_id JOIN raw_messages r USING (sha256)
           LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id LEFT JOIN tickets onto ON onto.id = e.ticket_id
           LEFT JOIN tickets about ON about.id = m.ticket_id
           ORDER BY m.received_at DESC, m.id DESC`,
    values: where.values,
  })
}

/** Each fits an index of inbound_messages: see the migration that made them. */
function conditions(search: MessageSearch): Conditions {
  const { state, mailbox, reason, address, subject, messageId, receivedFrom, receivedBefore } = search
  const all = new Conditions()
  if (state !== undefined) all.add('m.state = $1::inbound_state', state)
  if (mailbox !== undefined) all.add('m.mailbox_id = (SELECT id FROM mailboxes WHERE name = $1)', mailbox)
  if (reason !== undefined) all.add(`m.reason LIKE $1`, `${literal(reason)}%`)
  if (address !== undefined) addAddress(all, address.trim().toLowerCase())
  // OFFSET 0 keeps the planner from reading messages in order until words turn up: rare ones never would.
  if (subject !== undefined) {
    all.add(
      `m.id IN (SELECT s.id FROM inbound_messages s
         WHERE to_tsvector('simple', s.subject) @@ to_tsquery('simple', $1) OFFSET 0)`,
      wordsOf(subject),
    )
  }
  if (messageId !== undefined) {
    all.add(
      `m.id IN (SELECT inbound_message_id FROM message_references
         WHERE mailbox_id = ANY (SELECT id FROM mailboxes) AND msg_id_sha256 = $1 AND position = 0)`,
      keyOf(`<${messageId.trim().replace(/^<|>$/g, '')}>`),
    )
  }
  if (receivedFrom !== undefined) all.add('m.received_at >= $1::timestamptz', receivedFrom)
  if (receivedBefore !== undefined) all.add('m.received_at < $1::timestamptz', receivedBefore)
  return all
}

/** Senders choose the length of an address; the index has its start. */
const INDEXED_CHARACTERS = 200

function addAddress(all: Conditions, address: string): void {
  if (address.startsWith('@')) {
    const backwards = [...address].toReversed().join('')
    all.add(`reverse(left(lower(m.from_address), ${INDEXED_CHARACTERS})) LIKE $1`, `${literal(backwards)}%`)
  } else {
    all.add(`left(lower(m.from_address), ${INDEXED_CHARACTERS}) LIKE $1`, `${literal(address)}%`)
  }
}

/** Of what people type nothing is an operator. No word finds nothing. */
function wordsOf(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.map((word, index) => (index === words.length - 1 ? `${word}:*` : word)).join(' & ')
}
