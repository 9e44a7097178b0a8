import type { MailContent } from '../parsed-message.ts'
import { attributionStart, introducesQuote } from './attribution.ts'
import { type Line, linesOf } from './lines.ts'
import { isRule, quotationOf } from './quotation.ts'
import { FORWARD_PREFIXES } from './separator-words.ts'
import { aboveSignature } from './signature.ts'

/**
 * What the writer added: the text without what was quoted below it, and without the signature. A quotation that the
 * writer's words follow stays, for they answer it. What is passed on stays too, for it is what was sent.
 *
 * When in doubt the text stays: the reply is blank only where the text is, and else the whole text where nothing would
 * be left. It consists of lines of the text, in their order. Linear in the length of the text.
 */
export function replyOf({ text, subject }: Pick<MailContent, 'text' | 'html' | 'subject'>): string | null {
  if (text === null || text.length > MAX_CHARS) return text
  const lines = linesOf(text)
  const own = ownLines(lines, isForward(subject))
  return own.length === 0 ? text : textOf(own)
}

const MAX_CHARS = 1024 * 1024

function ownLines(lines: readonly Line[], forwarded: boolean): readonly Line[] {
  const quotation = quotationOf(lines)
  if (quotation.kind === 'forwarded') return lines
  if (quotation.kind === 'quoted' && forwarded) return lines
  const end = ownEnd(lines, quotation.kind === 'quoted' ? quotation.first : lines.length)
  return withoutAttributions(lines.slice(0, end))
}

/** Of the first prefix only: `Re: Fwd:` answers. */
function isForward(subject: string): boolean {
  const prefix = /^\s*([^\s:\uff1a[\]]{1,12})\s?[:\uff1a]/.exec(subject)?.[1]
  return prefix !== undefined && FORWARD_PREFIXES.has(prefix.toLowerCase())
}

/** Takes away from the end whatever is not the writer's, until nothing more is found. */
function ownEnd(lines: readonly Line[], from: number): number {
  let end = from
  let cut = from < lines.length
  for (;;) {
    const before = end
    end = aboveBlanks(lines, end)
    end = aboveSignature(lines, end)
    const unquoted = aboveQuote(lines, end)
    cut ||= unquoted < end
    end = unquoted
    if (cut) end = aboveHeading(lines, end)
    if (end === before) return end
  }
}

function aboveBlanks(lines: readonly Line[], from: number): number {
  let end = from
  while (end > 0 && lines[end - 1]?.blank) end--
  return end
}

/** A quotation that the writer introduces (`I read:`) is part of what is said. */
function aboveQuote(lines: readonly Line[], from: number): number {
  let end = from
  while (end > 0 && (lines[end - 1]?.quoted || (end < from && lines[end - 1]?.blank))) end--
  if (end === from) return from
  const above = lines[end - 1]
  const introduced = above !== undefined && !above.blank && above.plain.endsWith(':')
  return introduced && attributionStart(lines, end - 1) === null && !introducesQuote(above) ? from : end
}

/** What stands directly above a quotation: who wrote it, and a line drawn across. */
function aboveHeading(lines: readonly Line[], from: number): number {
  const end = aboveBlanks(lines, from)
  const last = lines[end - 1]
  if (last === undefined) return end
  const start = attributionStart(lines, end - 1)
  if (start !== null) return start
  return isRule(last) || introducesQuote(last) ? end - 1 : from
}

/** Above quotations that stay nobody needs to read who wrote them when. */
function withoutAttributions(lines: readonly Line[]): readonly Line[] {
  const dropped = new Set<number>()
  let last = -1
  for (const [index, line] of lines.entries()) {
    if (line.quoted && last >= 0 && !lines[last]?.quoted) dropRange(dropped, attributionStart(lines, last), last)
    if (!line.blank) last = index
  }
  return dropped.size === 0 ? lines : lines.filter((_, index) => !dropped.has(index))
}

function dropRange(dropped: Set<number>, first: number | null, last: number): void {
  if (first === null) return
  for (let index = first; index <= last; index++) dropped.add(index)
}

/** Without the blank lines around. */
function textOf(lines: readonly Line[]): string {
  const first = lines.findIndex((line) => !line.blank)
  if (first < 0) return ''
  return lines
    .slice(first, aboveBlanks(lines, lines.length))
    .map((line) => line.text)
    .join('\n')
    .trimEnd()
}
