/** The line above a quotation that tells who wrote what follows, and when: `On 3 Nov 2026 at 10:12, Ann <a@b> wrote:`. */
import { FIRST_PERSON, OPENING, WROTE } from './attribution-words.ts'
import type { Line } from './lines.ts'

/** Programs break it over so many lines. */
const MAX_LINES = 4
const MAX_CHARS = 400

/**
 * Where the attribution that ends at line `last` begins; null where none ends there. It is told by its form alone, so
 * that what follows it is a quotation even without marks.
 */
export function attributionStart(lines: readonly Line[], last: number): number | null {
  if (!mayEnd(lines[last]?.plain ?? '')) return null
  let phrase = ''
  let start: number | null = null
  let joined = true
  for (let first = last; first > last - MAX_LINES; first--) {
    const line = lines[first]
    if (line === undefined || line.blank || line.quoted) break
    joined &&= first === last || isBroken(line.plain, phrase)
    phrase = `${line.plain}${/^>|^$/.test(phrase) ? '' : ' '}${phrase}`
    if (phrase.length > MAX_CHARS) break
    const form = formOf(undecorated(phrase))
    if (form === 'opened') return first
    if (joined && (form === 'closed' || (form === 'open' && isMarked(lines, last + 1)))) start = first
  }
  return start
}

/** The next line that is not blank is quoted. */
export function isMarked(lines: readonly Line[], from: number): boolean {
  return lines.slice(from, from + MAX_BLANKS).find((line) => !line.blank)?.quoted ?? false
}

const MAX_BLANKS = 8

/** A program broke the line only where it was long; a shorter one above is the writer's own. */
const isBroken = (line: string, next: string): boolean =>
  line.length + 1 + next.split(' ', 1).join('').length >= BROKEN_CHARS

const BROKEN_CHARS = 60

/** Enough where quoted lines follow: it names somebody or says that somebody wrote. */
export function introducesQuote({ plain, quoted }: Line): boolean {
  if (quoted || plain.length > MAX_CHARS || !plain.endsWith(':')) return false
  return (WROTE.test(plain) || BRACKETED.test(plain)) && !FIRST_PERSON.test(plain)
}

/** Cheap, for it is asked of each line. */
function mayEnd(plain: string): boolean {
  const end = plain.charAt(plain.length - 1)
  return end === ':' || ((end === '-' || end === '>' || plain.includes('@')) && plain.length < MAX_CHARS)
}

const undecorated = (text: string): string => text.replace(/^[-_=\s"|]+/, '').replace(/(?<![-_=\s|])[-_=\s|]+$/, '')

const ADDRESS = /[^\s<>@]@[\p{L}\d-]/u
const BRACKETED_AT_END = /[<([]{1,2} ?(?:mailto:)?[^\s<>@]{1,100}@[^\s<>]{1,200}?[>)\]]{1,2}[^<>]{0,12}$/
const DATE =
  /(?<!\d)(?:19|20|25)\d\d(?!\d)|(?<![\d.:])\d{1,2}[./-] ?\d{1,2}[./-] ?(?:\d{4}|\d\d)(?![\d.]\d|\d)|\d{1,2}[月월]|(?<!\d)1[34]\d\d(?!\d)/
const TIME = /\d{1,2} ?[:.h時时點点시] ?\d\d(?!\d)|\d{1,2} ?[ap]\.?m/
/** Names of weekdays and such before the first number; no more than a few words. */
const NUMBER_SOON = /^[^\d@<]{0,24}\d/
const MAX_WORDS_WITHOUT_ADDRESS = 16

/**
 * `opened`: it begins with the word before the date, so that nothing of it can stand above. `closed`: it ends in a colon
 * or a verb. `open`: it is a date and an address, no more.
 */
function formOf(phrase: string): 'opened' | 'closed' | 'open' | null {
  if (!/[\d@]/.test(phrase) || FIRST_PERSON.test(phrase)) return null
  const told = aboutOf(phrase)
  if (OPENING.test(phrase)) return isDated(told) && (told.wrote !== null || told.colon) ? 'opened' : null
  if (NUMBER_SOON.test(phrase) && isDated(told)) return told.colon || told.wrote !== null ? 'closed' : 'open'
  return isNamed(told) ? 'closed' : null
}

interface About {
  readonly phrase: string
  readonly colon: boolean
  readonly addressed: boolean
  readonly dated: boolean
  readonly timed: boolean
  readonly wrote: { readonly start: number; readonly end: number } | null
}

function aboutOf(phrase: string): About {
  const wrote = WROTE.exec(phrase)
  return {
    phrase,
    colon: phrase.endsWith(':'),
    addressed: ADDRESS.test(phrase),
    dated: DATE.test(phrase),
    timed: TIME.test(phrase),
    wrote: wrote === null ? null : { start: wrote.index, end: wrote.index + wrote[0].length },
  }
}

/** It begins with the date: `3 Nov 2026 10:12, Ann <a@b>:` needs no verb. */
function isDated(about: About): boolean {
  const { phrase, colon, addressed, dated, timed, wrote } = about
  if (wrote === null) return dated && (timed || !colon) && BRACKETED_AT_END.test(phrase)
  const ended = phrase.length - wrote.end <= ENDING_CHARS
  if (!colon && !(ended && (addressed || timed))) return false
  if (BRACKETED.test(phrase)) return true
  return dated && (timed || OPENING.test(phrase)) && isShort(phrase)
}

/** After the verb: `(a):`, ` je:`. */
const ENDING_CHARS = 4

/** It begins with a name: `Ann <a@b> wrote:`, `Ann/Org wrote on 11/03/2026 10:12:13 AM:`. */
function isNamed({ phrase, colon, dated, timed, wrote }: About): boolean {
  if (!colon || wrote === null || phrase.length > MAX_NAMED_CHARS || phrase.startsWith('<')) return false
  const before = phrase.slice(0, wrote.start)
  if (ADDRESS.test(before) ? BRACKET.test(before) : BRACKETED.test(phrase) && dated && timed)
    return !SENTENCES.test(before)
  return dated && isShort(phrase) && OPENING.test(phrase.slice(wrote.end).trim()) && !SENTENCES.test(before)
}

const MAX_NAMED_CHARS = 200
const BRACKET = /[<(]/
const BRACKETED = /[<(] ?[^\s<>@]{1,100}@[^\s<>]{1,200}[>)]/
/** A full stop after a word that is no abbreviation. */
const SENTENCES = /\p{L}{4}[.?!] /u

const isShort = (phrase: string): boolean => phrase.split(' ').length <= MAX_WORDS_WITHOUT_ADDRESS
