/** A piece of HTML: what stands between tags, or a tag. Comments, declarations, scripts and styles are no pieces. */
export interface HtmlToken {
  readonly kind: 'text' | 'open' | 'close'
  /** Where it is in the HTML. */
  readonly start: number
  readonly end: number
  /** In lower case; of tags only. */
  readonly tag: string
}

const TAG = /<(\/?)([a-z][a-z0-9:-]{0,30})/iy
/** A `>` in a quoted attribute does not end the tag. */
const ATTRIBUTES = /[^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*>/y
/** Each mismatch may have read all the rest: after some of them quotes are no longer heeded, or time would be quadratic. */
const QUOTE_MISMATCHES = 20
const UNSEEN = new Set(['script', 'style', 'title', 'template', 'noscript'])

/** In the order of the source. Linear in its length: a scanner without a tree. */
export function* htmlTokens(html: string): Generator<HtmlToken> {
  let mismatches = 0
  let position = 0
  while (position < html.length) {
    const open = html.indexOf('<', position)
    const start = open < 0 ? html.length : open
    if (start > position) yield { kind: 'text', start: position, end: start, tag: '' }
    if (open < 0) return
    TAG.lastIndex = open
    const [, slash, name] = TAG.exec(html) ?? []
    if (name === undefined) {
      position = afterNoTag(html, open)
      if (position === open + 1) yield { kind: 'text', start: open, end: position, tag: '' }
      continue
    }
    const tag = name.toLowerCase()
    ATTRIBUTES.lastIndex = TAG.lastIndex
    const paired = mismatches < QUOTE_MISMATCHES && ATTRIBUTES.test(html)
    if (!paired) mismatches++
    position = paired ? ATTRIBUTES.lastIndex : after(html, '>', open)
    yield { kind: slash === '/' ? 'close' : 'open', start: open, end: position, tag }
    if (slash !== '/' && UNSEEN.has(tag)) position = beforeClosing(html, tag, position)
  }
}

/** A lone `<` is text. */
function afterNoTag(html: string, open: number): number {
  if (html.startsWith('<!--', open)) return after(html, '-->', open + 4)
  return /[!?/]/.test(html.charAt(open + 1)) ? after(html, '>', open + 1) : open + 1
}

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from)
  return found < 0 ? html.length : found + mark.length
}

/** Unclosed, they hide the rest, as in a browser. */
function beforeClosing(html: string, tag: string, from: number): number {
  const closing = new RegExp(`</${tag}`, 'gi')
  closing.lastIndex = from
  return closing.exec(html)?.index ?? html.length
}
