import { WordFinder } from './encoded-word.ts'

/** What stands between two separators of an address field. */
export interface AddressItem {
  /** What stands outside of angle brackets and comments, without quotes. */
  readonly text: string
  /** The first pair of angle brackets that holds something; '' for empty ones. */
  readonly angle: string | null
  readonly comments: readonly string[]
  readonly isQuoted: boolean
  readonly end: string
}

/** Stands for a space within a quoted local part. */
export const HARD_SPACE = '\x01'

/** The items of an address field, groups opened. Linear. */
export function* addressItems(field: string): Generator<AddressItem> {
  const scanner = new Scanner(field)
  for (let item = scanner.item(); item !== null; item = scanner.item()) yield item
}

/** More is no name and no address. */
const TEXT_MAX_CHARACTERS = 32 * 1024

const ANGLE = /<([^<>]*)>/y
/** Where the closing bracket is missing. */
const OPEN_ANGLE = /<([^<>,;]*)/y
const ATOM = /[^"(<>,;:=\\]+/y

class Scanner {
  readonly #field: string
  readonly #words: WordFinder
  readonly #lastQuote: number
  readonly #lastParenthesis: number
  readonly #lastSemicolon: number
  #at = 0
  #text: string[] = []
  #angle: string | null = null
  #piecesBefore = 0
  #comments: string[] = []
  #isQuoted = false

  constructor(field: string) {
    this.#field = field
    this.#words = new WordFinder(field)
    this.#lastQuote = field.lastIndexOf('"')
    this.#lastParenthesis = field.lastIndexOf(')')
    this.#lastSemicolon = field.lastIndexOf(';')
  }

  item(): AddressItem | null {
    while (this.#at < this.#field.length) {
      const character = this.#field.charAt(this.#at)
      if (character === ',' || character === ';') {
        this.#at++
        return this.#ended(character)
      }
      if (character === '<' && this.#angle) return this.#endedWithoutComma()
      this.#step(character)
    }
    const isEmpty = this.#text.length === 0 && this.#angle === null && this.#comments.length === 0
    return isEmpty ? null : this.#ended('')
  }

  /** What stands behind the brackets is the name of the next one. */
  #endedWithoutComma(): AddressItem {
    const behind = this.#text.splice(this.#piecesBefore)
    const item = this.#ended('')
    this.#text = behind
    return item
  }

  #ended(end: string): AddressItem {
    const text = this.#text.join('').slice(0, TEXT_MAX_CHARACTERS).replace(/\s+/g, ' ').trim()
    const item = { text, angle: this.#angle, comments: this.#comments, isQuoted: this.#isQuoted, end }
    this.#text = []
    this.#angle = null
    this.#comments = []
    this.#isQuoted = false
    return item
  }

  #step(character: string): void {
    if (character === '"' && this.#at < this.#lastQuote) this.#quoted()
    else if (character === '(' && this.#at < this.#lastParenthesis) this.#comment()
    else if (character === '<') this.#bracketed()
    else if (character === '=') this.#wordOr(character)
    else if (character === ':' && this.#isGroupStart()) this.#text = this.#skip([])
    else if ('">:\\('.includes(character)) this.#take(character === '>' || character === '"' ? '' : character, 1)
    else this.#match(ATOM)
  }

  #skip<T>(value: T): T {
    this.#at++
    return value
  }

  #take(text: string, octets: number): void {
    this.#text.push(text)
    this.#at += octets
  }

  #match(pattern: RegExp): void {
    pattern.lastIndex = this.#at
    const [found = this.#field.charAt(this.#at)] = pattern.exec(this.#field) ?? []
    this.#take(found, found.length)
  }

  /** RFC 5322 section 3.4: a group has an end; elsewhere the colon belongs to a name nobody quoted. */
  #isGroupStart(): boolean {
    return this.#at < this.#lastSemicolon && this.#angle === null && !this.#text.some((text) => text.includes('@'))
  }

  #quoted(): void {
    let at = this.#at + 1
    for (; at < this.#field.length && this.#field.charAt(at) !== '"'; at++) {
      if (this.#field.charAt(at) === '\\') at++
    }
    const text = this.#field
      .slice(this.#at + 1, Math.min(at, this.#at + 1 + TEXT_MAX_CHARACTERS))
      .replace(/\\(.)/gs, '$1')
    this.#at = at + 1
    const isLocalPart = this.#field.charAt(this.#at) === '@'
    this.#text.push(isLocalPart ? `"${text.replace(/\s/g, HARD_SPACE)}"` : text)
    this.#isQuoted = true
  }

  #comment(): void {
    let depth = 0
    let at = this.#at
    for (; at < this.#field.length; at++) {
      const character = this.#field.charAt(at)
      if (character === '\\') at++
      else if (character === '(') depth++
      else if (character === ')' && --depth === 0) break
    }
    this.#comments.push(
      this.#field
        .slice(this.#at + 1, Math.min(at, this.#at + 1 + TEXT_MAX_CHARACTERS))
        .replace(/\\(.)/g, '$1')
        .trim(),
    )
    this.#text.push(' ')
    this.#at = at + 1
  }

  #bracketed(): void {
    ANGLE.lastIndex = this.#at
    OPEN_ANGLE.lastIndex = this.#at
    const [whole = '', inner = ''] = ANGLE.exec(this.#field) ?? OPEN_ANGLE.exec(this.#field) ?? []
    this.#angle = this.#angle || inner
    this.#piecesBefore = this.#text.length
    this.#at += Math.max(whole.length, 1)
  }

  #wordOr(character: string): void {
    const word = this.#words.at(this.#at)
    if (word === null) this.#take(character, 1)
    else this.#take(this.#field.slice(word.start, word.end), word.end - word.start)
  }
}
