import type { Database } from './database.ts'

export interface Condition {
  readonly code: string
  /** The mailbox that it is about; empty: all. */
  readonly subject: string
  /** Codes and counts. */
  readonly detail: Readonly<Record<string, string | number>>
  /** It is worse by now, of which another one tells: this one is not over, and does not begin either. */
  readonly onlyLasts?: boolean
}

export interface AlertRow extends Condition {
  readonly beganAt: Date
  /** null while it lasts. */
  readonly endedAt: Date | null
  readonly toldAt: Date | null
  readonly overToldAt: Date | null
}

/** An alert whose beginning or end is to be told, taken by this process for a while. */
export interface Telling extends Condition {
  readonly what: 'began' | 'over'
  readonly beganAt: Date
  readonly endedAt: Date | null
  /** This one included. */
  readonly attempts: number
}

/** What was looked for: of these, what is not seen is over. */
export interface Looked {
  readonly codes: readonly string[]
  readonly subjects: readonly string[]
}

/**
 * What an operator should know of, told once however many processes look. A condition that comes back before its end
 * was told goes on: so one that flickers is told once.
 */
export interface Alerts {
  /** What nobody has seen since `forgottenBefore` is over, too: whoever looked for it is gone. */
  note(seen: readonly Condition[], looked: Looked, now: Date, forgottenBefore: Date): Promise<void>
  /** Until `leasedUntil` nobody else takes it. An end is told once it is older than `endedBefore`. */
  claim(now: Date, leasedUntil: Date, endedBefore: Date): Promise<Telling | null>
  told(telling: Telling, now: Date): Promise<void>
  retryAt(telling: Telling, at: Date): Promise<void>
  /** Those that last first, then those that ended last. */
  list(limit: number): Promise<AlertRow[]>
}

export function alerts(database: Database): Alerts {
  return {
    note: (...noted) => note(database, ...noted),
    claim: (...claimed) => claim(database, ...claimed),
    told: (telling, now) => told(database, telling, now),
    retryAt: (telling, at) => retryAt(database, telling, at),
    list: (limit) => list(database, limit),
  }
}

/** One that ended before it was told begins anew as if it had not been. The rows in order, so that no two looks lock each other out. */
const NOTE = `
  WITH seen AS (
    SELECT code, subject, detail FROM jsonb_to_recordset($1::jsonb) AS s(code text, subject text, detail jsonb, "onlyLasts" boolean)
    WHERE "onlyLasts" IS NOT TRUE OR (code, subject) IN (SELECT code, subject FROM alerts WHERE NOT (${isOver('alerts')}))
    ORDER BY code, subject
  ), lasting AS (
    INSERT INTO alerts AS a (code, subject, detail, began_at, seen_at, due_at)
    SELECT code, subject, detail, $4, $4, $4 FROM seen
    ON CONFLICT (code, subject) DO UPDATE SET detail = excluded.detail, seen_at = greatest(a.seen_at, excluded.seen_at), ended_at = NULL,
      began_at = CASE WHEN ${isOver('a')} THEN excluded.began_at ELSE a.began_at END,
      told_at = CASE WHEN ${isOver('a')} THEN NULL ELSE a.told_at END,
      over_told_at = NULL,
      attempts = CASE WHEN a.ended_at IS NOT NULL THEN 0 ELSE a.attempts END,
      due_at = CASE WHEN a.ended_at IS NOT NULL THEN excluded.due_at ELSE a.due_at END
  )
  UPDATE alerts SET ended_at = $4, attempts = 0, due_at = $4
  WHERE ended_at IS NULL AND (code, subject) NOT IN (SELECT code, subject FROM seen)
    AND (code = ANY($2::text[]) AND subject = ANY($3::text[]) AND seen_at < $4 OR seen_at < $5)`

/** All of it is told, or there was nothing to tell. */
function isOver(row: string): string {
  return `${row}.ended_at IS NOT NULL AND (${row}.over_told_at IS NOT NULL OR ${row}.told_at IS NULL)`
}

async function note(
  database: Database,
  seen: readonly Condition[],
  { codes, subjects }: Looked,
  now: Date,
  forgottenBefore: Date,
): Promise<void> {
  const values = [JSON.stringify(seen), [...codes], [...subjects], now, forgottenBefore]
  await database.query({ name: 'alerts-note', text: NOTE, values })
}

const CLAIM = `
  UPDATE alerts SET due_at = $2, attempts = attempts + 1 WHERE (code, subject) = (
    SELECT code, subject FROM alerts
    WHERE due_at <= $1 AND (ended_at IS NULL AND told_at IS NULL
      OR ended_at <= $3 AND told_at IS NOT NULL AND over_told_at IS NULL)
    ORDER BY due_at, code, subject LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING code, subject, detail, began_at AS "beganAt", ended_at AS "endedAt", attempts,
    CASE WHEN ended_at IS NULL THEN 'began' ELSE 'over' END AS what`

async function claim(database: Database, now: Date, leasedUntil: Date, endedBefore: Date): Promise<Telling | null> {
  const values = [now, leasedUntil, endedBefore]
  const [telling] = await database.query<Telling>({ name: 'alerts-claim', text: CLAIM, values })
  return telling ?? null
}

/** Of the same beginning: what began anew meanwhile is still to be told, and so is what came back while its end was told. */
const TOLD = {
  began: 'told_at = $4',
  over: `over_told_at = CASE WHEN ended_at IS NOT NULL THEN $4::timestamptz END,
    told_at = CASE WHEN ended_at IS NOT NULL THEN told_at END`,
} as const

async function told(database: Database, { code, subject, what, beganAt }: Telling, now: Date): Promise<void> {
  await database.query({
    name: `alerts-told-${what}`,
    text: `UPDATE alerts SET attempts = 0, due_at = $4, ${TOLD[what]} WHERE code = $1 AND subject = $2 AND began_at = $3`,
    values: [code, subject, beganAt, now],
  })
}

async function retryAt(database: Database, { code, subject, beganAt, attempts }: Telling, at: Date): Promise<void> {
  await database.query({
    name: 'alerts-retry',
    text: 'UPDATE alerts SET due_at = $5 WHERE code = $1 AND subject = $2 AND began_at = $3 AND attempts = $4',
    values: [code, subject, beganAt, attempts, at],
  })
}

function list(database: Database, limit: number): Promise<AlertRow[]> {
  return database.query<AlertRow>({
    name: 'alerts-list',
    text: `SELECT code, subject, detail, began_at AS "beganAt", ended_at AS "endedAt", told_at AS "toldAt", over_told_at AS "overToldAt"
           FROM alerts ORDER BY ended_at DESC NULLS FIRST, began_at DESC, code, subject LIMIT $1`,
    values: [limit],
  })
}
