import { htmlToText } from '../html/html-text.ts'

/**
 * Letters and digits alone: what is the same in a text and in the HTML beside it, however each is laid out. Targets of
 * links in angle brackets, which only texts write out, are left out.
 */
export function solid(text: string): string {
  return text.replace(LINK_TARGETS, '').replace(NO_WORDS, '')
}

const LINK_TARGETS = /<(?:https?:|mailto:)[^<>\s]{1,2000}>/g
const NO_WORDS = /[^\p{L}\p{N}\p{M}]+/gu

/** The same of what stands between two tags. */
export function solidOfHtml(source: string): string {
  return solid(source.includes('&') ? htmlToText(source) : source)
}
