/**
 * Plain text from HTML: what a reader would see, in the order of the source, without styles and layout. Blocks begin
 * on lines of their own, quotations are marked with `> `, list items with `- `.
 *
 * Time and memory are linear in the length, whatever the HTML: a scanner without a tree, so nesting costs nothing.
 */
export function htmlToText(html: string): string {
  const page = new TextPage()
  let position = 0
  while (position < html.length) {
    const open = html.indexOf('<', position)
    page.text(html.slice(position, open < 0 ? html.length : open))
    if (open < 0) break
    position = afterMarkup(html, open, page)
  }
  return page.end()
}

/** Handles the markup at `open` and tells where the text goes on. */
function afterMarkup(html: string, open: number, page: TextPage): number {
  if (html.startsWith('<!--', open)) return after(html, '-->', open + 4)
  TAG.lastIndex = open
  const [, slash, name] = TAG.exec(html) ?? []
  if (name === undefined) return afterNoTag(html, open, page)
  const tag = name.toLowerCase()
  const end = tagEnd(html, TAG.lastIndex, page)
  if (slash === '/') page.close(tag)
  else page.open(tag)
  return slash !== '/' && UNSEEN.has(tag) ? afterClosing(html, tag, end) : end
}

const TAG = /<(\/?)([a-z][a-z0-9:-]{0,30})/iy

/** Declarations are skipped, a lone `<` is text. */
function afterNoTag(html: string, open: number, page: TextPage): number {
  if (/[!?/]/.test(html.charAt(open + 1))) return after(html, '>', open + 1)
  page.text('<')
  return open + 1
}

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from)
  return found < 0 ? html.length : found + mark.length
}

/** A `>` in a quoted attribute does not end the tag; where quotes do not pair up the next `>` does. */
const ATTRIBUTES = /[^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*>/y

/** Each mismatch may have read all the rest: after some of them quotes are no longer heeded, or time would be quadratic. */
const QUOTE_MISMATCHES = 20

function tagEnd(html: string, from: number, page: TextPage): number {
  if (page.quoteMismatches >= QUOTE_MISMATCHES) return after(html, '>', from)
  ATTRIBUTES.lastIndex = from
  if (ATTRIBUTES.test(html)) return ATTRIBUTES.lastIndex
  page.quoteMismatches++
  return after(html, '>', from)
}

const UNSEEN = new Set(['script', 'style', 'title', 'template', 'noscript'])

/** Unclosed, they hide the rest, as in a browser. */
function afterClosing(html: string, tag: string, from: number): number {
  const closing = new RegExp(`</${tag}`, 'gi')
  closing.lastIndex = from
  return closing.test(html) ? after(html, '>', closing.lastIndex) : html.length
}

const PARAGRAPHS = new Set([
  'p',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'blockquote',
  'ul',
  'ol',
  'dl',
  'table',
  'pre',
  'hr',
])
const LINES = new Set([
  'div',
  'li',
  'tr',
  'dt',
  'dd',
  'address',
  'article',
  'section',
  'header',
  'footer',
  'form',
  'center',
])
const MAX_QUOTE_MARKS = 8

/** The text written so far, and what is due before the next word. */
class TextPage {
  quoteMismatches = 0
  readonly #pieces: string[] = []
  #breaks = 0
  #space = false
  #bullet = false
  #quotes = 0
  #marks = ''

  text(source: string): void {
    const text = decodeEntities(source).replace(/[ \t\r\n\f\u00a0]+/g, ' ')
    const words = text.trim()
    if (words === '') {
      this.#space ||= text !== ''
      return
    }
    this.#startWord(text.startsWith(' '))
    this.#pieces.push(words)
    this.#space = text.endsWith(' ')
  }

  open(tag: string): void {
    if (tag === 'br') this.#breaks = Math.min(this.#breaks + 1, 2)
    else this.#block(tag)
    if (tag === 'li') this.#bullet = true
    if (tag === 'td' || tag === 'th') this.#space = true
    if (tag === 'blockquote') this.#quote(1)
  }

  close(tag: string): void {
    this.#block(tag)
    if (tag === 'blockquote') this.#quote(-1)
  }

  end(): string {
    return this.#pieces.join('')
  }

  #block(tag: string): void {
    if (PARAGRAPHS.has(tag)) this.#breaks = 2
    else if (LINES.has(tag)) this.#breaks = Math.max(this.#breaks, 1)
  }

  #quote(step: number): void {
    this.#quotes = Math.max(0, this.#quotes + step)
    this.#marks = '> '.repeat(Math.min(this.#quotes, MAX_QUOTE_MARKS))
  }

  #startWord(spaced: boolean): void {
    const atStart = this.#pieces.length === 0
    if (this.#breaks > 0 || atStart) this.#startLine(atStart ? 0 : this.#breaks)
    else if (this.#space || spaced) this.#pieces.push(' ')
    this.#breaks = 0
  }

  #startLine(breaks: number): void {
    this.#pieces.push('\n'.repeat(breaks), this.#marks, this.#bullet ? '- ' : '')
    this.#bullet = false
  }
}

const ENTITY = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z][a-z0-9]{1,7}));?/gi

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(ENTITY, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED.get(name) ?? NAMED.get(name.toLowerCase()) ?? whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code === 0 || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
  })
}

/** HTML 4's names for U+00A0 to U+00FF, in their order, and those that mail uses beside them. */
const LATIN_1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml'
const OTHERS =
  'amp=& lt=< gt=> quot=" apos=\' euro=€ hellip=… ndash=– mdash=— lsquo=‘ rsquo=’ sbquo=‚ ldquo=“ rdquo=” bdquo=„ ' +
  'bull=• trade=™ lsaquo=‹ rsaquo=› larr=← rarr=→ zwnj=\u200c zwj=\u200d ensp=\u2002 emsp=\u2003 thinsp=\u2009 ' +
  'OElig=Œ oelig=œ Scaron=Š scaron=š Yuml=Ÿ permil=‰ dagger=† minus=− check=✓'

const NAMED = new Map<string, string>([
  ...LATIN_1.split(' ').map((name, index): [string, string] => [name, String.fromCharCode(0xa0 + index)]),
  ...OTHERS.split(' ').map((pair): [string, string] => [
    pair.slice(0, pair.indexOf('=')),
    pair.slice(pair.indexOf('=') + 1),
  ]),
])
