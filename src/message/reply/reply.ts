import { hasMoreLines } from '../has-more-lines.ts'
import type { MailContent } from '../parsed-message.ts'
import { ownHtml } from './html-reply.ts'
import { type Line, linesOf } from './lines.ts'
import { aboveBlanks, ownEnd, withoutAttributions } from './own-lines.ts'
import { quotationOf } from './quotation.ts'
import { markedHtml } from './quoted-html.ts'
import { FORWARD_PREFIXES } from './separator-words.ts'
import { TextWords } from './text-words.ts'

export interface Reply {
  /** null where there is no text. */
  readonly reply: string | null
  /** The same part of the HTML, as hostile as the whole; null where there is no HTML. Its elements may be left open. */
  readonly replyHtml: string | null
}

/**
 * What the writer added: the text without what was quoted below it, and without the signature. A quotation that the
 * writer's words follow stays, for they answer it. What is passed on stays too, for it is what was sent.
 *
 * When in doubt the text stays: the reply is blank only where the text is, and else the whole text where nothing would
 * be left. It consists of lines of the text, in their order. Linear in the length of text and HTML.
 */
export function replyOf({ text, html, subject }: Pick<MailContent, 'text' | 'html' | 'subject'>): Reply {
  const whole = { reply: text, replyHtml: html }
  if (text === null || text.length > MAX_CHARS || hasMoreLines(text, MAX_LINES)) return whole
  const lines = linesOf(text)
  const quotation = quotationOf(lines)
  if (quotation.kind === 'forwarded' || isForward(subject)) return whole
  const readable = html !== null && html.length <= MAX_CHARS ? html : null
  const marked = readable === null ? null : markedHtml(readable)
  const words = new TextWords(lines)
  const markedLine = marked?.quotation ? words.lineOf(marked.quotation) : null
  const quotedLine = quotation.kind === 'quoted' ? quotation.first : lines.length
  const unsigned = words.aboveEnding(ownEnd(lines, Math.min(quotedLine, markedLine ?? lines.length)), marked?.signature)
  const own = lines.slice(0, unsigned)
  const reply = textOf(withoutAttributions(own))
  if (reply === '') return whole
  if (readable === null) return { reply, replyHtml: html }
  const ownWords = words.before(unsigned)
  return { reply, replyHtml: ownHtml(readable, ownWords, marked?.quotation?.start ?? null) }
}

const MAX_CHARS = 1024 * 1024
const MAX_LINES = 20_000

/** Of the first prefix only: `Re: Fwd:` answers. */
function isForward(subject: string): boolean {
  const prefix = /^\s*([^\s:\uff1a[\]]{1,12})\s?[:\uff1a]/.exec(subject)?.[1]
  return prefix !== undefined && FORWARD_PREFIXES.has(prefix.toLowerCase())
}

/** Without the blank lines around. */
function textOf(lines: readonly Line[]): string {
  const first = lines.findIndex((line) => !line.blank)
  if (first < 0) return ''
  const kept = lines.slice(first, aboveBlanks(lines, lines.length))
  return kept
    .map((line) => line.text)
    .join('\n')
    .trimEnd()
}
