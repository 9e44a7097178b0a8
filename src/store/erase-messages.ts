/** What is stored of some messages is removed, in one transaction: digests, rows and events stay. */
import type { Query } from './database.ts'
import { blankMessages } from './retention.ts'
import { ticketNumberOf } from './ticket-view.ts'

/** Why a message that waited, or that was held, became no ticket. */
export const ERASED = 'erased'

export interface ErasedMessages {
  readonly messages: number
  /** Of raw messages whose octets went. */
  readonly digests: readonly string[]
  readonly octets: number
  readonly entries: number
  readonly attachments: number
  /** Whose subject went. */
  readonly tickets: number
  readonly outbox: number
}

/**
 * Octets are locked before all: a mailbox that gets them at this moment has stored its message before, and it is seen
 * here, or waits and finds them erased (intake.ts); and who purges them waits with nothing in his hands. Then tickets
 * before messages, as the worker does, so that foreign keys need not wait. Other mailboxes have the same octets under a message of their own: that is theirs,
 * too.
 */
export async function eraseMessages(query: Query, asked: readonly string[], by: string): Promise<ErasedMessages> {
  await query({
    name: 'erase-lock-raw',
    text: `SELECT FROM raw_messages WHERE sha256 IN (SELECT sha256 FROM inbound_messages WHERE id = ANY($1::uuid[]))
           ORDER BY sha256 FOR UPDATE`,
    values: [asked],
  })
  await query({
    name: 'erase-lock-tickets',
    text: `SELECT FROM tickets WHERE id IN (SELECT e.ticket_id FROM inbound_messages asked
             JOIN inbound_messages m ON m.sha256 = asked.sha256 JOIN ticket_entries e ON e.inbound_message_id = m.id
             WHERE asked.id = ANY($1::uuid[])) ORDER BY number FOR NO KEY UPDATE`,
    values: [asked],
  })
  const messages = await query<{ id: string; sha256: string }>({
    name: 'erase-lock-messages',
    text: `SELECT id, sha256 FROM inbound_messages WHERE sha256 IN (
             SELECT sha256 FROM inbound_messages WHERE id = ANY($1::uuid[])) ORDER BY id FOR NO KEY UPDATE`,
    values: [asked],
  })
  const ids = messages.map(({ id }) => id)
  const parts = await countParts(query, ids)
  await leave(query, ids, by)
  await blankMessages(query, ids)
  const tickets = await blankOpened(query, ids)
  const outbox = await blankOutbox(query, ids)
  const raw = await eraseRaw(query, [...new Set(messages.map(({ sha256 }) => sha256))])
  await query({
    name: 'erase-told',
    text: `INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
           SELECT id, mailbox_id, 'operator/erased', jsonb_build_object('actor', $2::text) FROM inbound_messages
           WHERE id = ANY($1::uuid[]) ORDER BY id`,
    values: [ids, by],
  })
  return { messages: ids.length, ...parts, tickets, outbox, ...raw }
}

async function countParts(query: Query, ids: readonly string[]) {
  const [row] = await query<{ entries: number; attachments: number }>({
    name: 'erase-count',
    text: `SELECT count(DISTINCT e.id)::int AS entries, count(a.entry_id)::int AS attachments
           FROM ticket_entries e LEFT JOIN attachments a ON a.entry_id = e.id WHERE e.inbound_message_id = ANY($1::uuid[])`,
    values: [ids],
  })
  return row ?? { entries: 0, attachments: 0 }
}

/** Nobody can work any more what waits, nor judge what is held. */
async function leave(query: Query, ids: readonly string[], by: string): Promise<void> {
  await query({
    name: 'erase-leave',
    text: `WITH left_for_good AS (
             UPDATE inbound_messages SET state = 'suppressed', reason = '${ERASED}', finished_at = now()
             WHERE id = ANY($1::uuid[]) AND state IN ('received', 'quarantined') RETURNING id, mailbox_id)
           INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
           SELECT id, mailbox_id, 'work/suppressed', jsonb_build_object('reason', '${ERASED}', 'actor', $2::text) FROM left_for_good`,
    values: [ids, by],
  })
}

/** The subject of a ticket is that of the mail that opened it. Of one that was merged the entries are elsewhere. */
async function blankOpened(query: Query, ids: readonly string[]): Promise<number> {
  const rows = await query({
    name: 'erase-subjects',
    text: `UPDATE tickets t SET subject = '' WHERE subject <> '' AND (
             id IN (SELECT ticket_id FROM ticket_entries WHERE inbound_message_id = ANY($1::uuid[]))
               AND (SELECT e.inbound_message_id FROM ticket_entries e WHERE e.ticket_id = t.id ORDER BY e.created_at, e.id LIMIT 1)
                 = ANY($1::uuid[])
             OR status = 'merged' AND number IN (SELECT ${ticketNumberOf('v')} FROM inbound_events v
               WHERE v.inbound_message_id = ANY($1::uuid[]) AND v.code = 'work/ticketed')) RETURNING id`,
    values: [ids],
  })
  return rows.length
}

/** What is to go out for these messages goes to who wrote them. */
async function blankOutbox(query: Query, ids: readonly string[]): Promise<number> {
  await query({ name: 'erase-outbox-skip', text: skipWaiting('inbound_message_id = ANY($1::uuid[])'), values: [ids] })
  const rows = await query({
    name: 'erase-outbox',
    text: `UPDATE outbox SET recipient = '', recipient_sha256 = '' WHERE inbound_message_id = ANY($1::uuid[]) AND recipient <> ''
           RETURNING id`,
    values: [ids],
  })
  return rows.length
}

export const skipWaiting = (which: string): string => `
  WITH ended AS (
    UPDATE outbox SET state = 'skipped', reason = '${ERASED}', finished_at = now() WHERE state = 'waiting' AND ${which} RETURNING *)
  INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
  SELECT inbound_message_id, mailbox_id, 'outbound/skipped', jsonb_build_object(
    'target', target, 'outbox', id::text, 'reason', reason, 'attempts', attempts) FROM ended`

async function eraseRaw(query: Query, digests: readonly string[]) {
  const rows = await query<{ sha256: string; octets: string }>({
    name: 'erase-raw',
    text: `UPDATE raw_messages r SET purged_at = coalesce(r.purged_at, now()), erased_at = coalesce(r.erased_at, now())
           FROM raw_messages before WHERE before.sha256 = r.sha256 AND r.sha256 = ANY($1::text[])
           RETURNING r.sha256, CASE WHEN before.purged_at IS NULL THEN r.size_bytes ELSE 0 END::text AS octets`,
    values: [digests],
  })
  await query({
    name: 'erase-chunks',
    text: 'DELETE FROM raw_chunks WHERE sha256 = ANY($1::text[])',
    values: [digests],
  })
  return {
    digests: rows.map(({ sha256 }) => sha256).toSorted(),
    octets: rows.reduce((sum, { octets }) => sum + Number(octets), 0),
  }
}
