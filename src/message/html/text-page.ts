import { inPieces } from '../in-pieces.ts'
import { LINES, PARAGRAPHS } from './elements.ts'

const MAX_QUOTE_MARKS = 8
const MAX_INDENTS = 8

/** A list that is open; `next` numbers its items, null for one with bullets. */
interface List {
  next: number | null
}

/** The text written so far, and what is due before the next word. */
export class TextPage {
  readonly #pieces: string[] = []
  readonly #lists: List[] = []
  #breaks = 0
  #gap: '' | ' ' | '\t' = ''
  #item = ''
  #quotes = 0
  #lineQuotes = 0
  #preformatted = 0
  /** Since the last line break there was nothing but spaces that are meant to be there. */
  #hasBlankLine = false

  /** Decoded text of one run between tags. */
  text(source: string): void {
    if (this.#preformatted > 0) this.#lines(source)
    else this.#run(source)
  }

  lineBreak(): void {
    this.#breaks = Math.min(this.#breaks + 1, 2)
    this.#hasBlankLine = false
  }

  open(tag: string, isTight: boolean): void {
    this.#block(tag, isTight)
    if (tag === 'td' || tag === 'th') this.#separate('\t')
    if (tag === 'blockquote') this.#quotes++
    if (PREFORMATTED.has(tag)) this.#preformatted++
  }

  openList(firstNumber: number | null): void {
    this.#breaks = Math.max(this.#breaks, this.#lists.length > 0 ? 1 : 2)
    this.#lists.push({ next: firstNumber })
  }

  item(ownNumber: number | null): void {
    this.#breaks = Math.max(this.#breaks, 1)
    const list = this.#lists.at(-1)
    if (list && list.next !== null) {
      const number = ownNumber ?? list.next
      list.next = number + 1
      this.#item = `${number}. `
    } else this.#item = '- '
  }

  closeList(): void {
    this.#lists.pop()
    this.#breaks = Math.max(this.#breaks, this.#lists.length > 0 ? 1 : 2)
    this.#item = ''
  }

  close(tag: string, isTight: boolean): void {
    this.#block(tag, isTight)
    if (tag === 'blockquote') this.#quotes = Math.max(0, this.#quotes - 1)
    if (PREFORMATTED.has(tag)) this.#preformatted = Math.max(0, this.#preformatted - 1)
  }

  end(): string {
    return this.#pieces.join('')
  }

  #run(source: string): void {
    const text = withSingleSpaces(source)
    // Only this space: the wider ones are the writer's.
    const words = text.slice(text.startsWith(' ') ? 1 : 0, text.endsWith(' ') ? -1 : undefined)
    if (words === '' || INVISIBLE.test(words)) this.#blank(source, text)
    else this.#words(words, text)
  }

  #words(words: string, text: string): void {
    if (text.startsWith(' ')) this.#separate(' ')
    this.#startWord()
    this.#pieces.push(words)
    this.#gap = text.endsWith(' ') ? ' ' : ''
  }

  /** Line by line, as it stands. */
  #lines(source: string): void {
    for (const [index, line] of source.split(/\r\n|\r|\n/).entries()) {
      if (index > 0) this.#breaks++
      if (line.trim() === '') continue
      this.#startWord()
      this.#pieces.push(line)
    }
  }

  #blank(source: string, text: string): void {
    if (text !== '') this.#separate(' ')
    if (source.includes('\u00a0')) this.#hasBlankLine = this.#breaks > 0
  }

  #block(tag: string, isTight: boolean): void {
    const breaks = PARAGRAPHS.has(tag) && !isTight ? 2 : PARAGRAPHS.has(tag) || LINES.has(tag) ? 1 : 0
    if (breaks === 0) return
    this.#breaks = Math.max(this.#breaks, this.#hasBlankLine ? 2 : breaks)
    this.#hasBlankLine = false
  }

  #separate(gap: ' ' | '\t'): void {
    if (this.#gap !== '\t') this.#gap = gap
  }

  #startWord(): void {
    if (this.#pieces.length === 0) this.#startLine()
    else if (this.#breaks > 0) {
      const blank = this.#breaks > 1 ? marks(Math.min(this.#lineQuotes, this.#quotes)).trimEnd() : ''
      this.#pieces.push('\n', `${blank}\n`.repeat(this.#breaks - 1))
      this.#startLine()
    } else if (this.#gap !== '') this.#pieces.push(this.#gap)
    this.#breaks = 0
    this.#gap = ''
    this.#hasBlankLine = false
  }

  #startLine(): void {
    this.#lineQuotes = this.#quotes
    if (this.#quotes > 0) this.#pieces.push(marks(this.#quotes))
    const indents = Math.min(this.#lists.length - (this.#item === '' ? 0 : 1), MAX_INDENTS)
    if (indents > 0) this.#pieces.push('  '.repeat(indents))
    if (this.#item !== '') this.#pieces.push(this.#item)
    this.#item = ''
  }
}

const PREFORMATTED = new Set(['pre', 'xmp', 'listing', 'textarea'])

/** Soft hyphens, joiners and the like, that mailings pad their previews with and that break words for searching. */
const IGNORED = /\u034f|[\u00ad\u200b\u2060\ufeff]/g
const SPACES = /[ \t\r\n\f\u00a0]+/g

/** A run of spaces may go over the end of a piece. */
function withSingleSpaces(source: string): string {
  let isAfterSpace = false
  return inPieces(source, (piece) => {
    const single = piece.replace(IGNORED, '').replace(SPACES, ' ')
    const text = isAfterSpace && single.startsWith(' ') ? single.slice(1) : single
    if (single !== '') isAfterSpace = single.endsWith(' ')
    return text
  })
}

const INVISIBLE = /^[\s\u200c-\u200f\u2007\u061c\u180e\u115f\u1160\u3164]*$/

const marks = (quotes: number): string => '> '.repeat(Math.min(quotes, MAX_QUOTE_MARKS))
