import { attributionStart, introducesQuote } from './attribution.ts'
import type { Line } from './lines.ts'
import { isRule } from './quotation.ts'
import { aboveSignature } from './signature.ts'

/**
 * How many of the first `from` lines are the writer's: whatever is not is taken away from the end, until nothing more is
 * found.
 */
export function ownEnd(lines: readonly Line[], from: number): number {
  let end = from
  let cut = from < lines.length
  for (;;) {
    const before = end
    end = aboveBlanks(lines, end)
    const unsigned = aboveSignature(lines, end)
    const unquoted = aboveQuote(lines, unsigned)
    cut ||= unquoted < unsigned
    end = unquoted
    if (cut) end = aboveHeading(lines, end, unquoted < unsigned)
    if (end === before) return end
  }
}

export function aboveBlanks(lines: readonly Line[], from: number): number {
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
function aboveHeading(lines: readonly Line[], from: number, isAboveMarks: boolean): number {
  const end = aboveBlanks(lines, from)
  const last = lines[end - 1]
  if (last === undefined) return end
  const start = attributionStart(lines, end - 1)
  if (start !== null) return start
  return isRule(last) || (isAboveMarks && introducesQuote(last)) ? end - 1 : from
}

/** Above quotations that stay nobody needs to read who wrote them when. */
export function withoutAttributions(lines: readonly Line[]): readonly Line[] {
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
