import { htmlWithImages, type ShownHtml } from '../../message/html/embedded.ts'
import { sanitised } from '../../message/html/sanitise.ts'
import type { ReadAttachment } from '../pages/message/reading.ts'

export interface SanitiseTask {
  readonly html: string
  /** Whose images are shown, each at this address and its position; null: they stay `cid:`. */
  readonly images: { readonly attachments: readonly ReadAttachment[]; readonly at: string } | null
}

export type SafeHtml = Pick<ShownHtml, 'html' | 'remoteContentBlocked' | 'shortened'>

/** The entry of the thread: one piece of HTML at a time. */
export default function sanitiseInThread({ html, images }: SanitiseTask): SafeHtml {
  if (images === null) return sanitised(html)
  const { embedded: _, ...shown } = htmlWithImages(html, images.attachments, (position) => `${images.at}${position}`)
  return shown
}
