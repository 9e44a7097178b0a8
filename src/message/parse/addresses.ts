import type { Address } from '../parsed-message.ts'
import { type AddressItem, addressItems, HARD_SPACE } from './address-items.ts'

/**
 * The mailboxes of an address field (RFC 5322 section 3.4, obsolete forms of section 4.4, groups as their members), and
 * of what is sent in its place: display names with commas, dots and `@` that nobody quoted, missing and doubled angle
 * brackets, semicolons between, addresses without a domain, comments for names.
 *
 * One character an octet goes in, folds undone; `decode` makes text of display names and addresses. A few more than
 * `maxMailboxes` may come out, so that it shows when some were left. Linear.
 */
export function mailboxes(field: string, decode: (octets: string) => string, maxMailboxes: number): Address[] {
  const found: Address[] = []
  let waiting: AddressItem[] = []
  const add = (item: AddressItem, before: readonly AddressItem[] = []): void => {
    const mailbox = mailboxOf(item, before, decode)
    if (mailbox !== null) found.push(mailbox)
  }
  for (const item of addressItems(field)) {
    if (isWord(item) && item.end === ',' && waiting.length < NAME_MAX_WORDS) {
      waiting.push(item)
      continue
    }
    if (item.angle) add(item, waiting)
    else for (const each of [...waiting, item]) add(each)
    waiting = []
    if (found.length > maxMailboxes) return found
  }
  for (const each of waiting) add(each)
  return found
}

/** `Doe, John <j@x>`: nobody's name has more commas. */
const NAME_MAX_WORDS = 5

const isWord = ({ angle, text }: AddressItem): boolean => angle === null && text !== '' && !text.includes('@')

function mailboxOf(
  item: AddressItem,
  before: readonly AddressItem[],
  decode: (octets: string) => string,
): Address | null {
  const { name, address } = item.angle ? named(item, before) : bare(item)
  const decodedName = decode(name).replace(/\s+/g, ' ').trim()
  if (address === '') return encodedWhole(decodedName)
  return { name: decodedName, address: clean(decode(address)) }
}

function named({ text, angle, comments }: AddressItem, before: readonly AddressItem[]) {
  const words = [...before.map((one) => one.text), text].filter((word) => word !== '')
  return { name: words.join(', ') || comments.join(' '), address: angle ?? '' }
}

/** Without angle brackets the word with an `@` is the address, or the only word there is. */
function bare({ text, comments, isQuoted }: AddressItem) {
  const words = text.replace(/ ?@ ?/g, '@').split(' ')
  const index = words.findIndex((word) => word.includes('@'))
  const address = words[index] ?? (words.length === 1 && !isQuoted && !text.startsWith('=?') ? text : '')
  const name = address === '' ? text : words.filter((_, at) => at !== index && words.length > 1).join(' ')
  return { name: name || comments.join(' '), address }
}

/** Some programs encode a mailbox as a whole. */
function encodedWhole(text: string): Address | null {
  const [, name = '', address] = /^([^<>]*)<([^<>\s]+@[^<>\s]+)>$/.exec(text) ?? []
  if (address !== undefined) return { name: name.trim().replace(/^"(.*)"$/, '$1'), address }
  if (/^[^\s@<>,]+@[^\s@<>,]+$/.test(text)) return { name: '', address: text }
  return text === '' ? null : { name: text, address: '' }
}

/** RFC 5322 section 4.4: a route before the address; `mailto:` and white space are mistakes. */
function clean(address: string): string {
  const plain = address
    .replace(/\([^()]*\)/g, '')
    .replace(/\s+/g, '')
    .replace(/^mailto:/i, '')
    .replace(/^@[^:]*:/, '')
    .replace(/^'(.*)'$/, '$1')
  return plain.replaceAll(HARD_SPACE, ' ')
}
