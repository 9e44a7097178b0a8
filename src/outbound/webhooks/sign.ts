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

/** Signed with each of the secrets: a receiver takes one that it knows, whichever of a change it has seen. */
export function signedHeaders(secrets: readonly Buffer[], id: string, body: string, now: Date): Record<string, string> {
  const timestamp = Math.floor(now.getTime() / 1000)
  const signed = `${id}.${timestamp}.${body}`
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
