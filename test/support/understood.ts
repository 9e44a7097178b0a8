import type { ParsedMessage } from '../../src/message/parsed-message.ts'

/** A plain mail as it is understood, with what a test changes of it. */
export function understood(over: Partial<ParsedMessage> = {}): ParsedMessage {
  return {
    messageId: '<1@customer.example>',
    inReplyTo: [],
    references: [],
    date: '2026-11-02T09:00:00.000Z',
    subject: 'A question',
    from: [{ name: 'Ann', address: 'ann@customer.example' }],
    to: [{ name: '', address: 'help@desk.example' }],
    cc: [],
    replyTo: [],
    text: 'How does it work?',
    html: null,
    attachments: [],
    header: [],
    returnPath: null,
    language: null,
    defects: [],
    kind: 'personal',
    reason: 'kind/none',
    mayAnswer: true,
    delivery: null,
    reportsOn: [],
    reply: 'How does it work?',
    replyHtml: null,
    ...over,
  }
}
