import type { Database, Query } from './database.ts'

/** How long the mail of a mailbox is kept; null: for ever. */
export interface Keeping {
  readonly mailboxId: string
  readonly rawSeconds: number | null
  readonly contentSeconds: number | null
}

/** Where the next look goes on; null: at the beginning. */
export type Place = { readonly at: string; readonly id: string } | null

/** `busy`: another process is at it. */
export type Purged =
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'purged'; readonly messages: number; readonly next: Place }

/**
 * Removes what was kept for long enough, a bounded number at a time, by one process at a time. Mail of mailboxes that
 * are not named stays: whoever does not know how long it is to be kept removes nothing.
 */
export interface Retention {
  /** Octets of which every message is finished (never `received`, never `quarantined`) for as long as its mailbox says. */
  purgeRaw(keeping: readonly Keeping[], after: Place, limit: number): Promise<Purged>
  /** What messages say, of closed tickets and of those that are on none. */
  purgeContent(keeping: readonly Keeping[], after: Place, limit: number): Promise<Purged>
}

export function retention(database: Database): Retention {
  return {
    purgeRaw: (...asked) => alone(database, (query) => purgeRaw(query, ...asked)),
    purgeContent: (...asked) => alone(database, (query) => purgeContent(query, ...asked)),
  }
}

function alone(database: Database, purge: (query: Query) => Promise<Purged>): Promise<Purged> {
  return database.transaction(async (query) => {
    const [lock] = await query<{ locked: boolean }>({
      name: 'retention-lock',
      text: `SELECT pg_try_advisory_xact_lock(hashtextextended('mailchute retention', 0)) AS locked`,
      values: [],
    })
    return lock?.locked === true ? await purge(query) : { outcome: 'busy' }
  })
}

type Seconds = 'rawSeconds' | 'contentSeconds'

const valuesOf = (keeping: readonly Keeping[], which: Seconds) => {
  const limited = keeping.filter((each) => each[which] !== null)
  return [limited.map(({ mailboxId }) => mailboxId), limited.map((each) => each[which])]
}

/** The mailboxes whose mail is not kept for ever. */
const KEEPING = `keeping AS (
  SELECT mailbox_id, now() - seconds * interval '1 second' AS until FROM unnest($1::uuid[], $2::bigint[]) AS k(mailbox_id, seconds))`

/** Of octets `r`: a message that still needs them. */
const NEEDED = `EXISTS (SELECT FROM inbound_messages m LEFT JOIN keeping k ON k.mailbox_id = m.mailbox_id
  WHERE m.sha256 = r.sha256 AND (m.state NOT IN ('ticketed', 'suppressed') OR k.until IS NULL OR m.finished_at >= k.until))`

/**
 * A message that comes to another mailbox at this moment waits for the lock, and brings its octets along again
 * (intake.ts); one that came just before is seen by the second statement.
 */
async function purgeRaw(query: Query, keeping: readonly Keeping[], after: Place, limit: number): Promise<Purged> {
  const values = valuesOf(keeping, 'rawSeconds')
  const due = await query<{ at: string; id: string }>({
    name: 'retention-raw-due',
    text: `WITH ${KEEPING}
           SELECT r.created_at::text AS at, r.sha256 AS id FROM raw_messages r
           WHERE r.purged_at IS NULL AND r.created_at < (SELECT max(until) FROM keeping)
             AND ($3::timestamptz IS NULL OR (r.created_at, r.sha256) > ($3, $4)) AND NOT ${NEEDED}
           ORDER BY r.created_at, r.sha256 LIMIT $5 FOR UPDATE OF r SKIP LOCKED`,
    values: [...values, after?.at ?? null, after?.id ?? null, limit],
  })
  const told = await query({
    name: 'retention-raw',
    text: `WITH ${KEEPING}, purged AS (
             UPDATE raw_messages r SET purged_at = now() WHERE r.sha256 = ANY($3::text[]) AND NOT ${NEEDED} RETURNING sha256
           ), removed AS (
             DELETE FROM raw_chunks c USING purged WHERE c.sha256 = purged.sha256
           )
           INSERT INTO inbound_events (inbound_message_id, mailbox_id, code)
           SELECT m.id, m.mailbox_id, 'retention/raw-purged' FROM purged JOIN inbound_messages m USING (sha256) RETURNING id`,
    values: [...values, due.map(({ id }) => id)],
  })
  return { outcome: 'purged', messages: told.length, next: nextOf(due, limit) }
}

const nextOf = (due: readonly { at: string; id: string }[], limit: number): Place =>
  due.length < limit ? null : (due.at(-1) ?? null)

/**
 * A ticket to which something comes at this moment is locked, and left to the next look; to one that had something since
 * the first look, too. No lock is so strong that a foreign key would wait for it: who books an event of a message may have
 * in his hands what is wanted here next.
 */
async function purgeContent(query: Query, keeping: readonly Keeping[], after: Place, limit: number): Promise<Purged> {
  const due = await query<{ at: string; id: string }>({
    name: 'retention-content-due',
    text: `WITH ${KEEPING}
           SELECT m.finished_at::text AS at, m.id FROM inbound_messages m JOIN keeping k ON k.mailbox_id = m.mailbox_id
           LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id LEFT JOIN tickets t ON t.id = e.ticket_id
           WHERE m.content_purged_at IS NULL AND m.state IN ('ticketed', 'suppressed') AND m.finished_at < k.until
             AND ($3::timestamptz IS NULL OR (m.finished_at, m.id) > ($3, $4::uuid))
             AND (m.state = 'suppressed' OR t.status = 'closed' AND t.updated_at < k.until)
           ORDER BY m.finished_at, m.id LIMIT $5 FOR NO KEY UPDATE OF m SKIP LOCKED`,
    values: [...valuesOf(keeping, 'contentSeconds'), after?.at ?? null, after?.id ?? null, limit],
  })
  const purged = await query<{ id: string }>({
    name: 'retention-tickets-still',
    text: `WITH ${KEEPING}
           SELECT m.id FROM inbound_messages m WHERE m.id = ANY($3::uuid[]) AND m.state = 'suppressed'
           UNION ALL SELECT e.inbound_message_id FROM tickets t JOIN ticket_entries e ON e.ticket_id = t.id
           WHERE e.inbound_message_id = ANY($3::uuid[]) AND t.id IN (
             SELECT still.id FROM tickets still JOIN keeping k ON k.mailbox_id = still.mailbox_id
             WHERE still.status = 'closed' AND still.updated_at < k.until AND still.id IN (
               SELECT ticket_id FROM ticket_entries WHERE inbound_message_id = ANY($3::uuid[]))
             ORDER BY still.number FOR NO KEY UPDATE OF still SKIP LOCKED)`,
    values: [...valuesOf(keeping, 'contentSeconds'), due.map(({ id }) => id)],
  })
  const messageIds = purged.map(({ id }) => id)
  await blankMessages(query, messageIds)
  await blankTickets(query, messageIds)
  await query({
    name: 'retention-content-told',
    text: `INSERT INTO inbound_events (inbound_message_id, mailbox_id, code)
           SELECT id, mailbox_id, 'retention/content-purged' FROM inbound_messages WHERE id = ANY($1::uuid[])`,
    values: [messageIds],
  })
  return { outcome: 'purged', messages: messageIds.length, next: nextOf(due, limit) }
}

/** What messages say, and who wrote them and to whom: rows, digests, kinds and instants stay. */
export async function blankMessages(query: Query, ids: readonly string[]): Promise<void> {
  await query({
    name: 'blank-messages',
    text: `UPDATE inbound_messages SET content_purged_at = now(), from_address = NULL, subject = NULL, message_id = NULL,
             similarity_sha256 = NULL WHERE id = ANY($1::uuid[])`,
    values: [ids],
  })
  await query({
    name: 'blank-entries',
    text: `UPDATE ticket_entries SET from_name = '', from_address = '', subject = '', text = NULL, html = NULL, reply = NULL,
             reply_html = NULL, recipients = '[]', authenticity = '{}', message_id = NULL WHERE inbound_message_id = ANY($1::uuid[])`,
    values: [ids],
  })
  await query({
    name: 'blank-attachments',
    text: `UPDATE attachments a SET filename = NULL, content_id = NULL FROM ticket_entries e
           WHERE e.id = a.entry_id AND e.inbound_message_id = ANY($1::uuid[])`,
    values: [ids],
  })
}

/** What is about the tickets of these messages, where nothing of them is kept any more. */
async function blankTickets(query: Query, messageIds: readonly string[]): Promise<void> {
  const tickets = await query<{ id: string; requesterId: string }>({
    name: 'blank-tickets',
    text: `UPDATE tickets t SET subject = '' WHERE t.id IN (SELECT ticket_id FROM ticket_entries WHERE inbound_message_id = ANY($1::uuid[]))
             AND NOT EXISTS (SELECT FROM ticket_entries e JOIN inbound_messages m ON m.id = e.inbound_message_id
               WHERE e.ticket_id = t.id AND m.content_purged_at IS NULL)
           RETURNING t.id, t.requester_id AS "requesterId"`,
    values: [messageIds],
  })
  const ids = tickets.map(({ id }) => id)
  await query({
    name: 'blank-merged',
    text: `WITH RECURSIVE became AS (
             SELECT id FROM tickets WHERE merged_into_id = ANY($1::uuid[])
             UNION SELECT t.id FROM became JOIN tickets t ON t.merged_into_id = became.id)
           UPDATE tickets t SET subject = '' FROM became WHERE t.id = became.id`,
    values: [ids],
  })
  await query({
    name: 'blank-participants',
    text: `UPDATE ticket_participants SET address = '' WHERE ticket_id = ANY($1::uuid[])`,
    values: [ids],
  })
  await query({
    name: 'blank-outbox',
    text: `UPDATE outbox SET recipient = '' WHERE state <> 'waiting' AND ticket_id = ANY($1::uuid[])`,
    values: [ids],
  })
  await query({
    name: 'blank-names',
    text: `UPDATE contacts c SET name = '' WHERE c.id = ANY($1::uuid[]) AND NOT EXISTS (
             SELECT FROM tickets t WHERE t.requester_id = c.id AND t.status <> 'merged' AND t.subject <> '')`,
    values: [tickets.map(({ requesterId }) => requesterId)],
  })
}
