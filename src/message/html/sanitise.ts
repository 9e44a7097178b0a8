import sanitizeHtml from 'sanitize-html'
import { nestsDeeperThan } from './html-depth.ts'
import { htmlToText } from './html-text.ts'

/**
 * HTML of a stranger, made fit to be shown: no scripts, no forms, no frames, nothing that is fetched from elsewhere (an
 * image from outside tells its sender who read the mail, and when). Images stay where the mail brings them: `cid:`
 * (RFC 2392) and `data:image/`. Links stay, and open without a referrer.
 *
 * For showing, not for storing: what is kept is what was sent. HTML that nests absurdly deep is shown as plain text.
 */
export function sanitise(html: string): string {
  // htmlparser2 takes a minute for 400,000 nested elements; no honest mail nests a tenth as deep as this.
  if (nestsDeeperThan(html, MAX_DEPTH)) return `<p>${escaped(htmlToText(html))}</p>`
  // As HTML writes void elements, not XHTML; text and attributes hold no `>` of their own by now.
  return sanitizeHtml(html, OPTIONS).replaceAll(' />', '>')
}

const MAX_DEPTH = 1000

const LENGTH = /^\d{1,4}(?:\.\d{1,2})?(?:px|pt|em|rem|%)?$/
const COLOUR = /^(?:#[0-9a-f]{3,8}|[a-z]{3,20}|rgba?\([\d\s,.%]{1,40}\))$/i
const WORD = /^[a-z-]{1,20}$/i

const OPTIONS: sanitizeHtml.IOptions = {
  allowedTags: [...sanitizeHtml.defaults.allowedTags, 'img', 'font', 'center', 'del', 'ins', 'big', 'tt'],
  allowedAttributes: {
    '*': ['style', 'dir', 'lang', 'title', 'align', 'valign', 'bgcolor'],
    a: ['href', 'name', 'target', 'rel'],
    img: ['src', 'alt', 'width', 'height'],
    font: ['color', 'face', 'size'],
    table: ['border', 'cellpadding', 'cellspacing', 'width', 'height'],
    td: ['colspan', 'rowspan', 'width', 'height'],
    th: ['colspan', 'rowspan', 'width', 'height'],
    ol: ['start', 'type'],
  },
  // No property that takes a url(), none that takes an element out of its place over the page around it.
  allowedStyles: {
    '*': {
      color: [COLOUR],
      'background-color': [COLOUR],
      'text-align': [WORD],
      'text-decoration': [WORD],
      'font-weight': [/^(?:[a-z]{1,10}|\d{3})$/],
      'font-style': [WORD],
      'font-size': [LENGTH, WORD],
      width: [LENGTH],
      height: [LENGTH],
      'white-space': [WORD],
    },
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['cid', 'data'] },
  allowProtocolRelative: false,
  exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !/^(?:cid:|data:image\/)/i.test(attribs['src'] ?? ''),
  transformTags: {
    a: (tagName, attribs) => ({
      tagName,
      attribs: { ...attribs, target: '_blank', rel: 'noopener noreferrer nofollow' },
    }),
  },
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br />')
