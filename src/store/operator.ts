/** What an operator decides of a message, and whether he has: each is an event with his name (I8). */
import { type Act, toldOf } from './act.ts'
import type { Database } from './database.ts'

/** What it was first held for, where an operator has dismissed it since: that is what he lets through now. */
const HELD_FOR = `CASE WHEN before.reason <> 'operator/suppress' THEN before.reason ELSE (
  SELECT e.detail->>'heldFor' FROM inbound_events e WHERE e.inbound_message_id = before.id AND e.code = 'operator/suppress'
  ORDER BY e.id DESC LIMIT 1) END`

/** It is let through: the event has the `reason`, and `wasReleased` finds it there. */
export const reprocess = (database: Database, id: string, act: Act): Promise<boolean> =>
  workAgain(database, id, act, 'reason')

/** Nothing is let through: the event keeps it under another name. */
export const judgeAgain = (database: Database, id: string, act: Act): Promise<boolean> =>
  workAgain(database, id, act, 'heldFor')

/**
 * Locks the octets' row, too: they must not be purged at the same moment. What says that its content was removed goes:
 * whoever works it writes it anew from the octets, and then it is to be removed again.
 */
async function workAgain(database: Database, id: string, act: Act, toldAs: 'reason' | 'heldFor'): Promise<boolean> {
  const rows = await database.query({
    text: `WITH before AS (
             SELECT m.id, m.reason FROM inbound_messages m JOIN raw_messages r USING (sha256)
             WHERE m.id = $1 AND m.state IN ('quarantined', 'suppressed') AND r.purged_at IS NULL FOR NO KEY UPDATE OF m FOR SHARE OF r
           ), again AS (
             UPDATE inbound_messages m SET state = 'received', reason = NULL, finished_at = NULL, stalls = 0, content_purged_at = NULL
             FROM before WHERE m.id = before.id RETURNING m.id, m.mailbox_id, ${HELD_FOR} AS reason)
           INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
           SELECT id, mailbox_id, 'operator/reprocess', jsonb_build_object($3::text, reason) || $2::jsonb FROM again RETURNING id`,
    values: [id, toldOf(act), toldAs],
  })
  return rows.length === 1
}

/** The reason of its state from now on; the event keeps what it was held for. */
const DISMISSED = 'operator/suppress'

export async function dismiss(database: Database, id: string, act: Act): Promise<boolean> {
  const rows = await database.query({
    text: `WITH before AS (
             SELECT id, reason FROM inbound_messages WHERE id = $1 AND state = 'quarantined' FOR NO KEY UPDATE
           ), dismissed AS (
             UPDATE inbound_messages m SET state = 'suppressed', reason = $3, finished_at = now()
             FROM before WHERE m.id = before.id RETURNING m.id, m.mailbox_id, before.reason)
           INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
           SELECT id, mailbox_id, $3, jsonb_build_object('reason', $3::text, 'heldFor', reason) || $2::jsonb FROM dismissed RETURNING id`,
    values: [id, toldOf(act), DISMISSED],
  })
  return rows.length === 1
}

export async function wasReleased(database: Database, id: string, reason: string): Promise<boolean> {
  const rows = await database.query({
    name: 'message-released',
    text: `SELECT 1 FROM inbound_events
           WHERE inbound_message_id = $1 AND code = 'operator/reprocess' AND detail->>'reason' = $2 LIMIT 1`,
    values: [id, reason],
  })
  return rows.length > 0
}
