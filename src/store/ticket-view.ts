/** Which tickets a message may belong to. */
import type { Database } from './database.ts'
import { addressKey } from './threads.ts'
import type { Relative, ThreadView, Viewpoint } from './tickets.ts'

/** A ticket that no mail is added to any more; `days` is an SQL expression. The database's clock counts. */
export const isPast = (ticket: string, days: string): string =>
  `(${ticket}.merged_into_id IS NOT NULL OR ${ticket}.status = 'merged'
    OR ${ticket}.status = 'closed' AND ${ticket}.updated_at <= now() - ${days}::int * interval '1 day')`

/** The number of the ticket that an event tells of; null where it is none, for somebody may have changed it. */
export const ticketNumberOf = (event: string): string =>
  `CASE WHEN ${event}.detail->>'ticket' ~ '^[0-9]{1,9}$' THEN (${event}.detail->>'ticket')::int END`

/** Longer chains of merged tickets, or circles, are somebody's mistake: they lead nowhere. */
const MERGES_LIMIT = 20

/**
 * `merged.ids` are the ticket and those that it was merged into, the last one at the end. Names inside are of nobody outside:
 * `t.id = t.id` would be every ticket.
 */
export const followMerges = (ticketId: string): string => `
  CROSS JOIN LATERAL (
    WITH RECURSIVE chain AS (
      SELECT link.id, link.merged_into_id, 1 AS depth FROM tickets link WHERE link.id = ${ticketId}
      UNION ALL
      SELECT link.id, link.merged_into_id, depth + 1 FROM chain JOIN tickets link ON link.id = chain.merged_into_id
      WHERE depth < ${MERGES_LIMIT}
    ) SELECT array_agg(id ORDER BY depth) AS ids FROM chain
  ) merged`

/** More relatives than this only a forger has. */
const RELATIVES_LIMIT = 1000

const IN_THE_THREAD = `
  SELECT e.ticket_id, CASE WHEN named.position IS NOT NULL THEN 'reference' END AS by, named.position,
    EXISTS (SELECT 1 FROM message_references mine
      JOIN message_references theirs ON theirs.msg_id_sha256 = mine.msg_id_sha256 AND theirs.position > 0
      WHERE mine.inbound_message_id = me.id AND mine.position = 0 AND theirs.inbound_message_id = m.id) AS awaits,
    lower(e.from_address) = ANY($3::text[]) AS mutual, coalesce(m.message_id = me.message_id, false) AS same_id
  FROM inbound_messages m JOIN ticket_entries e ON e.inbound_message_id = m.id
  CROSS JOIN LATERAL (
    SELECT min(mine.position) AS position FROM message_references mine
    JOIN message_references own ON own.msg_id_sha256 = mine.msg_id_sha256 AND own.position <= 0
    WHERE mine.inbound_message_id = me.id AND mine.position > 0 AND own.inbound_message_id = m.id) named
  WHERE m.thread_id = me.thread_id AND m.id <> me.id
  ORDER BY named.position, awaits DESC, e.created_at LIMIT ${RELATIVES_LIMIT}`

const NAMED = `
  SELECT t.id, named.by, named.position::int, false, false, false
  FROM unnest($4::text[], $5::int[]) WITH ORDINALITY AS named(by, number, position)
  JOIN tickets t ON t.number = named.number`

const VIEW = `
  SELECT th.id AS "threadId", th.version, relative.*
  FROM inbound_messages me JOIN threads th ON th.id = me.thread_id
  LEFT JOIN LATERAL (
    SELECT last.id AS "ticketId", last.number AS "ticketNumber", hit.by, hit.position, hit.awaits,
      hit.mutual AS "isMutual", hit.same_id AS "sameMessageId", ${isPast('last', '$6')} AS "isPast",
      (SELECT count(DISTINCT p.address_sha256) FROM ticket_participants p
       WHERE p.ticket_id = ANY(merged.ids) AND p.address_sha256 = ANY($2::text[])) = cardinality($2::text[])
        AS "senderTakesPart"
    FROM ((${IN_THE_THREAD}) UNION ALL ${NAMED}) hit(ticket_id, by, position, awaits, mutual, same_id)
    ${followMerges('hit.ticket_id')}
    JOIN tickets last ON last.id = merged.ids[cardinality(merged.ids)] AND last.mailbox_id = me.mailbox_id
  ) relative ON true
  WHERE me.id = $1`

export async function viewThread(
  database: Database,
  inboundMessageId: string,
  { senders, people, named, reopenDays }: Viewpoint,
): Promise<ThreadView | null> {
  const rows = await database.query<{ threadId: string; version: number } & (Relative | { ticketId: null })>({
    name: 'ticket-view',
    text: VIEW,
    values: [
      inboundMessageId,
      [...new Set(senders.map(addressKey))],
      people.map((address) => address.toLowerCase()),
      named.map(({ by }) => by),
      named.map(({ number }) => number),
      reopenDays,
    ],
  })
  const [first] = rows
  if (first === undefined) return null
  return {
    threadId: first.threadId,
    version: first.version,
    relatives: rows.filter((row) => row.ticketId !== null),
  }
}
