import type { InboundState } from '../generated/prisma/client.ts'
import type { Database } from './database.ts'

/** How things stand, in numbers. No content, no names of people. */
export interface Figures {
  /** In `received`. */
  readonly waiting: number
  readonly oldestWaitingSeconds: number
  readonly quarantined: number
  readonly oldestQuarantinedSeconds: number
  /** Of these, held as part of a loop. */
  readonly looping: number
  /** On the server, for a person. */
  readonly held: number
  readonly outboxWaiting: number
  readonly oldestOutboxSeconds: number
  readonly outboxFailed: number
  /** Of these, within the last hour. */
  readonly outboxFailedLately: number
  /** Age of the oldest event that is not sealed; 0 where all are. */
  readonly sealLagSeconds: number
  /** Polls of the last day whose sheet has a remainder (I5). */
  readonly unbalancedPolls: number
}

/** How a mailbox stands with its server. */
export interface MailboxFigures {
  readonly name: string
  /** On the server and not stored. */
  readonly backlog: number
  readonly oldestBacklogSeconds: number
  /** On the server for a person, by error code. */
  readonly held: Readonly<Record<string, number>>
  /** Of the last poll that ended; null: there was none. */
  readonly lastPollSeconds: number | null
}

export interface Outcomes {
  readonly state: InboundState
  readonly kind: string
  readonly reason: string
  readonly messages: number
}

/** From receipt to the end of work, of the newest that came within the hour; null: none did. */
export interface Latency {
  readonly median: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** Each reads an index, never a table: asked for every few seconds, with a million messages. */
export interface Monitor {
  mailboxes(): Promise<MailboxFigures[]>
  outcomes(): Promise<Outcomes[]>
  latency(): Promise<Latency>
}

export async function figures(database: Database): Promise<Figures> {
  const [row] = await database.query<Figures>({ name: 'figures', text: NOW, values: [] })
  if (row === undefined) throw new Error('an aggregate without a row')
  return row
}

export function monitor(database: Database): Monitor {
  return {
    mailboxes: () => database.query<MailboxFigures>({ name: 'figures-mailboxes', text: MAILBOXES, values: [] }),
    outcomes: () => database.query<Outcomes>({ name: 'figures-outcomes', text: OUTCOMES, values: [] }),
    latency: () => latency(database),
  }
}

const age = (instant: string) => `coalesce(extract(epoch FROM clock_timestamp() - ${instant}), 0)::float8`

const NOW = `
  WITH waiting AS (
    SELECT count(*)::int AS count, min(received_at) AS oldest FROM inbound_messages WHERE state = 'received'
  ), quarantined AS (
    SELECT count(*)::int AS count, count(*) FILTER (WHERE reason = 'loop/similar')::int AS looping, min(finished_at) AS oldest
    FROM inbound_messages WHERE state = 'quarantined'
  ), outgoing AS (
    SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, min(created_at) FILTER (WHERE state = 'waiting') AS oldest,
      count(*) FILTER (WHERE state = 'failed')::int AS failed,
      count(*) FILTER (WHERE state = 'failed' AND finished_at > now() - interval '1 hour')::int AS lately
    FROM outbox WHERE state IN ('waiting', 'failed')
  )
  SELECT waiting.count AS waiting, ${age('waiting.oldest')} AS "oldestWaitingSeconds",
    quarantined.count AS quarantined, ${age('quarantined.oldest')} AS "oldestQuarantinedSeconds", quarantined.looping,
    (SELECT count(*)::int FROM mailboxes m JOIN remote_messages r ON r.mailbox_id = m.id AND r.gone_at IS NULL
     WHERE r.held_reason IS NOT NULL) AS held,
    outgoing.waiting AS "outboxWaiting", ${age('outgoing.oldest')} AS "oldestOutboxSeconds",
    outgoing.failed AS "outboxFailed", outgoing.lately AS "outboxFailedLately",
    (SELECT ${age('(SELECT at FROM inbound_events WHERE id > coalesce((SELECT last_event_id FROM audit_seals ORDER BY number DESC LIMIT 1), 0) ORDER BY id LIMIT 1)')}) AS "sealLagSeconds",
    (SELECT count(*)::int FROM mailboxes b JOIN poll_sessions p ON p.mailbox_id = b.id AND p.started_at > now() - interval '1 day'
     WHERE p.ended_at IS NOT NULL AND p.listed <> p.known + p.retrieved + p.held + p."left") AS "unbalancedPolls"
  FROM waiting, quarantined, outgoing`

const MAILBOXES = `
  SELECT b.name, coalesce(backlog.count, 0) AS backlog, ${age('backlog.oldest')} AS "oldestBacklogSeconds",
    coalesce((SELECT jsonb_object_agg(h.held_reason, h.count) FROM (
      SELECT r.held_reason, count(*)::int AS count FROM remote_messages r
      WHERE r.mailbox_id = b.id AND r.gone_at IS NULL AND r.held_reason IS NOT NULL GROUP BY r.held_reason) AS h), '{}') AS held,
    (SELECT extract(epoch FROM p.ended_at - p.started_at)::float8 FROM poll_sessions p
     WHERE p.mailbox_id = b.id AND p.ended_at IS NOT NULL ORDER BY p.started_at DESC LIMIT 1) AS "lastPollSeconds"
  FROM mailboxes b LEFT JOIN LATERAL (
    SELECT count(*)::int AS count, min(first_seen_at) AS oldest FROM remote_messages r
    WHERE r.mailbox_id = b.id AND r.gone_at IS NULL AND r.stored_at IS NULL AND r.held_reason IS NULL
  ) AS backlog ON true
  ORDER BY b.name`

const OUTCOMES = `SELECT state, kind, reason, messages::float8 AS messages FROM outcome_tallies ORDER BY state, kind, reason`

/** Enough for a quantile, and bounded however much comes. */
const SAMPLE_SIZE = 5000

async function latency(database: Database): Promise<Latency> {
  const [row] = await database.query<{ quantiles: number[] | null }>({
    name: 'figures-latency',
    text: `SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY seconds) AS quantiles FROM (
             SELECT extract(epoch FROM finished_at - received_at)::float8 AS seconds FROM inbound_messages
             WHERE state = 'ticketed' AND received_at > now() - interval '1 hour'
             ORDER BY state, received_at DESC LIMIT ${SAMPLE_SIZE}) AS lately`,
    values: [],
  })
  const [median = null, p95 = null, p99 = null] = row?.quantiles ?? []
  return { median, p95, p99 }
}
