import type { Database, Query } from './database.ts'

/** Counts what became of messages, so that nobody has to count a million rows. */
export interface Tally {
  /**
   * The next events that are sealed, so that none can come before them any more; under a lock that is only tried. Resolves
   * with whether there is more to count.
   */
  next(limit: number): Promise<boolean>
}

export function tally(database: Database): Tally {
  return { next: (limit) => database.transaction((query) => next(query, limit)) }
}

const LOCK = `SELECT pg_try_advisory_xact_lock(hashtextextended('mailchute tally', 0)) AS locked`

/** The range is read first, by itself: where it is a constant the index gives it, else a million rows are read. */
async function next(query: Query, limit: number): Promise<boolean> {
  const [lock] = await query<{ locked: boolean }>({ name: 'tally-lock', text: LOCK, values: [] })
  if (lock?.locked !== true) return false
  const [range] = await query<{ counted: string; sealed: string }>({ name: 'tally-range', text: RANGE, values: [] })
  const [counted, sealed] = [BigInt(range?.counted ?? 0), BigInt(range?.sealed ?? 0)]
  if (sealed <= counted) return false
  const upTo = counted + BigInt(limit) < sealed ? counted + BigInt(limit) : sealed
  await query({ name: 'tally-count', text: COUNT, values: [counted.toString(), upTo.toString()] })
  await query({
    name: 'tally-position',
    text: `INSERT INTO tally_position (id, last_event_id) VALUES (1, $1)
           ON CONFLICT (id) DO UPDATE SET last_event_id = excluded.last_event_id`,
    values: [upTo.toString()],
  })
  return upTo < sealed
}

const RANGE = `
  SELECT coalesce((SELECT last_event_id FROM tally_position), 0)::text AS counted,
    coalesce((SELECT last_event_id FROM audit_seals ORDER BY number DESC LIMIT 1), 0)::text AS sealed`

const COUNT = `
  INSERT INTO outcome_tallies AS t (state, kind, reason, messages)
  SELECT substr(e.code, 6)::inbound_state, coalesce(m.kind::text, ''), coalesce(e.detail->>'reason', ''), count(*)
  FROM inbound_events e LEFT JOIN inbound_messages m ON m.id = e.inbound_message_id
  WHERE e.id > $1 AND e.id <= $2 AND e.code IN ('work/ticketed', 'work/suppressed', 'work/quarantined')
  GROUP BY 1, 2, 3
  ON CONFLICT (state, kind, reason) DO UPDATE SET messages = t.messages + excluded.messages`
