/** Where in a mail the quotation begins after which nothing is the writer's own. */
import { attributionStart, isMarked } from './attribution.ts'
import { beginsHeaderBlock } from './header-block.ts'
import type { Line } from './lines.ts'
import { REPLY_ABOVE, SEPARATORS, type Separator } from './separator-words.ts'

export type Quotation =
  /** All from this line on was quoted. */
  | { readonly kind: 'quoted'; readonly first: number }
  /** A mail is passed on: it belongs to what was sent. */
  | { readonly kind: 'forwarded' }
  /** If there are quotations they are marked as such, line by line. */
  | { readonly kind: 'marked' }

/** The first sign counts: what is quoted may have quoted or passed on others. */
export function quotationOf(lines: readonly Line[]): Quotation {
  for (const [index, line] of lines.entries()) {
    if (line.blank) continue
    if (asksToReplyAbove(line)) return { kind: 'quoted', first: index }
    if (line.quoted) {
      if (GROUPWISE.test(line.plain)) return { kind: 'quoted', first: index }
      continue
    }
    const separator = separatorOf(line)
    if (separator === 'forwarded') return { kind: 'forwarded' }
    if (separator === 'original') return { kind: 'quoted', first: index }
    if (beginsHeaderBlock(lines, index)) return { kind: 'quoted', first: aboveRules(lines, index) }
    if (isRule(line) && beginsHeaderBlock(lines, nextFilled(lines, index + 1), true)) {
      return { kind: 'quoted', first: index }
    }
    const start = attributionStart(lines, index)
    if (start !== null && !isMarked(lines, index + 1) && isFollowed(lines, index + 1))
      return { kind: 'quoted', first: start }
  }
  return { kind: 'marked' }
}

/** GroupWise: `>>> Ann <a@b> 11/3/2026 10:12 AM >>>`. */
const GROUPWISE = /^>>> .*\d.* >>>$/

const MARK = /[-#=*_~[\]<>|–—]/
const MAX_ASK_CHARS = 240

/** Asks stand between marks, or are lines of their own. */
function asksToReplyAbove({ plain, quoted }: Line): boolean {
  if (plain.length > MAX_ASK_CHARS) return false
  const bare = quoted ? plain.replace(/^[>\uff1e\s]+/, '') : plain
  if (MARK.test(bare.charAt(0)) && MARK.test(bare.charAt(bare.length - 1))) {
    return bare.length > 20 && REPLY_ABOVE.some((phrase) => bare.includes(phrase))
  }
  return REPLY_ABOVE_ALONE.has(bare.replace(/^please (?:type )?/, '').replace(/(?<![.:!])[.:!]+$/, ''))
}

const REPLY_ABOVE_ALONE = new Set(REPLY_ABOVE)

function separatorOf({ plain }: Line): Separator | undefined {
  if (plain.length > MAX_SEPARATOR_CHARS || !/^[-_=~]|:$/.test(plain)) return undefined
  const words = plain.replace(/^[-_=~ ]+/, '').replace(/[-_=~: ]+$/, '')
  const separator = SEPARATORS.get(words)
  if (separator === undefined) return undefined
  if (/^[-_=~]/.test(plain)) return separator
  return separator === 'forwarded' && plain.endsWith(':') ? separator : undefined
}

const MAX_SEPARATOR_CHARS = 160

/** A line drawn across. */
export const isRule = ({ plain, quoted }: Line): boolean => !quoted && plain.length >= 3 && /^[-_=–—─]+$/.test(plain)

function aboveRules(lines: readonly Line[], first: number): number {
  let above = first
  while (above > 0 && isBlankOrRule(lines[above - 1])) above--
  return above
}

const isBlankOrRule = (line: Line | undefined): boolean => line !== undefined && (line.blank || isRule(line))

const MAX_BLANKS = 8

function nextFilled(lines: readonly Line[], from: number): number {
  const limit = Math.min(lines.length, from + MAX_BLANKS)
  let index = from
  while (index < limit && lines[index]?.blank) index++
  return index
}

const isFollowed = (lines: readonly Line[], from: number): boolean => !lines[nextFilled(lines, from)]?.blank
