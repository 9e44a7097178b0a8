import type { InboundState, TicketPriority, Trust } from '../generated/prisma/client.ts'
import type { Database } from './database.ts'
import type { Waiting } from './messages.ts'
import { keyOf } from './threads.ts'

/** Which messages are looked at again; undefined: any. */
export interface AgainFilter {
  readonly ids?: readonly string[] | undefined
  readonly state?: InboundState | undefined
  readonly reason?: string | undefined
  readonly mailbox?: string | undefined
  /** When they were received: from the first on, before the second. */
  readonly since?: Date | undefined
  readonly until?: Date | undefined
}

/** A message in whatever state, as a worker would see it if it waited, and what was decided of it. */
export interface Decided extends Waiting {
  readonly mailbox: string
  readonly purgedAt: Date | null
  readonly state: InboundState
  readonly reason: string | null
  /** Number of the ticket that it is on, or reports on. */
  readonly ticket: number | null
  /** It is the first one on that ticket. */
  readonly isFirst: boolean
  readonly queue: string | null
  readonly priority: TicketPriority | null
  readonly tags: readonly string[] | null
  /** Of its entry; null: it has none. */
  readonly trust: Trust | null
  readonly authenticity: Readonly<Record<string, string | null>> | null
}

export interface Again {
  /** In the order in which they came. */
  decided(filter: AgainFilter, after: string | null, limit: number): Promise<Decided[]>
  /** Ids of those among them that can be worked again. */
  workable(filter: AgainFilter, after: string | null, limit: number): Promise<string[]>
  /** Ids of those among them, of one mailbox, that have one of these msg-ids, in the order of these. */
  withMsgIds(filter: AgainFilter, mailboxId: string, msgIds: readonly string[]): Promise<string[]>
}

const WHERE = `($1::uuid IS NULL OR (m.received_at, m.id) > ((SELECT received_at FROM inbound_messages WHERE id = $1), $1))
  AND ($3::uuid[] IS NULL OR m.id = ANY($3))
  AND ($4::inbound_state IS NULL OR m.state = $4) AND ($5::text IS NULL OR m.reason = $5)
  AND ($6::text IS NULL OR b.name = $6) AND ($7::timestamptz IS NULL OR m.received_at >= $7)
  AND ($8::timestamptz IS NULL OR m.received_at < $8)`

const DECIDED = `
  SELECT m.id, m.mailbox_id AS "mailboxId", m.sha256, r.size_bytes AS "sizeBytes", m.thread_id AS "threadId",
    b.source_changed_at IS NOT NULL AS "sourceHasChanged", r.erased_at IS NOT NULL AS "isErased",
    coalesce(c.octets, ''::bytea) AS "firstChunk", b.name AS mailbox, r.purged_at AS "purgedAt", m.state, m.reason,
    coalesce(t.number, about.number) AS ticket, t.queue, t.priority, t.tags, e.trust, e.authenticity,
    coalesce(NOT EXISTS (SELECT FROM ticket_entries other
      WHERE other.ticket_id = e.ticket_id AND (other.created_at, other.id) < (e.created_at, e.id)), false) AND e.id IS NOT NULL AS "isFirst"
  FROM inbound_messages m JOIN raw_messages r USING (sha256) JOIN mailboxes b ON b.id = m.mailbox_id
  LEFT JOIN raw_chunks c ON c.sha256 = m.sha256 AND c.seq = 0
  LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id LEFT JOIN tickets t ON t.id = e.ticket_id
  LEFT JOIN tickets about ON about.id = m.ticket_id
  WHERE m.state <> 'received' AND ${WHERE} ORDER BY m.received_at, m.id LIMIT $2`

const CAN_BE_WORKED = `m.state IN ('quarantined', 'suppressed') AND r.purged_at IS NULL`

const WORKABLE = `
  SELECT m.id FROM inbound_messages m JOIN raw_messages r USING (sha256) JOIN mailboxes b ON b.id = m.mailbox_id
  WHERE ${CAN_BE_WORKED} AND ${WHERE} ORDER BY m.received_at, m.id LIMIT $2`

/** More messages with these only a forger makes. */
const MATCHES_LIMIT = 50

const WITH_MSG_IDS = `
  SELECT m.id FROM unnest($9::text[]) WITH ORDINALITY AS named(key, rank)
  JOIN message_references own ON own.mailbox_id = $10 AND own.msg_id_sha256 = named.key AND own.position = 0
  JOIN inbound_messages m ON m.id = own.inbound_message_id JOIN raw_messages r USING (sha256) JOIN mailboxes b ON b.id = m.mailbox_id
  WHERE ${CAN_BE_WORKED} AND ${WHERE} ORDER BY named.rank LIMIT $2`

export function again({ query }: Database): Again {
  return {
    decided: (filter, after, limit) => query<Decided>({ text: DECIDED, values: valuesOf(filter, after, limit) }),
    workable: async (filter, after, limit) => {
      const rows = await query<{ id: string }>({ text: WORKABLE, values: valuesOf(filter, after, limit) })
      return rows.map(({ id }) => id)
    },
    withMsgIds: async (filter, mailboxId, msgIds) => {
      if (msgIds.length === 0) return []
      const values = [...valuesOf(filter, null, MATCHES_LIMIT), msgIds.map(keyOf), mailboxId]
      return (await query<{ id: string }>({ text: WITH_MSG_IDS, values })).map(({ id }) => id)
    },
  }
}

const valuesOf = ({ ids, state, reason, mailbox, since, until }: AgainFilter, after: string | null, limit: number) => [
  after,
  limit,
  ...[ids, state, reason, mailbox, since, until].map((value) => value ?? null),
]
