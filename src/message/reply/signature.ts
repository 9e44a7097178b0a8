/** Lines below a mail that its writer did not write for it. Only what is certain: `Best regards, Ann` stays. */
import type { Line } from './lines.ts'
import {
  LAST_ENDINGS,
  MINE_BEGINNINGS,
  MINE_LAST_ENDINGS,
  PROGRAM_NAMES,
  SCANNER_NOTES,
  WITH_BEGINNINGS,
} from './mobile-words.ts'

/** The number of lines above the signature that ends at `end` (exclusive); `end` where there is none. */
export function aboveSignature(lines: readonly Line[], end: number): number {
  const last = lines[end - 1]
  if (last === undefined || last.quoted) return end
  if (isProgramLine(last)) return end - 1
  return aboveDelimiter(lines, end)
}

/** RFC 3676 section 4.3; a bare `--` may be something else, and so may a line of underscores. */
const DELIMITER = /^--[ \u00a0]$/
const BARE_DELIMITER = /^\s{0,3}--\s*$/
const FOOTER_RULE = /^_{2,}\s*$/
const MAX_LINES = 60
const MAX_BARE_LINES = 12
const MAX_FOOTER_LINES = 8

function aboveDelimiter(lines: readonly Line[], end: number): number {
  let above = end
  let filled = 0
  let addressed = false
  for (let index = end - 1; index >= Math.max(0, end - MAX_LINES); index--) {
    const line = lines[index]
    if (line === undefined || line.quoted) break
    if (DELIMITER.test(line.text)) above = index
    else if (BARE_DELIMITER.test(line.text)) above = filled <= MAX_BARE_LINES ? index : above
    else if (FOOTER_RULE.test(line.text) && addressed && filled <= MAX_FOOTER_LINES) above = index
    if (!line.blank) filled++
    addressed ||= line.plain.includes('@') || line.plain.includes('://')
  }
  return above
}

const MAX_CHARS = 100
const MAX_WORDS = 6

/** `Sent from my iPhone` and its like, in a line of its own. */
function isProgramLine({ plain }: Line): boolean {
  if (plain.length > 4 * MAX_CHARS) return false
  const phrase = withoutLinks(plain)
  if (phrase === '' || phrase.length > MAX_CHARS) return false
  if (SCANNER_NOTES.some((note) => phrase.startsWith(note)) && plain.includes('avast')) return true
  if (/[,;?]|[.!:] /.test(phrase)) return false
  if (MINE_BEGINNINGS.some((words) => isFollowed(phrase, words))) return true
  if (MINE_LAST_ENDINGS.some((words) => isAround(phrase, words))) return true
  const known = plain.includes('https:') || hasProgram(phrase)
  if (LAST_ENDINGS.some((words) => isAround(phrase, words))) return known
  return known && WITH_BEGINNINGS.some((words) => isFollowed(phrase, words))
}

/** Targets beside their words, brackets around them, the final full stop. */
const withoutLinks = (plain: string): string =>
  plain
    .replace(/<(?:https?:|mailto:)[^>]{0,300}>?|\((?:https?:)[^)]{0,300}\)?|https?:\S+/g, ' ')
    .replace(/[[\]()<>"_]/g, '')
    .replace(/^[-–—\s]+/, '')
    .replace(/(?<![.!\s])[.!\s]+$/, '')
    .replace(/\s+/g, ' ')

const isFollowed = (phrase: string, words: string): boolean =>
  phrase.startsWith(words) && isShort(phrase.slice(words.length))

const isAround = (phrase: string, [beginning, ending]: readonly [string, string]): boolean =>
  phrase.startsWith(beginning) && phrase.endsWith(ending) && isShort(phrase.slice(beginning.length))

const isShort = (words: string): boolean => words.trim().split(' ').length <= MAX_WORDS

const hasProgram = (phrase: string): boolean =>
  phrase.split(/[ ':-]/).some((word) => PROGRAM_NAMES.has(word)) || UNSPACED_PROGRAMS.test(phrase)

/** With endings, or in languages without spaces. */
const UNSPACED_PROGRAMS = /iphon|ipad|android|outlook|galaxy|xperia|yahoo|אייפון|айфон/
