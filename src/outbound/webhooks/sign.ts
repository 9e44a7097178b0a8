/** Standard Webhooks: what makes a request one of ours. */
import { createHash, createHmac } from 'node:crypto'

/** The same at every attempt, and at a replay: by it a receiver knows what it has had already. */
export function webhookId({ mailboxId, eventId }: { readonly mailboxId: string; readonly eventId: string }): string {
  return `evt_${createHash('sha256').update(`${mailboxId} ${eventId}`).digest('hex').slice(0, 32)}`
}

export function signedHeaders(secret: Buffer, id: string, body: string, now: Date): Record<string, string> {
  const timestamp = Math.floor(now.getTime() / 1000)
  const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${mac}` }
}
