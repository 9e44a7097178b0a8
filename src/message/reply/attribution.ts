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
  let text = ''
  let loose: number | null = null
  for (let first = last; first > last - MAX_LINES; first--) {
    const line = lines[first]
    if (line === undefined || line.blank || line.quoted) break
    text = text === '' ? line.plain : `${line.plain} ${text}`
    if (text.length > MAX_CHARS) break
    const phrase = undecorated(text)
    if (isDated(phrase)) return first
    if (loose === null && isNamed(phrase)) loose = first
  }
  return loose
}

/** Enough where quoted lines follow: it names somebody or says that somebody wrote. */
export function introducesQuote({ plain, quoted }: Line): boolean {
  if (quoted || plain.length > MAX_CHARS || !plain.endsWith(':')) return false
  return (WROTE.test(plain) || ADDRESS.test(plain)) && !FIRST_PERSON.test(plain)
}

/** Cheap, for it is asked of each line. */
function mayEnd(plain: string): boolean {
  const end = plain.charAt(plain.length - 1)
  return end === ':' || ((end === '-' || end === '>' || plain.includes('@')) && plain.length < MAX_CHARS)
}

const undecorated = (text: string): string => text.replace(/^[-_=\s"|]+/, '').replace(/(?<![-_=\s|])[-_=\s|]+$/, '')

const ADDRESS = /[^\s<>@]@[\p{L}\d-]/u
const BRACKETED_AT_END = /[<([]{1,2}(?:mailto:)?[^\s<>@]{1,100}@[^\s<>]{1,200}?[>)\]]{1,2}[^<>]{0,12}$/
const DATE =
  /(?<!\d)(?:19|20|25)\d\d(?!\d)|(?<!\d)\d{1,2}[./-] ?\d{1,2}[./-] ?(?:\d{4}|\d\d)(?!\d)|\d{1,2}[月월]|(?<!\d)1[34]\d\d(?!\d)/
const TIME = /\d{1,2} ?[:.h時时點点시] ?\d\d(?!\d)|\d{1,2} ?[ap]\.?m/
/** Names of weekdays and such before the first number; no more than a few words. */
const NUMBER_SOON = /^[^\d@<]{0,24}\d/
const WROTE_AT_END_CHARS = 60
const MAX_WORDS_WITHOUT_ADDRESS = 16

/** It begins with the date. */
function isDated(phrase: string): boolean {
  const opened = OPENING.test(phrase)
  if (!opened && !NUMBER_SOON.test(phrase)) return false
  const addressed = ADDRESS.test(phrase)
  const dated = DATE.test(phrase)
  const timed = TIME.test(phrase)
  if (!dated && !timed && !addressed) return false
  const colon = phrase.endsWith(':')
  const wrote = WROTE.exec(phrase)
  if (wrote === null) return dated && BRACKETED_AT_END.test(phrase) && (colon || !opened)
  if (FIRST_PERSON.test(phrase)) return false
  if (addressed) return colon || endsWith(phrase, wrote)
  return (colon || (timed && endsWith(phrase, wrote))) && (opened || (dated && timed)) && isShort(phrase)
}

/** It begins with a name: `Ann <a@b> wrote:`, `Ann/Org wrote on 11/03/2026 10:12:13 AM:`. */
function isNamed(phrase: string): boolean {
  if (!phrase.endsWith(':') || phrase.length > 200 || phrase.startsWith('<')) return false
  const wrote = WROTE.exec(phrase)
  if (wrote === null || FIRST_PERSON.test(phrase)) return false
  const before = phrase.slice(0, wrote.index)
  const after = phrase.slice(wrote.index + wrote[0].length).trim()
  if (/[.?!] /.test(before.replace(/\b\p{L}{1,3}\. /gu, ''))) return false
  if (ADDRESS.test(before) && BRACKET.test(before)) return true
  return OPENING.test(after) && DATE.test(after) && isShort(phrase)
}

const BRACKET = /[<(]/

const endsWith = (phrase: string, wrote: RegExpExecArray): boolean =>
  phrase.slice(wrote.index + wrote[0].length).replace(/[\s:.()a-z-]{0,4}$/, '').length === 0 &&
  wrote.index + wrote[0].length + WROTE_AT_END_CHARS > phrase.length

const isShort = (phrase: string): boolean => phrase.split(' ').length <= MAX_WORDS_WITHOUT_ADDRESS
