/** What a message is, in boxes: its row, its header, and who vouches for it. */
import type { WholeMessage } from '../../../store/browse/message.ts'
import { type Html, html } from '../../html.ts'
import { bytes, facts, instant, kindName, tag } from '../parts.ts'
import { reason, reasonWords } from '../reasons.ts'
import type { Reading } from './reading.ts'

export function about(message: WholeMessage, now: Date): Html {
  const { state, kind, mailbox, messageId, uniqueId, sha256, rawMessage, receivedAt } = message
  const ticket = message.entry?.ticket.number ?? message.ticket?.number ?? null
  const words = message.reason === null ? null : reasonWords(message.reason)
  return facts([
    ['State', html`${tag(state)} ${reason(message.reason)}${words !== null && html`<br><small>${words}</small>`}`],
    ['Ticket', ticket !== null && html`<a href="/tickets/${ticket}">#${ticket}</a>`],
    ['Kind', kindName(kind)],
    ['Mailbox', mailbox.name],
    ['Received', instant(receivedAt, now)],
    ['Message-ID', messageId && html`<code>${messageId}</code>`],
    ['Unique-id', html`<code>${uniqueId}</code>`],
    ['Size', bytes(rawMessage.sizeBytes)],
    ['SHA-256', html`<code>${sha256}</code>`],
  ])
}

export const head = (reading: Reading): Html =>
  html`<section class="card head" aria-label="Header">${facts(reading.head)}</section>`

const METHODS = ['spf', 'dkim', 'dmarc', 'arc'] as const

export function authenticity({ entry }: WholeMessage): Html | false {
  if (entry === null) return false
  const said = (name: string) => {
    const { authenticity } = entry
    const value: unknown =
      typeof authenticity === 'object' && authenticity !== null ? Reflect.get(authenticity, name) : null
    return typeof value === 'string' ? value : null
  }
  const code = said('reason')
  return html`<h2>Is it from who it says?</h2>
          <section class="card">${facts([
            [
              'Trust',
              html`${tag(entry.trust)} ${reason(code)}${code !== null && html`<br><small>${reasonWords(code)}</small>`}`,
            ],
            ['Looked at by', said('by')],
            ...METHODS.map((name) => [name.toUpperCase(), said(name)] as const),
          ])}</section>`
}
