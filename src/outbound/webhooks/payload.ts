/** What a receiver is told: ids, codes and numbers; subject and sender only where the operator wants it so. */
import type { WebhookConfig } from '../../config.ts'
import type { Delivery } from '../../store/webhook-deliveries.ts'

export function payloadOf(
  { type, at, mailbox, reason, message, ticket }: Delivery,
  { hasContent }: Pick<WebhookConfig, 'hasContent'>,
): string {
  const data = {
    mailbox,
    reason,
    message: message && {
      id: message.id,
      messageId: message.messageId,
      kind: message.kind,
      ...(hasContent ? { from: message.fromAddress, subject: message.subject } : {}),
    },
    ticket: ticket && {
      number: ticket.number,
      status: ticket.status,
      ...(hasContent ? { subject: ticket.subject } : {}),
    },
  }
  return JSON.stringify({ type, timestamp: at.toISOString(), data })
}
