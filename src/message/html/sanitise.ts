import sanitizeHtml from 'sanitize-html'
import { ALLOWED_ATTRIBUTES, ALLOWED_TAGS } from './allowed.ts'
import { asParsedByBrowsers } from './browser-tree.ts'
import { RASTER_IMAGE, UNSEEN } from './elements.ts'
import { htmlToText } from './html-text.ts'
import { safeStyle } from './inline-style.ts'
import { safeLink } from './safe-link.ts'
import { TooMuch } from './too-much.ts'

export interface Sanitised {
  readonly html: string
  /** Elements that would have fetched something from elsewhere: images, backgrounds, frames, style sheets. */
  readonly remoteContentBlocked: number
  /** `cut`: the end is missing. `text`: its elements are too many or nest too deep, so it is shown as plain text. */
  readonly shortened: 'cut' | 'text' | null
}

/** Where an image that is no `data:` is shown from, or null where it is not; never asked about what is shown already. */
export type ImageUrl = (src: string) => string | null

/**
 * HTML of a stranger, made fit to be shown: no scripts, no forms, no frames, nothing that is fetched from elsewhere (an
 * image from outside tells its sender who read the mail, and when). Images stay where the mail brings them: `cid:`
 * (RFC 2392) and `data:image/`; of others the alternative text stays. Links stay, and open without a referrer. Text
 * that a reader would see stays whatever element holds it.
 *
 * To sanitise the result again changes nothing. For showing, not for storing: what is kept is what was sent.
 */
export const sanitise = (html: string): string => sanitised(html).html

/** The same with what there is to tell of it. `imageUrl` gives a relative URL or one of `cid:` and is believed. */
export function sanitised(html: string, imageUrl: ImageUrl = asCid): Sanitised {
  const isCut = html.length > MAX_CHARS
  const source = (isCut ? html.slice(0, MAX_CHARS) : html).replace(/\0|\r(?=\n)/g, '')
  const page = new Page(imageUrl)
  try {
    return {
      html: page.settled(source),
      remoteContentBlocked: page.remoteContentBlocked,
      shortened: isCut ? 'cut' : null,
    }
  } catch (thrown) {
    if (!(thrown instanceof TooMuch)) throw thrown
    const text = `<p>${escaped(htmlToText(source))}</p>`
    return { html: text, remoteContentBlocked: page.remoteContentBlocked, shortened: 'text' }
  }
}

/** Bounds of time and memory: the parser underneath needs time for each element times the depth it stands at. */
const MAX_CHARS = 2 * 1024 * 1024
const MAX_DEPTH = 500
const MAX_ELEMENTS = 100_000
const MAX_ROUNDS = 5

/** Longer ones are told by nobody. */
const MAX_CONTENT_ID_CHARS = 1000
const asCid: ImageUrl = (src) => (/^cid:/i.test(src) && src.length <= MAX_CONTENT_ID_CHARS ? src : null)

/** One mail on its way through the sanitiser. */
class Page {
  remoteContentBlocked = 0
  readonly #imageUrl: ImageUrl
  readonly #given = new Set<string>()
  #isFirstRound = true

  constructor(imageUrl: ImageUrl) {
    this.#imageUrl = imageUrl
  }

  /**
   * Browsers move and close elements by rules of their own, and an end tag that is left over could end an element of the
   * page around the mail. So only that is a result which a browser takes for what it is.
   */
  settled(source: string): string {
    let html = this.#sanitised(source)
    this.#isFirstRound = false
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const again = this.#sanitised(asParsedByBrowsers(html, MAX_ELEMENTS))
      if (again === html) return html
      html = again
    }
    throw new TooMuch()
  }

  #sanitised(html: string): string {
    let [depth, elements] = [0, 0]
    const options: sanitizeHtml.IOptions = {
      ...OPTIONS,
      onOpenTag: () => {
        depth++
        if (depth > MAX_DEPTH || ++elements > MAX_ELEMENTS) throw new TooMuch()
      },
      onCloseTag: () => {
        depth--
      },
      // The first is asked before the second, and is the only one whose text is heeded.
      transformTags: {
        img: (_, attributes) => this.#image(attributes),
        '*': (tag, attributes) =>
          tag === 'img' ? { tagName: tag, attribs: attributes } : this.#element(tag, attributes),
      },
    }
    // As HTML writes void elements, not XHTML; text and attributes hold no `>` of their own by now.
    return sanitizeHtml(html, options).replaceAll(' />', '>')
  }

  #element(tagName: string, sent: sanitizeHtml.Attributes): sanitizeHtml.Tag {
    this.#countFetching(tagName, sent)
    const attribs = safeAttributes(sent)
    if (tagName === 'a') return { tagName, attribs: link(attribs) }
    if (tagName === 'body') return body(attribs)
    return { tagName, attribs }
  }

  #countFetching(tagName: string, sent: sanitizeHtml.Attributes): void {
    if (this.#isFirstRound && fetches(tagName, sent)) this.remoteContentBlocked++
  }

  #image(sent: sanitizeHtml.Attributes): sanitizeHtml.Tag {
    const attribs = safeAttributes(sent)
    const src = this.#imageSource((attribs['src'] ?? '').trim())
    this.#countFetching('img', src === null ? sent : { ...sent, src: '' })
    if (src !== null) return { tagName: 'img', attribs: { ...attribs, src } }
    const alt = (attribs['alt'] ?? '').trim()
    if (alt === '') return NOTHING
    return { tagName: 'span', attribs: { title: 'image not shown' }, text: alt }
  }

  #imageSource(src: string): string | null {
    if (this.#given.has(src)) return src
    if (DATA_IMAGE.test(src) && RASTER_IMAGE.test(src.slice('data:'.length, src.indexOf(';')))) return src
    const url = this.#imageUrl(src)
    if (url !== null) this.#given.add(url)
    return url
  }
}

const DATA_IMAGE = /^data:image\/[a-z.-]{1,40};base64,[a-z0-9+/=\s]*$/i

/** An element that is not allowed and holds no text. */
const NOTHING: sanitizeHtml.Tag = { tagName: 'nothing', attribs: {} }

const OPTIONS: sanitizeHtml.IOptions = {
  allowedTags: ALLOWED_TAGS,
  allowedAttributes: ALLOWED_ATTRIBUTES,
  nonTextTags: [...UNSEEN],
  parseStyleAttributes: false,
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['cid', 'data'] },
  allowProtocolRelative: false,
}

const MAX_ATTRIBUTE_CHARS = 1000
const UNBOUNDED = new Set(['src', 'href', 'style'])

function safeAttributes({ style, ...sent }: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  const attribs: sanitizeHtml.Attributes = {}
  for (const [name, value] of Object.entries(sent)) {
    if (value.length <= MAX_ATTRIBUTE_CHARS || UNBOUNDED.has(name)) attribs[name] = value
  }
  const kept = style === undefined ? '' : safeStyle(style)
  return kept === '' ? attribs : { ...attribs, style: kept }
}

function link({ href, target: _, rel: __, ...attribs }: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  const safe = href === undefined ? null : safeLink(href)
  return safe === null ? attribs : { ...attribs, href: safe, target: '_blank', rel: 'noopener noreferrer nofollow' }
}

/** Its colours stay: text that is white on a dark page is unreadable without them. */
function body({ bgcolor, text, style, ...rest }: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  const colours = safeStyle(`background-color:${bgcolor ?? ''};color:${text ?? ''};${style ?? ''}`)
  if (colours === '' && rest['dir'] === undefined) return { tagName: 'body', attribs: {} }
  return { tagName: 'div', attribs: { ...rest, ...(colours === '' ? {} : { style: colours }) } }
}

const FETCHING = ['src', 'srcset', 'background', 'poster', 'data', 'code', 'archive']
const LOCAL = /^\s*(?:cid:|data:|about:|$)/i

function fetches(tag: string, attribs: sanitizeHtml.Attributes): boolean {
  if (/url\s*\(/i.test(attribs['style'] ?? '')) return true
  const names = tag === 'link' || tag === 'image' || tag === 'use' ? ['href', 'xlink:href'] : FETCHING
  return names.some((name) => !LOCAL.test(attribs[name] ?? ''))
}

const ESCAPES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['\n', '<br>'],
])

const escaped = (text: string): string => text.replace(/[&<>\n]/g, (found) => ESCAPES.get(found) ?? found)
