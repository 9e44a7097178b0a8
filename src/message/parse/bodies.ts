import { htmlToText } from '../html/html-text.ts'
import { inPieces } from '../in-pieces.ts'

/** What of a MIME tree is shown as text: text that is null belongs to a multipart, or to what is not shown. */
export interface BodyPart {
  readonly contentType: string
  readonly children: readonly BodyPart[]
  readonly text: string | null
}

export interface Bodies {
  readonly text: string | null
  readonly html: string | null
}

/**
 * The text and the HTML of a message out of its MIME tree. Of alternatives (RFC 2046 section 5.1.4) there is one
 * of each kind, other parts follow each other; a part that has only one kind lends it to the other, so that neither
 * leaves anything out. There is HTML only where the sender wrote some.
 */
export function bodies(tree: BodyPart): Bodies {
  const { text, html } = shown(tree)
  return { text: text ?? (html === null ? null : htmlToText(html)), html }
}

function shown(part: BodyPart): Bodies {
  if (part.children.length > 0) return combined(part)
  if (!part.text) return { text: null, html: null }
  if (part.contentType === 'text/html') return { text: null, html: part.text }
  return { text: part.text, html: null }
}

function combined(part: BodyPart): Bodies {
  const all = part.children.map(shown).filter(({ text, html }) => text !== null || html !== null)
  if (part.contentType === 'multipart/alternative') return alternatives(all)
  return { text: joinedText(all), html: joinedHtml(all) }
}

/**
 * A blank text alternative, as some programs send beside their HTML, is none. Several of one kind are no alternatives,
 * whatever the sender says: each tells something else, unless one holds the other.
 */
function alternatives(all: readonly Bodies[]): Bodies {
  const htmls = distinct(all.flatMap(({ html }) => (html === null ? [] : [html])))
  const texts = distinct(all.flatMap(({ text }) => (text === null || text.trim() === '' ? [] : [text])))
  const html = htmls.length === 0 ? null : htmls.join('<br>\n')
  const text = texts.length === 0 ? null : texts.join('\n')
  return { text: text ?? (html === null ? (all[0]?.text ?? null) : null), html }
}

/** Compares with each other only so many. */
const COMPARED = 10

function distinct(texts: readonly string[]): string[] {
  const kept: string[] = []
  for (const text of texts) {
    const words = text.trim()
    if (!kept.slice(0, COMPARED).some((one) => one.includes(words))) kept.push(text)
  }
  return kept
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

const textToHtml = (text: string): string =>
  inPieces(text, (piece) => piece.replace(/[&<>\n]/g, (found) => ESCAPES.get(found) ?? found))
