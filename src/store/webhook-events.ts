/** Which events are told of, and as what. */
import type { WebhookEvent } from '../config/webhook-events.ts'

const KINDS = {
  'ticket.created': (e: string) => `${e}.code = 'work/ticketed' AND ${e}.detail ? 'opened'`,
  'ticket.reopened': (e: string) => `${e}.code IN ('work/ticketed', 'operator/ticket') AND ${e}.detail ? 'reopened'`,
  'ticket.replied': (e: string) => `${e}.code = 'work/ticketed' AND NOT ${e}.detail ? 'opened'`,
  'message.quarantined': (e: string) => `${e}.code = 'work/quarantined'`,
  'message.bounced': (e: string) => `${e}.code = 'work/suppressed' AND ${e}.detail->>'kind' = 'delivery-status'`,
  'message.suppressed': (e: string) => `${e}.code IN ('work/suppressed', 'operator/suppress')`,
  'mailbox.paused': (e: string) => `${e}.code = 'mailbox/paused'`,
  'mailbox.resumed': (e: string) => `${e}.code = 'mailbox/resumed'`,
} as const satisfies Record<WebhookEvent, (event: string) => string>

const TYPES = Object.keys(KINDS) as readonly WebhookEvent[]

/**
 * SQL: the first of these types that is asked for and fits; null: none. A reply that opens a ticket again is `replied`
 * to whoever did not ask for `reopened`, and so a bounce is `suppressed`.
 */
export function typeOf(event: string, wanted: string): string {
  const cases = TYPES.map(
    (type) => `WHEN (${wanted} IS NULL OR '${type}' = ANY(${wanted})) AND ${KINDS[type](event)} THEN '${type}'`,
  )
  return `CASE ${cases.join(' ')} END`
}
