import type { EventFields } from '../audit/event-line.ts'
import type { NewSeal, Seal } from '../audit/seal.ts'
import type { Database, Query } from './database.ts'

/**
 * An id of `inbound_events` below which nothing can come any more once `transaction` and all before it are finished: an
 * id is given out only to a transaction that has its number already, as the column's default sees to.
 */
export interface Horizon {
  readonly eventId: bigint
  readonly transaction: string
  /** Which run of which server gave them: elsewhere, numbers of transactions and ids mean something else. */
  readonly server: string
}

export type Sealed =
  | { readonly outcome: 'sealed'; readonly seal: Seal }
  /** Another process is at it. */
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'nothing' }

/** What was there under that lock: the last seal and the events that follow it, with the instant by the database. */
export type MakeSeal = (previous: Seal | null, events: readonly EventFields[], at: string) => NewSeal | null

/** The chain of seals over `inbound_events`. Nothing here waits for a writer, and no writer waits for it. */
export interface Audit {
  /** null: there is no event after that one. */
  horizon(after: bigint): Promise<Horizon | null>
  /** null: it is of a server that has been started again since, or of a database that has been replaced (a restore). */
  isReached(horizon: Horizon): Promise<boolean | null>
  /** One transaction, under a lock that is only tried. `upTo` must be a horizon that is reached. */
  sealNext(upTo: bigint, limit: number, make: MakeSeal): Promise<Sealed>
  head(): Promise<Seal | null>
  /** Those that follow that one. */
  seals(after: bigint, limit: number): Promise<Seal[]>
  marks(number: string): Promise<Buffer>
  /** From the lowest of these ids to the highest, both included. */
  events(from: bigint, upTo: bigint, limit: number): Promise<EventFields[]>
  /** Of raw messages that were not purged, in their order. */
  rawDigests(after: string, limit: number): Promise<string[]>
  /** Of how many raw messages the octets were removed, and which of them have some nevertheless. */
  purged(): Promise<{ readonly messages: number; readonly notGone: readonly string[] }>
  /** Events that follow that one, and when the first of them was. */
  after(eventId: bigint): Promise<{ readonly events: number; readonly oldestAt: Date | null }>
}

export const LOWEST_ID = -(2n ** 63n)

export function audit(database: Database): Audit {
  const { query } = database
  return {
    horizon: (after) => horizon(query, after),
    isReached: (given) => isReached(query, given),
    sealNext: (upTo, limit, make) => database.transaction((inside) => sealNext(inside, upTo, limit, make)),
    head: () => head(query),
    seals: (after, limit) => seals(query, after, limit),
    marks: (number) => marks(query, number),
    events: (from, upTo, limit) => events(query, from, upTo, limit),
    rawDigests: (after, limit) => rawDigests(query, after, limit),
    purged: () => purged(query),
    after: (eventId) => afterEvent(query, eventId),
  }
}

const SERVER = `pg_postmaster_start_time()::text || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database())`

/** In this order: who has a lower id has a number already, so a lower one than what the second statement gives. */
async function horizon(query: Query, after: bigint): Promise<Horizon | null> {
  const [highest] = await query<{ id: string | null; server: string }>({
    name: 'audit-highest',
    text: `SELECT max(id)::text AS id, ${SERVER} AS server FROM inbound_events`,
    values: [],
  })
  const eventId = BigInt(highest?.id ?? after)
  if (eventId <= after) return null
  const [next] = await query<{ transaction: string }>({
    name: 'audit-transaction',
    text: 'SELECT pg_current_xact_id()::text AS transaction',
    values: [],
  })
  return { eventId, transaction: next?.transaction ?? '', server: highest?.server ?? '' }
}

async function isReached(query: Query, { transaction, server }: Horizon): Promise<boolean | null> {
  const [row] = await query<{ reached: boolean; server: string }>({
    name: 'audit-reached',
    text: `SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 AS reached, ${SERVER} AS server`,
    values: [transaction],
  })
  return row?.server === server ? row.reached : null
}

const LOCK = `SELECT pg_try_advisory_xact_lock(hashtextextended('mailchute audit seal', 0)) AS locked`

async function sealNext(query: Query, upTo: bigint, limit: number, make: MakeSeal): Promise<Sealed> {
  const [lock] = await query<{ locked: boolean }>({ name: 'audit-lock', text: LOCK, values: [] })
  if (lock?.locked !== true) return { outcome: 'busy' }
  const previous = await head(query)
  const from = previous === null ? LOWEST_ID : BigInt(previous.lastEventId) + 1n
  const [clock] = await query<{ at: string }>({
    name: 'audit-clock',
    text: `SELECT ${utc('clock_timestamp()', 'MS')} AS at`,
    values: [],
  })
  const seal = make(previous, await events(query, from, upTo, limit), clock?.at ?? '')
  if (seal === null) return { outcome: 'nothing' }
  await insert(query, seal)
  return { outcome: 'sealed', seal }
}

async function insert(query: Query, seal: NewSeal): Promise<void> {
  await query({
    name: 'audit-insert',
    text: `INSERT INTO audit_seals (number, first_event_id, last_event_id, events, events_sha256, marks, previous, at, key_id, digest, mac)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: [
      seal.number,
      seal.firstEventId,
      seal.lastEventId,
      seal.events,
      seal.eventsSha256,
      seal.marks,
      seal.previous,
      seal.at,
      seal.keyId,
      seal.digest,
      seal.mac,
    ],
  })
}

/** The same text whatever the session's time zone and style; what has no year, month and day as PostgreSQL has it. */
export function utc(column: string, fraction: 'MS' | 'US'): string {
  return `coalesce(to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.${fraction}"Z"'), ${column}::text)`
}

const SEAL = `number::text, first_event_id::text AS "firstEventId", last_event_id::text AS "lastEventId", events,
  events_sha256 AS "eventsSha256", encode(sha256(marks), 'hex') AS "marksSha256", previous, ${utc('at', 'MS')} AS at,
  key_id AS "keyId", digest, mac`

async function head(query: Query): Promise<Seal | null> {
  const [seal] = await query<Seal>({
    name: 'audit-head',
    text: `SELECT ${SEAL} FROM audit_seals ORDER BY audit_seals.number DESC LIMIT 1`,
    values: [],
  })
  return seal ?? null
}

function seals(query: Query, after: bigint, limit: number): Promise<Seal[]> {
  return query<Seal>({
    name: 'audit-seals',
    text: `SELECT ${SEAL} FROM audit_seals WHERE audit_seals.number > $1 ORDER BY audit_seals.number LIMIT $2`,
    values: [after.toString(), limit],
  })
}

async function marks(query: Query, number: string): Promise<Buffer> {
  const [row] = await query<{ marks: Buffer }>({
    text: 'SELECT marks FROM audit_seals WHERE number = $1',
    values: [number],
  })
  return row?.marks ?? Buffer.alloc(0)
}

async function events(query: Query, from: bigint, upTo: bigint, limit: number): Promise<EventFields[]> {
  const rows = await query<string[]>({
    name: 'audit-events',
    text: `SELECT id::text, inbound_message_id::text, mailbox_id::text, ${utc('at', 'US')}, code, detail::text
           FROM inbound_events WHERE inbound_events.id BETWEEN $1 AND $2 ORDER BY inbound_events.id LIMIT $3`,
    values: [from.toString(), upTo.toString(), limit],
    rowMode: 'array',
  })
  return rows as unknown as EventFields[]
}

async function rawDigests(query: Query, after: string, limit: number): Promise<string[]> {
  const rows = await query<{ sha256: string }>({
    name: 'audit-raw',
    text: 'SELECT sha256 FROM raw_messages WHERE sha256 > $1 AND purged_at IS NULL ORDER BY sha256 LIMIT $2',
    values: [after, limit],
  })
  return rows.map(({ sha256 }) => sha256)
}

async function purged(query: Query) {
  const [row] = await query<{ messages: number; notGone: string[] }>({
    text: `SELECT count(*)::int AS messages, coalesce(array_agg(sha256 ORDER BY sha256) FILTER (WHERE EXISTS (
             SELECT FROM raw_chunks c WHERE c.sha256 = r.sha256)), '{}') AS "notGone"
           FROM raw_messages r WHERE purged_at IS NOT NULL`,
    values: [],
  })
  return row ?? { messages: 0, notGone: [] }
}

async function afterEvent(query: Query, eventId: bigint) {
  const [row] = await query<{ events: string; oldestAt: Date | null }>({
    text: `SELECT count(*)::text AS events,
             (SELECT at FROM inbound_events WHERE id > $1 ORDER BY id LIMIT 1) AS "oldestAt"
           FROM inbound_events WHERE id > $1`,
    values: [eventId.toString()],
  })
  return { events: Number(row?.events ?? 0), oldestAt: row?.oldestAt ?? null }
}
