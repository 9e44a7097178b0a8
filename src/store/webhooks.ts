/**
 * Who is told of events over HTTP, and what. Deliveries are rows of the outbox, derived from `inbound_events` behind the
 * back of whoever writes them: where no webhook is set nothing is paid for it.
 */
import { type Act, toldOf } from './act.ts'
import type { Database, Query } from './database.ts'
import { type Attempt, ENDED_EVENT, finish, retryLater } from './outbox.ts'
import { ticketNumberOf } from './ticket-view.ts'
import { claim, type Delivery, due, OF_WEBHOOKS, type Subscription, targetOf } from './webhook-deliveries.ts'
import { typeOf } from './webhook-events.ts'

export interface Webhooks {
  /** Makes the row of each that is new: it is told of what happens from now on. */
  ensure(subscriptions: readonly Subscription[]): Promise<void>
  /** The lowest event that one of them is at; null: there is none of them. */
  lowest(subscriptions: readonly Subscription[]): Promise<bigint | null>
  /**
   * Writes what is to go out of the events that follow, up to one below which nothing can come any more (see
   * upkeep/settled.ts). Returns how many events were looked at; 0 also where another process is at it.
   */
  fanOut(subscription: Subscription, upTo: bigint, limit: number): Promise<number>
  /** Of these names, those for which something is due. */
  due(names: readonly string[]): Promise<string[]>
  claim(subscription: Subscription, leaseSeconds: number): Promise<Delivery | null>
  sent(delivery: Attempt): Promise<void>
  retryLater(delivery: Attempt, reason: string, pauseSeconds: number): Promise<void>
  failed(delivery: Attempt, reason: string): Promise<void>
  /** Nothing is sent to this URL any more. */
  disable(subscription: Subscription): Promise<void>
  isDisabled(subscription: Subscription): Promise<boolean>
  /** All that is due. Returns how many that were. */
  skipDue(name: string, reason: string): Promise<number>
  /** What is older than this is given up. Returns how many that were. */
  expire(olderThanSeconds: number): Promise<number>
  /**
   * To be sent again, under the same webhook-id. `unknown`: there is no such row; `refused`: it waits anyway, or is no
   * webhook's, for who was written to once must not be a second time.
   */
  replay(outboxId: string, act: Act): Promise<'done' | 'unknown' | 'refused'>
}

const STALE = 'outbound/stale'

export function webhooks(database: Database): Webhooks {
  return {
    ensure: (subscriptions) => ensure(database, subscriptions),
    lowest: (subscriptions) => lowest(database, subscriptions),
    fanOut: (subscription, upTo, limit) => database.transaction((query) => fanOut(query, subscription, upTo, limit)),
    due: (names) => due(database, names),
    claim: (subscription, leaseSeconds) => database.transaction((query) => claim(query, subscription, leaseSeconds)),
    sent: (delivery) => finish(database.query, delivery, 'sent', null),
    retryLater: (...later) => retryLater(database, ...later),
    failed: (delivery, reason) => finish(database.query, delivery, 'failed', reason),
    disable: (subscription) => disable(database, subscription),
    isDisabled: (subscription) => isDisabled(database, subscription),
    skipDue: (name, reason) => skipDue(database, name, reason),
    expire: (olderThanSeconds) => expire(database, olderThanSeconds),
    replay: (outboxId, by) => replay(database, outboxId, by),
  }
}

const namesOf = (subscriptions: readonly Subscription[]) => subscriptions.map(({ name }) => name)

async function ensure(database: Database, subscriptions: readonly Subscription[]): Promise<void> {
  await database.query({
    name: 'webhook-ensure',
    text: `INSERT INTO webhooks (name, last_event_id)
           SELECT name, coalesce((SELECT max(id) FROM inbound_events), 0) FROM unnest($1::text[]) AS set(name)
           WHERE name NOT IN (SELECT name FROM webhooks)
           ON CONFLICT DO NOTHING`,
    values: [namesOf(subscriptions)],
  })
}

async function lowest(database: Database, subscriptions: readonly Subscription[]): Promise<bigint | null> {
  const [row] = await database.query<{ lowest: string | null }>({
    name: 'webhook-lowest',
    text: 'SELECT min(last_event_id)::text AS lowest FROM webhooks WHERE name = ANY($1::text[])',
    values: [namesOf(subscriptions)],
  })
  return row?.lowest === null || row === undefined ? null : BigInt(row.lowest)
}

/** Who is at it already is not waited for. */
async function fanOut(query: Query, { name, events }: Subscription, upTo: bigint, limit: number): Promise<number> {
  const [at] = await query<{ lastEventId: string }>({
    name: 'webhook-at',
    text: `SELECT last_event_id::text AS "lastEventId" FROM webhooks WHERE name = $1 FOR UPDATE SKIP LOCKED`,
    values: [name],
  })
  if (at === undefined || BigInt(at.lastEventId) >= upTo) return 0
  const [batch] = await query<{ looked: number }>({
    name: 'webhook-fan-out',
    text: `WITH batch AS (
             SELECT e.* FROM inbound_events e WHERE e.id > $2 AND e.id <= $3 ORDER BY e.id LIMIT $4
           ), written AS (
             INSERT INTO outbox (event_id, target, mailbox_id, inbound_message_id, ticket_id, recipient, recipient_sha256)
             SELECT e.id, $5::text, e.mailbox_id, e.inbound_message_id, t.id, $1::text, ''
             FROM batch e LEFT JOIN tickets t ON t.number = ${ticketNumberOf('e')}
             WHERE ${typeOf('e', '$6::text[]')} IS NOT NULL ORDER BY e.id
             ON CONFLICT DO NOTHING
           ), moved AS (
             UPDATE webhooks SET last_event_id = (SELECT coalesce(max(id), $3) FROM batch) WHERE name = $1
           ) SELECT count(*)::int AS looked FROM batch`,
    values: [name, at.lastEventId, upTo.toString(), limit, targetOf(name), events],
  })
  return batch?.looked ?? 0
}

async function disable(database: Database, { name, urlSha256 }: Subscription): Promise<void> {
  await database.query({
    text: 'UPDATE webhooks SET disabled_at = now(), disabled_sha256 = $2 WHERE name = $1',
    values: [name, urlSha256],
  })
}

async function isDisabled(database: Database, { name, urlSha256 }: Subscription): Promise<boolean> {
  const rows = await database.query({
    name: 'webhook-disabled',
    text: 'SELECT 1 FROM webhooks WHERE name = $1 AND disabled_sha256 = $2',
    values: [name, urlSha256],
  })
  return rows.length > 0
}

async function skipDue(database: Database, name: string, reason: string): Promise<number> {
  const rows = await database.query({
    name: 'webhook-skip-due',
    text: `WITH ended AS (
             UPDATE outbox SET state = 'skipped', reason = $2, finished_at = now()
             WHERE state = 'waiting' AND next_attempt_at <= now() AND target = $1 AND ${OF_WEBHOOKS} RETURNING *)
           ${ENDED_EVENT} RETURNING id`,
    values: [targetOf(name), reason],
  })
  return rows.length
}

/** Since when it waits: a replay begins anew. */
async function expire(database: Database, olderThanSeconds: number): Promise<number> {
  const rows = await database.query({
    name: 'webhook-expire',
    text: `WITH ended AS (
             UPDATE outbox SET finished_at = now(), reason = coalesce(reason, $2),
               state = CASE WHEN reason IS NULL THEN 'skipped' ELSE 'failed' END::outbox_state
             WHERE state = 'waiting' AND next_attempt_at <= now() AND ${OF_WEBHOOKS}
               AND coalesce(replayed_at, created_at) < now() - $1 * interval '1 second'
             RETURNING *)
           ${ENDED_EVENT} RETURNING id`,
    values: [olderThanSeconds, STALE],
  })
  return rows.length
}

async function replay(database: Database, outboxId: string, act: Act): Promise<'done' | 'unknown' | 'refused'> {
  const [row] = await database.query<{ known: boolean; replayed: boolean }>({
    text: `WITH again AS (
             UPDATE outbox SET state = 'waiting', reason = NULL, finished_at = NULL, next_attempt_at = now(),
               replayed_at = now()
             WHERE id = $1::bigint AND state <> 'waiting' AND ${OF_WEBHOOKS}
             RETURNING id, target, mailbox_id, inbound_message_id
           ), enabled AS (
             UPDATE webhooks w SET disabled_at = NULL, disabled_sha256 = NULL FROM again WHERE again.target = 'webhook:' || w.name
           ), told AS (
             INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
             SELECT inbound_message_id, mailbox_id, 'operator/replay',
               jsonb_build_object('outbox', id::text, 'target', target) || $2::jsonb FROM again)
           SELECT EXISTS (SELECT FROM outbox WHERE id = $1::bigint) AS known, EXISTS (SELECT FROM again) AS replayed`,
    values: [outboxId, toldOf(act)],
  })
  if (row?.replayed === true) return 'done'
  return row?.known === true ? 'refused' : 'unknown'
}
