import { htmlToText } from '../html/html-text.ts'
import type { MimePart } from './bounded-parser.ts'

export interface Bodies {
  readonly text: string | null
  readonly html: string | null
}

/**
 * The text and the HTML of a message out of its MIME tree. Of alternatives (RFC 2046 section 5.1.4) there is one
 * of each kind, other parts follow each other; a part that has only one kind lends it to the other, so that neither
 * leaves anything out. There is HTML only where the sender wrote some.
 */
export function bodies(tree: MimePart): Bodies {
  const { text, html } = shown(tree)
  return { text: text ?? (html === null ? null : htmlToText(html)), html }
}

function shown(part: MimePart): Bodies {
  if (part.children.length > 0) return combined(part)
  if (part.isAttachment !== false || !part.textContent) return { text: null, html: null }
  if (part.contentType === 'text/html') return { text: null, html: part.textContent }
  return { text: part.textContent, html: null }
}

function combined(part: MimePart): Bodies {
  const all = part.children.map(shown).filter(({ text, html }) => text !== null || html !== null)
  if (part.contentType === 'multipart/alternative') return alternatives(all)
  return { text: joinedText(all), html: joinedHtml(all) }
}

/** A blank text alternative, as some programs send beside their HTML, is none. */
function alternatives(all: readonly Bodies[]): Bodies {
  const html = all.findLast((one) => one.html !== null)?.html ?? null
  const text = all.find((one) => one.text !== null && one.text.trim() !== '')?.text
  return { text: text ?? (html === null ? (all[0]?.text ?? null) : null), html }
}

function joinedText(all: readonly Bodies[]): string | null {
  if (!all.some(({ text }) => text !== null && text.trim() !== '') && all.some(({ html }) => html !== null)) return null
  const texts = all.map(({ text, html }) => text ?? htmlToText(html ?? ''))
  return texts.length === 0 ? null : texts.join('\n')
}

function joinedHtml(all: readonly Bodies[]): string | null {
  if (all.every(({ html }) => html === null)) return null
  return all.map(({ text, html }) => html ?? textToHtml(text ?? '')).join('<br>\n')
}

const ESCAPES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['\n', '<br>\n'],
])

const textToHtml = (text: string): string => text.replace(/[&<>\n]/g, (found) => ESCAPES.get(found) ?? found)
