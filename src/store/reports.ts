import type { Prisma } from '../generated/prisma/client.ts'
import type { Database } from './database.ts'
import { searchable, type Understood, understoodValues } from './messages.ts'
import { addressKey, keyOf } from './threads.ts'
import { followMerges } from './ticket-view.ts'

/** What a report names, in the order in which it counts. */
export interface About {
  /** Numbers of tickets, by tokens of ours. */
  readonly signed: readonly number[]
  readonly msgIds: readonly string[]
  /** Row of the outbox that the mail it reports on went out for; null: that was none of ours. */
  readonly outboxId: string | null
}

export interface SentMail {
  readonly id: string
  readonly recipient: string
}

export interface Reported {
  readonly ticketId: string
  readonly ticketNumber: number
  readonly outbox: SentMail | null
}

/** A mail of ours came back. */
export interface Returned {
  readonly outboxId: string
  /** RFC 3463, like 5.1.1; null: nothing tells. */
  readonly status: string | null
  /** Nothing is sent to this address any more. */
  readonly silences: string | null
}

/** Written in place of a status where somebody complained about our mail: writing again does not undo that. */
export const COMPLAINT = 'complaint'

/** Mails that report on others: they are booked on a ticket, and add nothing to it. */
export interface Reports {
  /** The ticket that a report is about: of the mailbox's, unless a token of ours names it. null: it is about none. */
  find(inboundMessageId: string, about: About): Promise<Reported | null>
  /** Messages of the mailbox with one of these msg-ids that are not worked yet. */
  waitingOriginals(inboundMessageId: string, msgIds: readonly string[]): Promise<string[]>
  /**
   * Out of `received` and suppressed, with what came back of ours, in one statement (I3). False: it had left `received`
   * already.
   */
  book(
    inboundMessageId: string,
    reason: string,
    detail: Prisma.InputJsonObject,
    about: Understood,
    returned: Returned | null,
  ): Promise<boolean>
}

export function reports(database: Database): Reports {
  return {
    find: (inboundMessageId, about) => find(database, inboundMessageId, about),
    waitingOriginals: (inboundMessageId, msgIds) => waitingOriginals(database, inboundMessageId, msgIds),
    book: (...booking) => book(database, ...booking),
  }
}

/** Of one msg-id; more messages with it only a forger makes. */
const MATCHES_LIMIT = 50

/** A token; the mail itself, or the one that ours answered (position 0 and -2); one that refers to it as well. */
const FIND = `
  SELECT last.id AS "ticketId", last.number AS "ticketNumber", o.id AS "outboxId", o.recipient
  FROM (
    SELECT t.id AS ticket_id, 0 AS step, named.rank
    FROM unnest($2::int[]) WITH ORDINALITY AS named(number, rank) JOIN tickets t ON t.number = named.number
    UNION ALL
    SELECT of_id.ticket_id, CASE WHEN of_id.position <= 0 THEN 1 ELSE 2 END, named.rank
    FROM inbound_messages me CROSS JOIN unnest($3::text[]) WITH ORDINALITY AS named(key, rank)
    CROSS JOIN LATERAL (
      SELECT e.ticket_id, r.position FROM message_references r
      JOIN ticket_entries e ON e.inbound_message_id = r.inbound_message_id
      WHERE r.mailbox_id = me.mailbox_id AND r.msg_id_sha256 = named.key AND r.position <> -1
      LIMIT ${MATCHES_LIMIT}) of_id
    WHERE me.id = $1
  ) hit
  ${followMerges('hit.ticket_id')}
  JOIN tickets last ON last.id = merged.ids[cardinality(merged.ids)]
  LEFT JOIN outbox o ON o.id = $4::bigint
  ORDER BY hit.step, hit.rank, last.number LIMIT 1`

async function find(
  database: Database,
  inboundMessageId: string,
  { signed, msgIds, outboxId }: About,
): Promise<Reported | null> {
  const [row] = await database.query<{
    ticketId: string
    ticketNumber: number
    outboxId: string | null
    recipient: string | null
  }>({ name: 'report-find', text: FIND, values: [inboundMessageId, signed, msgIds.map(keyOf), outboxId] })
  if (row === undefined) return null
  const { ticketId, ticketNumber, recipient } = row
  return {
    ticketId,
    ticketNumber,
    outbox: row.outboxId === null || recipient === null ? null : { id: row.outboxId, recipient },
  }
}

async function waitingOriginals(database: Database, id: string, msgIds: readonly string[]): Promise<string[]> {
  const rows = await database.query<{ id: string }>({
    name: 'report-original-waits',
    text: `SELECT DISTINCT m.id FROM inbound_messages me
           JOIN message_references r ON r.mailbox_id = me.mailbox_id AND r.msg_id_sha256 = ANY($2::text[]) AND r.position = 0
           JOIN inbound_messages m ON m.id = r.inbound_message_id AND m.state = 'received' AND m.id <> me.id
           WHERE me.id = $1 LIMIT ${MATCHES_LIMIT}`,
    values: [id, msgIds.map(keyOf)],
  })
  return rows.map((row) => row.id)
}

const BOOK = `
  WITH left_received AS (
    UPDATE inbound_messages SET state = 'suppressed', reason = $2, finished_at = now(),
      kind = $4::mail_kind, ticket_id = $5, similarity_sha256 = $6, ${searchable('$7', '$8')}
    WHERE id = $1 AND state = 'received' RETURNING id, mailbox_id
  ), came_back AS (
    UPDATE outbox o SET bounced_at = coalesce(o.bounced_at, now()), bounce_status = coalesce($10, o.bounce_status)
    FROM left_received WHERE o.id = $9::bigint
  ), silenced AS (
    UPDATE contacts c SET undeliverable_at = now(),
      undeliverable_status = CASE WHEN c.undeliverable_status = '${COMPLAINT}' THEN c.undeliverable_status ELSE $10 END
    FROM left_received WHERE c.address_sha256 = $11
  )
  INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
  SELECT id, mailbox_id, 'work/suppressed', $3::jsonb || jsonb_build_object('reason', $2::text) FROM left_received
  RETURNING id`

async function book(
  database: Database,
  id: string,
  reason: string,
  detail: Prisma.InputJsonObject,
  about: Understood,
  returned: Returned | null,
): Promise<boolean> {
  const rows = await database.query({
    name: 'report-book',
    text: BOOK,
    values: [
      ...[id, reason, detail, ...understoodValues(about)],
      ...[returned?.outboxId ?? null, returned?.status ?? null],
      returned === null || returned.silences === null ? null : addressKey(returned.silences),
    ],
  })
  return rows.length === 1
}
