/** Where in the HTML the quotation begins, as the mail programs mark it. */
import { htmlTokens } from './html-tokens.ts'
import { solidOfHtml } from './solid.ts'

/** Their marks in ids, classes and names of elements; `end`: nothing of the writer's own comes after it. */
const MARKS: ReadonlyMap<string, 'end' | 'quote' | 'signature'> = new Map([
  // Outlook on the web, for Windows, for Mac, on telephones; Hotmail.
  ['divrplyfwdmsg', 'end'],
  ['appendonsend', 'end'],
  ['outlookmessageheader', 'end'],
  ['mail-editor-reference-message-container', 'end'],
  ['ms-outlook-mobile-reference-message', 'end'],
  ['olk_src_body_section', 'end'],
  ['stopspelling', 'end'],
  ['ms-outlook-mobile-signature', 'signature'],
  // Gmail, and those that took over its marks.
  ['gmail_quote', 'quote'],
  ['gmail_quote_container', 'quote'],
  ['gmail_attr', 'quote'],
  ['gmail_signature', 'signature'],
  // Thunderbird, Roundcube.
  ['moz-cite-prefix', 'quote'],
  ['reply-intro', 'quote'],
  ['moz-signature', 'signature'],
  // Yahoo, AOL.
  ['yahoo_quoted', 'quote'],
  ['yahoo-quoted-begin', 'quote'],
  ['ymail_android_signature', 'signature'],
  ['yahoo-signature', 'signature'],
  // Proton, Tuta, Zoho, Zimbra, Spark, Front, Airmail, Missive, Freshdesk, mail.ru, NetEase.
  ['protonmail_quote', 'quote'],
  ['protonmail_signature_block', 'signature'],
  ['tutanota_quote', 'quote'],
  ['zmail_extra', 'quote'],
  ['__divider__', 'end'],
  ['messagereplysection', 'quote'],
  ['messagesignaturesection', 'signature'],
  ['front-blockquote', 'quote'],
  ['bloop_on', 'quote'],
  ['airmail_on', 'quote'],
  ['bloop_sign', 'signature'],
  ['missive_quote', 'quote'],
  ['freshdesk_quote', 'quote'],
  ['mailru-blockquote', 'quote'],
  ['isreplycontent', 'quote'],
])

export interface HtmlQuotation {
  /** Offset in the HTML. */
  readonly start: number
  /** Letters and digits before it. */
  readonly before: string
  /** Those that it begins with. */
  readonly beginning: string
}

/**
 * null where no mark is known, where nothing stands above it, and where the writer's words follow the quotation: answers between what is quoted are
 * told by the lines of the text. Also what the signature consists of, where a program marks it.
 */
export function markedHtml(html: string): { quotation: HtmlQuotation | null; signature: string | null } {
  if (!KNOWN.test(html)) return { quotation: null, signature: null }
  let before = ''
  let signature: Signature | null = null
  for (const { kind, start, end, tag } of htmlTokens(html)) {
    if (kind === 'text') before += solidOfHtml(html.slice(start, end))
    if (kind !== 'open') {
      if (kind === 'close') signature?.close(tag, before.length)
      continue
    }
    signature?.open(tag)
    const mark = markOf(tag, html.slice(start, end))
    if (mark === 'signature') signature ??= new Signature(tag, before.length)
    else if (mark !== undefined) {
      const quotation = quotationFrom(html, start, before, mark)
      return { quotation, signature: signature?.of(before) ?? null }
    }
  }
  return { quotation: null, signature: signature?.of(before) ?? null }
}

/** Asked first, for most HTML has none of them. */
const KNOWN = new RegExp(
  `(?:id|class|name|data-marker)\\s?=\\s?["']?[^"'>]{0,200}(?:${[...MARKS.keys()].join('|')})|type=["']?cite|border-top:\\s?solid`,
  'i',
)

const NAMES = /\s(?:id|class|name|data-marker)\s?=\s?(?:"([^"]{0,300})"|'([^']{0,300})'|([^\s"'>]{1,300}))/gi
const CITED = /\stype\s?=\s?["']?cite/i
/** Outlook for Windows draws this line above the fields of the mail that is answered. */
const OUTLOOK_LINE = /style\s?=\s?["']\s?border:\s?none;\s?border-top:\s?solid #(?:e1e1e1|b5c4df) 1\.0pt/i

function markOf(tag: string, source: string): 'end' | 'quote' | 'signature' | undefined {
  if (!source.includes('=')) return undefined
  if (tag === 'blockquote' && CITED.test(source)) return 'quote'
  if (tag === 'div' && OUTLOOK_LINE.test(source)) return 'end'
  for (const [, double, single, bare] of source.matchAll(NAMES)) {
    for (const name of (double ?? single ?? bare ?? '').toLowerCase().split(/\s+/)) {
      const mark = MARKS.get(name)
      if (mark !== undefined) return mark
    }
  }
  return undefined
}

const BEGINNING_CHARS = 60

function quotationFrom(html: string, start: number, before: string, mark: 'end' | 'quote'): HtmlQuotation | null {
  if (before === '') return null
  let depth = 0
  let quoted = false
  let beginning = ''
  for (const { kind, start: from, end, tag } of htmlTokens(html.slice(start))) {
    if (kind === 'text') {
      const words = solidOfHtml(html.slice(start + from, start + end))
      if (beginning.length < BEGINNING_CHARS) beginning += words
      if (words !== '' && quoted && depth === 0) return null
    } else if (tag === 'blockquote') {
      depth = kind === 'open' ? depth + 1 : Math.max(0, depth - 1)
      quoted = true
    }
    if (mark === 'end' && beginning.length >= BEGINNING_CHARS) break
  }
  return { start, before, beginning: beginning.slice(0, BEGINNING_CHARS) }
}

/** The words within one element. */
class Signature {
  readonly #tag: string
  readonly #from: number
  #depth = 1
  #to: number | null = null

  constructor(tag: string, from: number) {
    this.#tag = tag
    this.#from = from
  }

  open(tag: string): void {
    if (tag === this.#tag) this.#depth++
  }

  close(tag: string, at: number): void {
    if (tag === this.#tag && --this.#depth === 0) this.#to ??= at
  }

  of(words: string): string {
    return words.slice(this.#from, this.#to ?? words.length)
  }
}
