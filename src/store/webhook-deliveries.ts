/** What is to go out to a webhook, and whose turn it is. */
import type { WebhookEvent } from '../config/webhook-events.ts'
import type { Database, Query } from './database.ts'
import type { Attempt } from './outbox.ts'
import { typeOf } from './webhook-events.ts'

export interface Subscription {
  readonly name: string
  readonly events: readonly WebhookEvent[]
  /** SHA-256 of the URL: one that answered 410 is not asked again. */
  readonly urlSha256: string
}

/** A delivery that is to go out now, and belongs to whoever claimed it until its lease ends. */
export interface Delivery extends Attempt {
  readonly type: WebhookEvent
  /** Of its event, by which a receiver tells it from others; ids are only our own numbers. */
  readonly eventId: string
  readonly at: Date
  readonly mailboxId: string
  readonly mailbox: string
  readonly code: string
  readonly reason: string | null
  readonly message: DeliveredMessage | null
  readonly ticket: DeliveredTicket | null
}

export interface DeliveredMessage {
  readonly id: string
  readonly messageId: string | null
  readonly kind: string | null
  readonly fromAddress: string | null
  readonly subject: string | null
}

export interface DeliveredTicket {
  readonly number: number
  readonly status: string
  readonly subject: string
}

export const targetOf = (name: string): string => `webhook:${name}`

/** As the partial index has it. */
export const OF_WEBHOOKS = `target LIKE 'webhook:%'`

/** A look at each: what waits for one that is dead may be very much. */
export async function due(database: Database, names: readonly string[]): Promise<string[]> {
  const rows = await database.query<{ name: string }>({
    name: 'webhook-due',
    text: `SELECT name FROM unnest($1::text[]) AS set(name) WHERE EXISTS (
             SELECT FROM outbox WHERE state = 'waiting' AND next_attempt_at <= now()
               AND target = 'webhook:' || name AND ${OF_WEBHOOKS})`,
    values: [names],
  })
  return rows.map(({ name }) => name)
}

export async function claim(query: Query, subscription: Subscription, leaseSeconds: number): Promise<Delivery | null> {
  const [row] = await query<Omit<Delivery, 'message' | 'ticket'> & Flat>({
    name: 'webhook-claim',
    text: `WITH next AS (
             SELECT id FROM outbox WHERE state = 'waiting' AND next_attempt_at <= now() AND target = $1 AND ${OF_WEBHOOKS}
             ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
           ), begun AS (
             UPDATE outbox o SET attempts = attempts + 1, next_attempt_at = now() + $2 * interval '1 second'
             FROM next WHERE o.id = next.id RETURNING o.*
           )
           SELECT o.id::text, o.attempts, coalesce(${typeOf('e', '$3::text[]')}, ${typeOf('e', 'NULL::text[]')}) AS type,
             e.id::text AS "eventId", e.at, e.mailbox_id AS "mailboxId", b.name AS mailbox, e.code,
             e.detail->>'reason' AS reason, m.id AS "inboundId", m.message_id AS "messageId", m.kind,
             m.from_address AS "fromAddress", m.subject, t.number, t.status, t.subject AS "ticketSubject"
           FROM begun o JOIN inbound_events e ON e.id = o.event_id JOIN mailboxes b ON b.id = e.mailbox_id
           LEFT JOIN inbound_messages m ON m.id = o.inbound_message_id LEFT JOIN tickets t ON t.id = o.ticket_id`,
    values: [targetOf(subscription.name), leaseSeconds, subscription.events],
  })
  return row === undefined ? null : deliveryOf(row)
}

interface Flat {
  readonly inboundId: string | null
  readonly messageId: string | null
  readonly kind: string | null
  readonly fromAddress: string | null
  readonly subject: string | null
  readonly number: number | null
  readonly status: string | null
  readonly ticketSubject: string | null
}

function deliveryOf(row: Omit<Delivery, 'message' | 'ticket'> & Flat): Delivery {
  const { inboundId, messageId, kind, fromAddress, subject, number, status, ticketSubject, ...delivery } = row
  const message = { id: inboundId ?? '', messageId, kind: kind?.replaceAll('_', '-') ?? null, fromAddress, subject }
  return {
    ...delivery,
    message: inboundId === null ? null : message,
    ticket: number === null ? null : { number, status: status ?? '', subject: ticketSubject ?? '' },
  }
}
