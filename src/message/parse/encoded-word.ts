export interface EncodedWord {
  readonly charset: string
  readonly encoding: 'b' | 'q'
  readonly text: string
  readonly start: number
  readonly end: number
}

/** White space inside is wrong, and sent; RFC 2231 section 5 puts a language behind the charset. */
const WORD_START = /=\?([^?\s*]{0,60})(?:\*[^?\s]{0,30})?\s?\?\s?([bq])\s?\?/iy

/**
 * Finds the encoded words (RFC 2047 section 2) of a text, longer ones than allowed, too. One that does not end before
 * the next one begins is none. Linear as long as it is asked from left to right.
 */
export class WordFinder {
  readonly #value: string
  readonly #starts: Marks
  readonly #ends: Marks

  constructor(value: string) {
    this.#value = value
    this.#starts = new Marks(value, '=?')
    this.#ends = new Marks(value, '?=')
  }

  /** The first at or after `from`. */
  next(from: number): EncodedWord | null {
    for (let start = this.#starts.next(from); start >= 0; start = this.#starts.next(start + 2)) {
      const word = this.at(start)
      if (word !== null) return word
    }
    return null
  }

  /** The one that begins just there. */
  at(start: number): EncodedWord | null {
    WORD_START.lastIndex = start
    const [whole, charset = '', letter = ''] = WORD_START.exec(this.#value) ?? []
    if (whole === undefined) return null
    const from = start + whole.length
    const end = this.#ends.next(from)
    const another = this.#starts.next(from)
    if (end < 0 || (another >= 0 && another < end - 1)) return null
    const encoding = letter.toLowerCase() === 'b' ? 'b' : 'q'
    return { charset, encoding, text: this.#value.slice(from, end), start, end: end + 2 }
  }
}

/** indexOf that remembers: what was found for one place holds for all places before the find. */
class Marks {
  readonly #value: string
  readonly #mark: string
  #from = 0
  #found = -2

  constructor(value: string, mark: string) {
    this.#value = value
    this.#mark = mark
  }

  next(from: number): number {
    const isKnown = this.#found !== -2 && from >= this.#from && (this.#found === -1 || from <= this.#found)
    if (isKnown) return this.#found
    this.#from = from
    this.#found = this.#value.indexOf(this.#mark, from)
    return this.#found
  }
}
