import { htmlTokens } from './html-tokens.ts'
import { solidOfHtml } from './solid.ts'

/**
 * The start of the HTML that has the writer's own words, with the images below them. Where the words are not found in
 * it, as far as the quotation that a program marked; without one, all of it.
 */
export function ownHtml(html: string, ownWords: string, quotationStart: number | null): string {
  const limit = quotationStart ?? html.length
  return html.slice(0, Math.min(limit, endOfWords(html, ownWords) ?? limit))
}

function endOfWords(html: string, words: string): number | null {
  let found = 0
  let end = 0
  for (const { kind, start, end: next, tag } of htmlTokens(html)) {
    if (found === words.length && tag === 'img') end = next
    if (kind !== 'text') continue
    const run = solidOfHtml(html.slice(start, next))
    if (run === '') continue
    if (found === words.length) return end
    if (words.startsWith(run, found)) {
      found += run.length
      end = next
    } else {
      const rest = words.slice(found)
      return run.startsWith(rest) ? start + charsOf(html.slice(start, next), rest) : null
    }
  }
  return found === words.length ? html.length : null
}

const UNIT = /&(?:#x?[0-9a-f]{1,7}|[a-z][a-z0-9]{1,7});?|[\s\S]/giu

/** How much of the source these words take, with character references and what follows without a space. */
function charsOf(source: string, words: string): number {
  let found = 0
  for (const { 0: unit, index } of source.matchAll(UNIT)) {
    if (found >= words.length && /\s/.test(unit)) return index
    found += solidOfHtml(unit).length
  }
  return source.length
}
