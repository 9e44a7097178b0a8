import { decodeText } from '../charset.ts'

export interface RtfText {
  readonly text: string | null
  readonly html: string | null
}

/** What holds no text of the document. */
const HIDDEN = new Set(
  'fonttbl colortbl stylesheet info pict object themedata listtable listoverridetable generator xmlnstbl rsidtbl header footer'.split(
    ' ',
  ),
)
const SIGNS = new Map([
  ['par', '\n'],
  ['line', '\n'],
  ['sect', '\n'],
  ['row', '\n'],
  ['cell', '\t'],
  ['tab', '\t'],
  ['emdash', '—'],
  ['endash', '–'],
  ['lquote', '‘'],
  ['rquote', '’'],
  ['ldblquote', '“'],
  ['rdblquote', '”'],
  ['bullet', '•'],
])

/** A control word with its number, a control symbol, a brace, or text. */
const TOKEN = /\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)/gi
const MAX_GROUPS = 10_000

/**
 * The text of RTF, and the HTML that Outlook wrapped in it ([MS-OXRTFEX]). One character an octet goes in. Linear: one
 * pass over the tokens.
 */
export function rtfText(rtf: string): RtfText {
  const isHtml = /\\fromhtml1\b/.test(rtf.slice(0, 4000))
  const document = new Document(isHtml)
  for (const token of rtf.matchAll(TOKEN)) if (!document.token(token)) break
  const text = document.text()
  if (isHtml) return { text: null, html: text }
  return { text: text.trim() === '' ? null : text, html: null }
}

interface Group {
  isHidden: boolean
  /** Of `\htmlrtf`: meant for readers that know RTF only. */
  isForRtf: boolean
  /** A `\*` stands before the next word. */
  isStarred: boolean
  unicodeSkip: number
}

class Document {
  readonly #isHtml: boolean
  readonly #pieces: string[] = []
  readonly #groups: Group[] = [{ isHidden: false, isForRtf: false, isStarred: false, unicodeSkip: 1 }]
  /** One character an octet. */
  #octets = ''
  #codepage = 'windows-1252'
  #skip = 0

  constructor(isHtml: boolean) {
    this.#isHtml = isHtml
  }

  text(): string {
    this.#flush()
    return this.#pieces.join('')
  }

  /** false: it nests too deep to be read on. */
  token([, word, number, hex, symbol, brace, text]: RegExpMatchArray): boolean {
    if (brace === '{') return this.#groups.push({ ...this.#group, isStarred: false }) < MAX_GROUPS
    if (brace === '}') this.#close()
    else if (word !== undefined) this.#word(word.toLowerCase(), number === undefined ? null : Number(number))
    else if (hex !== undefined) this.#octet(Number.parseInt(hex, 16))
    else if (symbol !== undefined) this.#symbol(symbol)
    else if (text !== undefined) this.#plain(text)
    return true
  }

  get #group(): Group {
    return this.#groups.at(-1) ?? { isHidden: false, isForRtf: false, isStarred: false, unicodeSkip: 1 }
  }

  #close(): void {
    if (this.#groups.length > 1) this.#groups.pop()
    this.#skip = 0
  }

  #word(word: string, number: number | null): void {
    const group = this.#group
    if (word === 'htmltag') group.isHidden = false
    else if (group.isStarred || HIDDEN.has(word)) group.isHidden = true
    group.isStarred = false
    if (word === 'htmlrtf') group.isForRtf = number !== 0
    else if (word === 'ansicpg' && number !== null) this.#codepage = `windows-${number}`
    else if (word === 'uc' && number !== null) group.unicodeSkip = Math.min(Math.max(number, 0), 10)
    else if (word === 'u' && number !== null) this.#unicode(number & 0xffff)
    else {
      const sign = SIGNS.get(word)
      if (sign !== undefined) this.#add(this.#isHtml && sign === '\n' ? '\r\n' : sign)
    }
  }

  /** Characters for readers without Unicode follow. */
  #unicode(code: number): void {
    this.#add(String.fromCharCode(code))
    this.#skip = this.#group.unicodeSkip
  }

  #symbol(symbol: string): void {
    if (symbol === '*') this.#group.isStarred = true
    else if (symbol === '~') this.#add('\u00a0')
    else if ('\\{}'.includes(symbol)) this.#plain(symbol)
    else if (symbol === '\n' || symbol === '\r') this.#add('\n')
  }

  #plain(text: string): void {
    const skipped = Math.min(this.#skip, text.length)
    this.#skip -= skipped
    if (this.#isSilent) return
    this.#octets += text.slice(skipped)
  }

  #octet(octet: number): void {
    if (this.#skip > 0) this.#skip--
    else if (!this.#isSilent) this.#octets += String.fromCharCode(octet)
  }

  get #isSilent(): boolean {
    const { isHidden, isForRtf } = this.#group
    return isHidden || (this.#isHtml && isForRtf)
  }

  #add(text: string): void {
    if (this.#isSilent) return
    this.#flush()
    this.#pieces.push(text)
  }

  #flush(): void {
    if (this.#octets === '') return
    this.#pieces.push(decodeText(Buffer.from(this.#octets, 'latin1'), this.#codepage).text)
    this.#octets = ''
  }
}
