/** One entry of a ticket: what its writer added, and the rest folded. */
import { SHOWN_CHARS, type ShownEntry } from '../../../store/browse/ticket.ts'
import { type Html, html } from '../../html.ts'
import { attachmentItems } from '../message/contents.ts'
import { instant, tag } from '../parts.ts'

export function entryOf(entry: ShownEntry, now: Date): Html {
  const { inboundMessageId, fromName, fromAddress, trust, text, attachments, attachmentCount, createdAt } = entry
  const reply = (entry.reply ?? text ?? '').trim()
  const hasMore = text !== null && text.trim() !== reply
  return html`<article class="card entry" data-key="${inboundMessageId}">
            <header>
              <strong>${fromName || fromAddress}</strong> ${fromName !== '' && html`<small>${fromAddress}</small>`} ${tag(trust)}
              <small class="when">${instant(createdAt, now)}</small>
            </header>
            ${reply === '' ? html`<p class="quiet-text">It has no text of its own.</p>` : html`<pre class="text">${cut(reply)}</pre>`}
            ${hasMore && html`<details><summary>The whole text</summary><pre class="text">${cut(text)}</pre></details>`}
            ${attachmentItems(inboundMessageId, attachments, attachmentCount)}
            <p class="foot"><a href="/messages/${inboundMessageId}">The mail, and what became of it</a></p>
          </article>`
}

const cut = (text: string): string =>
  text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS).toWellFormed()} [...]` : text
