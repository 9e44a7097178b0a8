import { attribute } from './attributes.ts'
import { LINES, PARAGRAPHS, VOID } from './elements.ts'

const DISPLAY_NONE = /(?:^|[;\s])display\s{0,9}:\s{0,9}none/i

/** Follows what a sender has hidden with `display:none`, by counting elements of the name of the hidden one. */
export class Hiding {
  hasHidden = false
  #tag = ''
  #depth = 0

  /** At the end: something hidden was never closed, and has hidden all the rest. */
  get isHiding(): boolean {
    return this.#depth > 0
  }

  /** Tells whether what opens is hidden. */
  opened(tag: string, attributes: string): boolean {
    if (this.#depth > 0 && closesParagraph(this.#tag, tag)) this.#depth = 0
    if (this.#depth > 0) {
      if (tag === this.#tag) this.#depth++
      return true
    }
    if (VOID.has(tag) || !DISPLAY_NONE.test(attribute(attributes, 'style'))) return false
    this.hasHidden = true
    this.#tag = tag
    this.#depth = 1
    return true
  }

  /** Tells whether what closes was hidden. */
  closed(tag: string): boolean {
    if (this.#depth === 0) return false
    if (tag === this.#tag) this.#depth--
    return true
  }
}

/** These need no end tag: another one of their kind, or any block after a paragraph, ends them. */
const WITHOUT_END = new Set(['p', 'li', 'td', 'th', 'tr', 'dt', 'dd'])

const closesParagraph = (open: string, tag: string): boolean =>
  WITHOUT_END.has(open) && (tag === open || (open === 'p' && (PARAGRAPHS.has(tag) || LINES.has(tag))))
