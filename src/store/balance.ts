import type { Database, Query } from './database.ts'
import { ERASED } from './erase-messages.ts'

/** What became of all that a mailbox ever had (I5). */
export interface MailboxBalance {
  readonly mailbox: string
  /** Messages that its server ever listed: each is stored, held, waiting or lost. */
  readonly listed: number
  readonly stored: number
  /** On the server for a person, or taken away from there by one. */
  readonly held: number
  /** On the server; the next poll takes it. */
  readonly waiting: number
  /** Gone from the server without ever being stored here. */
  readonly lost: number
  /** Messages received: each is in one of these states. */
  readonly messages: number
  readonly received: number
  readonly ticketed: number
  readonly suppressed: number
  readonly quarantined: number
  readonly polls: number
}

export interface Imbalance {
  readonly check: Check
  readonly count: number
  /** The first ones. */
  readonly ids: readonly string[]
}

export interface Balance {
  readonly mailboxes: readonly MailboxBalance[]
  /** None: everything is accounted for. */
  readonly imbalances: readonly Imbalance[]
}

/** Of one instant, whatever goes on meanwhile. */
export async function balance(database: Database): Promise<Balance> {
  return await database.transaction(async (query) => {
    await query({ text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY', values: [] })
    // Each query runs once: compiling them takes longer than it saves.
    await query({ text: 'SET LOCAL jit = off', values: [] })
    const mailboxes = await query<MailboxBalance>({ text: MAILBOXES, values: [] })
    const imbalances: Imbalance[] = []
    for (const check of Object.keys(CHECKS) as Check[]) imbalances.push(...(await look(query, check)))
    return { mailboxes, imbalances }
  })
}

const IDS_TOLD = 10

async function look(query: Query, check: Check): Promise<Imbalance[]> {
  const [row] = await query<{ count: number; ids: string[] | null }>({
    text: `SELECT count(*)::int AS count, (array_agg(id::text ORDER BY id))[1:${IDS_TOLD}] AS ids FROM (${CHECKS[check]}) AS amiss(id)`,
    values: [],
  })
  return row === undefined || row.count === 0 ? [] : [{ check, count: row.count, ids: row.ids ?? [] }]
}

/** A unique-id that is used again may have an older message stored: what is told is what is there now. */
const FATE = `CASE WHEN held_reason IS NOT NULL THEN 'held' WHEN stored_at IS NOT NULL THEN 'stored'
  WHEN gone_at IS NULL THEN 'waiting' ELSE 'lost' END`

const MAILBOXES = `
  WITH fates AS (
    SELECT mailbox_id, ${FATE} AS fate FROM remote_messages
  ), remote AS (
    SELECT mailbox_id, count(*)::int AS listed, ${counts('fate', ['stored', 'held', 'waiting', 'lost'])} FROM fates GROUP BY mailbox_id
  ), inbound AS (
    SELECT mailbox_id, count(*)::int AS messages, ${counts('state', ['received', 'ticketed', 'suppressed', 'quarantined'])}
    FROM inbound_messages GROUP BY mailbox_id
  ), poll AS (
    SELECT mailbox_id, count(*)::int AS polls FROM poll_sessions GROUP BY mailbox_id
  )
  SELECT b.name AS mailbox, ${['listed', 'stored', 'held', 'waiting', 'lost', 'messages', 'received', 'ticketed', 'suppressed', 'quarantined', 'polls'].map((each) => `coalesce(${each}, 0) AS ${each}`).join()}
  FROM mailboxes b LEFT JOIN remote ON remote.mailbox_id = b.id LEFT JOIN inbound ON inbound.mailbox_id = b.id
  LEFT JOIN poll ON poll.mailbox_id = b.id ORDER BY b.name`

function counts(column: string, values: readonly string[]): string {
  return values.map((value) => `count(*) FILTER (WHERE ${column} = '${value}')::int AS ${value}`).join()
}

/** What puts a message into a state, and which. */
const BECAME = `CASE code WHEN 'work/ticketed' THEN 'ticketed' WHEN 'work/suppressed' THEN 'suppressed'
  WHEN 'work/quarantined' THEN 'quarantined' WHEN 'operator/reprocess' THEN 'received'
  WHEN 'operator/suppress' THEN 'suppressed' END`

/** How a row of the outbox ended, or that it waits again: the last one counts. */
const OUTBOX_CODES = [
  ...['sent', 'failed', 'skipped'].flatMap((end) => [`outbound/${end}`, `webhook/${end}`]),
  'operator/replay',
]

/** A message that came to this mailbox when its octets had been erased is suppressed for that. */
function unexplained(code: string): string {
  return `NOT EXISTS (SELECT FROM inbound_events e WHERE e.inbound_message_id = m.id
    AND (e.code IN ('${code}', 'operator/erased') OR e.code = 'work/suppressed' AND e.detail->>'reason' = '${ERASED}'))`
}

/** Numbers are compared as text: what an event says may be anything, and a query that fails tells of nothing. */
const PUT_ON = `SELECT DISTINCT ON (inbound_message_id) inbound_message_id, detail->>'ticket' AS number
  FROM inbound_events WHERE code = 'work/ticketed' ORDER BY inbound_message_id, id DESC`

/** Each merged ticket, and the one at the end of its chain. Who is in a circle is at no end; `UNION` leaves it. */
const ENDS = `RECURSIVE way AS (
    SELECT id AS merged_id, merged_into_id AS id FROM tickets WHERE merged_into_id IS NOT NULL
    UNION SELECT way.merged_id, t.merged_into_id FROM way JOIN tickets t ON t.id = way.id WHERE t.merged_into_id IS NOT NULL
  ), ends AS (
    SELECT way.merged_id, way.id FROM way LEFT JOIN tickets t ON t.id = way.id WHERE t.merged_into_id IS NULL
  )`

/** The events say which tickets a message had become one, and which one that is. */
const MERGES = `SELECT absorbed #>> '{}' AS id, detail->>'ticket' AS into
  FROM inbound_events CROSS JOIN LATERAL jsonb_path_query(detail, '$.absorbed[*]') AS absorbed
  WHERE code = 'work/ticketed' AND detail ? 'absorbed'`

/** Each gives the ids of what is not accounted for. docs/audit.md says what they mean. */
const CHECKS = {
  'poll-unbalanced': `SELECT id FROM poll_sessions WHERE ended_at IS NOT NULL AND listed <> known + retrieved + held + "left"`,
  'remote-lost': `SELECT id FROM (SELECT id, ${FATE} AS fate FROM remote_messages) AS r WHERE fate = 'lost'`,
  'remote-deleted-unstored': `SELECT id FROM remote_messages WHERE delete_asked_at IS NOT NULL AND stored_at IS NULL`,
  'remote-held-unexplained': `SELECT id FROM remote_messages r WHERE held_reason IS NOT NULL AND NOT EXISTS (
    SELECT FROM inbound_events e WHERE e.code = 'intake/held' AND e.mailbox_id = r.mailbox_id
      AND e.detail->>'uniqueId' = r.unique_id AND e.detail->>'reason' = r.held_reason)`,
  'remote-stored-nowhere': `SELECT id FROM remote_messages r WHERE (stored_at IS NOT NULL OR sha256 IS NOT NULL) AND NOT EXISTS (
    SELECT FROM inbound_messages m WHERE m.mailbox_id = r.mailbox_id AND m.sha256 = r.sha256)`,
  'message-from-nowhere': `SELECT id FROM inbound_messages m WHERE NOT EXISTS (
    SELECT FROM remote_messages r WHERE r.mailbox_id = m.mailbox_id AND r.source = m.source AND r.unique_id = m.unique_id)`,
  'message-unexplained': `SELECT m.id FROM inbound_messages m LEFT JOIN (
      SELECT inbound_message_id, count(*) AS times, min(detail->>'sha256') AS sha256
      FROM inbound_events WHERE code = 'intake/stored' GROUP BY inbound_message_id) AS e ON e.inbound_message_id = m.id
    WHERE e.times IS DISTINCT FROM 1 OR e.sha256 <> m.sha256`,
  'state-unexplained': `SELECT m.id FROM inbound_messages m LEFT JOIN (
      SELECT DISTINCT ON (inbound_message_id) inbound_message_id, ${BECAME} AS state, detail->>'reason' AS reason
      FROM inbound_events WHERE inbound_message_id IS NOT NULL AND ${BECAME} IS NOT NULL
      ORDER BY inbound_message_id, id DESC) AS e ON e.inbound_message_id = m.id
    WHERE m.state::text <> coalesce(e.state, 'received') OR m.state <> 'received' AND m.reason IS DISTINCT FROM e.reason`,
  'ticketed-without-entry': `SELECT id FROM inbound_messages m WHERE state = 'ticketed' AND NOT EXISTS (
    SELECT FROM ticket_entries t WHERE t.inbound_message_id = m.id)`,
  'entry-unexplained': `SELECT t.id FROM ticket_entries t JOIN inbound_messages m ON m.id = t.inbound_message_id WHERE m.state <> 'ticketed'`,
  'entry-elsewhere': `WITH ${ENDS}
    SELECT e.id FROM ticket_entries e JOIN (${PUT_ON}) AS told USING (inbound_message_id)
    LEFT JOIN tickets t ON t.number::text = told.number LEFT JOIN ends ON ends.merged_id = t.id
    WHERE e.ticket_id IS DISTINCT FROM coalesce(ends.id, t.id)`,
  'report-elsewhere': `SELECT m.id FROM inbound_messages m LEFT JOIN tickets t ON t.id = m.ticket_id LEFT JOIN (
      SELECT DISTINCT ON (inbound_message_id) inbound_message_id, detail->>'ticket' AS number
      FROM inbound_events WHERE code = 'work/suppressed' ORDER BY inbound_message_id, id DESC) AS told ON told.inbound_message_id = m.id
    WHERE m.state = 'suppressed' AND m.reason NOT IN ('operator/suppress', '${ERASED}') AND t.number::text IS DISTINCT FROM told.number`,
  'merge-unexplained': `SELECT coalesce(t.number::text, told.id) AS id
    FROM (SELECT * FROM tickets WHERE merged_into_id IS NOT NULL OR status = 'merged') AS t
    FULL JOIN (${MERGES}) AS told ON told.id = t.id::text LEFT JOIN tickets onto ON onto.id = t.merged_into_id
    WHERE t.status IS DISTINCT FROM 'merged' OR told.id IS NULL OR onto.number::text IS DISTINCT FROM told.into`,
  'ticket-without-entry': `SELECT number FROM tickets t WHERE status <> 'merged' AND NOT EXISTS (
    SELECT FROM ticket_entries e WHERE e.ticket_id = t.id)`,
  'outbox-without-cause': `SELECT id FROM outbox o WHERE NOT EXISTS (
    SELECT FROM inbound_events e WHERE e.id = o.event_id AND e.mailbox_id = o.mailbox_id
      AND e.inbound_message_id IS NOT DISTINCT FROM o.inbound_message_id)`,
  'outbox-unexplained': `SELECT o.id FROM outbox o LEFT JOIN (
      SELECT DISTINCT ON (detail->>'outbox') detail->>'outbox' AS outbox, substr(code, strpos(code, '/') + 1) AS "end"
      FROM inbound_events WHERE code IN (${OUTBOX_CODES.map((code) => `'${code}'`).join()})
      ORDER BY detail->>'outbox', id DESC) AS e
      ON e.outbox = o.id::text
    WHERE coalesce(e.end, 'replay') <> CASE WHEN o.state = 'waiting' THEN 'replay' ELSE o.state::text END`,
  'octets-of-nobody': `SELECT sha256 FROM raw_messages r WHERE NOT EXISTS (SELECT FROM inbound_messages m WHERE m.sha256 = r.sha256)`,
  'octets-missing': `SELECT sha256 FROM raw_messages r WHERE purged_at IS NULL AND size_bytes > 0 AND NOT EXISTS (
    SELECT FROM raw_chunks c WHERE c.sha256 = r.sha256)`,
  'purged-unexplained': `SELECT m.id FROM inbound_messages m JOIN raw_messages r USING (sha256)
    WHERE r.purged_at IS NOT NULL AND ${unexplained('retention/raw-purged')}
      OR m.content_purged_at IS NOT NULL AND ${unexplained('retention/content-purged')}`,
} as const satisfies Record<string, string>

export type Check = keyof typeof CHECKS
