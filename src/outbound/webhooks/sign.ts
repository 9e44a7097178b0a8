/** Standard Webhooks: what makes a request one of ours. */
import { createHash, createHmac } from 'node:crypto'

interface Told {
  readonly mailboxId: string
  readonly eventId: string
  readonly at: Date
}

/**
 * The same at every attempt, and at a replay: by it a receiver knows what it has had already. The instant is in it
 * because a database that was restored gives the numbers of events that it has forgotten to others.
 */
export function webhookId({ mailboxId, eventId, at }: Told): string {
  return `evt_${createHash('sha256').update(`${mailboxId} ${eventId} ${at.toISOString()}`).digest('hex').slice(0, 32)}`
}

export function signedHeaders(secret: Buffer, id: string, body: string, now: Date): Record<string, string> {
  const timestamp = Math.floor(now.getTime() / 1000)
  const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${mac}` }
}
