/** What hangs on a mail, and what was wrong with it. */
import { type Html, html } from '../../html.ts'
import { DEFECTS } from '../defects.ts'
import { bytes } from '../parts.ts'

export interface ListedAttachment {
  readonly filename: string | null
  readonly contentType: string
  readonly sizeBytes: number
}

const SHOWN = 200

export function attachmentList(messageId: string, attachments: readonly ListedAttachment[]): Html | false {
  if (attachments.length === 0) return false
  return html`<h2>Attachments</h2>
          <div class="card">${attachmentItems(messageId, attachments)}</div>`
}

/** The first ones of `count`. */
export function attachmentItems(
  messageId: string,
  attachments: readonly ListedAttachment[],
  count: number = attachments.length,
): Html | false {
  if (attachments.length === 0) return false
  const item = ({ filename, contentType, sizeBytes }: ListedAttachment, position: number) =>
    html`<li><a href="/messages/${messageId}/parts/${position}">${filename || '(no name)'}</a> <small>${contentType}, ${bytes(sizeBytes)}</small></li>`
  const shown = attachments.slice(0, SHOWN)
  const more = count - shown.length
  return html`<ul class="plain">${shown.map(item)}${more > 0 && html`<li>and ${more} more: see the source</li>`}</ul>`
}

export function defectList(defects: readonly string[]): Html | false {
  if (defects.length === 0) return false
  const item = (code: string) =>
    html`<li><a href="/reasons#${code}"><code>${code}</code></a> <small>${DEFECTS[code]}</small></li>`
  return html`<h2>What was mended</h2>
          <ul class="card plain">${defects.map(item)}</ul>`
}
