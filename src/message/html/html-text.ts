import { decodeHTML } from 'entities'
import { attribute } from './attributes.ts'
import { UNSEEN, VOID } from './elements.ts'
import { Hiding } from './hiding.ts'
import { TextPage } from './text-page.ts'

/**
 * Plain text from HTML: what a reader would see, in the order of the source, without styles and layout. Blocks begin
 * on lines of their own, cells of a table are separated by tabs, quotations are marked with `> `, list items with `- `
 * or their number. Links are their text: where they lead is told by the HTML, which is always kept.
 *
 * What the sender hid (`display:none`: the preview line of mailings) is left out, unless nothing else is there.
 *
 * Time and memory are linear in the length, whatever the HTML: a scanner without a tree, so nesting costs nothing.
 */
export function htmlToText(html: string): string {
  const hiding = new Hiding()
  const text = new Scanner(html, hiding).text()
  if (!hiding.hasHidden || (text !== '' && !hiding.isHiding)) return text
  return new Scanner(html, null).text()
}

/** A `<` that begins no markup is text. */
const TAG = /<(?:(\/?)([a-z][^\s/>]*)|[!?/])/iy

/** A `>` in a quoted attribute does not end the tag; where quotes do not pair up the next `>` does. */
const ATTRIBUTES = /[^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*>/y

/** Each mismatch may have read all the rest: after some of them quotes are no longer heeded, or time would be quadratic. */
const QUOTE_MISMATCHES = 20

class Scanner {
  readonly #html: string
  readonly #hiding: Hiding | null
  readonly #page = new TextPage()
  /** Elements whose end tag was looked for in vain, which is not done twice. */
  readonly #unclosed = new Set<string>()
  #at = 0
  #quoteMismatches = 0
  #isParagraphTight = false

  constructor(html: string, hiding: Hiding | null) {
    this.#html = html
    this.#hiding = hiding
  }

  text(): string {
    while (this.#at < this.#html.length) {
      const open = this.#html.indexOf('<', this.#at)
      this.#write(this.#html.slice(this.#at, open < 0 ? this.#html.length : open))
      if (open < 0) break
      this.#markup(open)
    }
    return this.#page.end()
  }

  #write(source: string): void {
    if (source === '' || this.#hiding?.isHiding) return
    this.#page.text(source.includes('&') ? decodeHTML(source) : source)
  }

  #markup(open: number): void {
    TAG.lastIndex = open
    const [whole, slash, name] = TAG.exec(this.#html) ?? []
    if (whole === undefined) {
      this.#write('<')
      this.#at = open + 1
    } else if (name === undefined) this.#at = this.#afterDeclaration(open)
    else this.#tag(name.toLowerCase(), slash === '/')
  }

  #tag(tag: string, isEnd: boolean): void {
    const from = TAG.lastIndex
    this.#at = this.#tagEnd(from)
    const attributes = this.#html.slice(from, this.#at - 1)
    if (isEnd) this.#close(tag)
    else if (UNSEEN.has(tag)) this.#at = this.#afterClosing(tag)
    else this.#open(tag, attributes)
  }

  #open(tag: string, attributes: string): void {
    if (this.#hiding?.opened(tag, attributes)) return
    if (tag === 'p') this.#isParagraphTight = isTight(attributes)
    if (tag === 'br') this.#page.lineBreak()
    else if (tag === 'ol') this.#page.openList(number(attribute(attributes, 'start')) ?? 1)
    else if (tag === 'ul') this.#page.openList(null)
    else if (tag === 'li') this.#page.item(number(attribute(attributes, 'value')))
    else if (tag === 'img') this.#write(emoji(attribute(attributes, 'alt')))
    else this.#page.open(tag, tag === 'p' && this.#isParagraphTight)
  }

  #close(tag: string): void {
    if (this.#hiding?.closed(tag)) return
    if (tag === 'ol' || tag === 'ul') this.#page.closeList()
    else if (!VOID.has(tag)) this.#page.close(tag, tag === 'p' && this.#isParagraphTight)
  }

  #tagEnd(from: number): number {
    if (this.#quoteMismatches >= QUOTE_MISMATCHES) return this.#after('>', from)
    ATTRIBUTES.lastIndex = from
    if (ATTRIBUTES.test(this.#html)) return ATTRIBUTES.lastIndex
    this.#quoteMismatches++
    return this.#after('>', from)
  }

  /** Unclosed, they hide the rest, as in a browser; `xml` is none of HTML's and would be shown. */
  #afterClosing(tag: string): number {
    if (this.#unclosed.has(tag)) return this.#at
    const closing = CLOSING.get(tag)
    if (closing === undefined) return this.#at
    closing.lastIndex = this.#at
    if (closing.test(this.#html)) return this.#after('>', closing.lastIndex)
    this.#unclosed.add(tag)
    return tag === 'xml' || tag === 'template' ? this.#at : this.#html.length
  }

  /** Comments (also those that are never closed, and `<!-->`), document types and Microsoft's `<![if ...]>`. */
  #afterDeclaration(open: number): number {
    return this.#html.startsWith('<!--', open) ? this.#after('-->', open + 2) : this.#after('>', open + 1)
  }

  #after(mark: string, from: number): number {
    const found = this.#html.indexOf(mark, from)
    return found < 0 ? this.#html.length : found + mark.length
  }
}

const CLOSING = new Map([...UNSEEN].map((tag) => [tag, new RegExp(`</${tag}(?=[\\s/>])`, 'gi')]))

/** Outlook's paragraphs have no space between them: an empty one stands for an empty line. */
const TIGHT = /\bMso(?:Normal|PlainText|ListParagraph|NoSpacing)/
const NO_MARGIN = /(?:^|;)\s{0,9}margin\s{0,9}:\s{0,9}0/i

const isTight = (attributes: string): boolean =>
  attributes !== '' && (TIGHT.test(attribute(attributes, 'class')) || NO_MARGIN.test(attribute(attributes, 'style')))

/** Programs send emoji as images; what other images show is not text that somebody wrote. */
const EMOJI = /^[\p{Extended_Pictographic}\p{Emoji_Component}]{1,16}$/u
const emoji = (alt: string): string => (EMOJI.test(alt) && !/^[\d#*]*$/.test(alt) ? alt : '')

const number = (value: string): number | null => (/^\d{1,6}$/.test(value) ? Number(value) : null)
