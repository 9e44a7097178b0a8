/** What a webhook can be told of. */
export const WEBHOOK_EVENTS = [
  'ticket.created',
  'ticket.replied',
  'ticket.reopened',
  'message.quarantined',
  'message.suppressed',
  'message.bounced',
  'mailbox.paused',
  'mailbox.resumed',
] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]
