import { isUtf8 } from 'node:buffer'
import { domainToASCII } from 'node:url'
import type { RawField } from './header-section.ts'
import { tokensOf } from './tokens.ts'

/** Whose word a mail claims to be: the one domain of its From field (RFC 9989 section 5.3.1). */
export type Author =
  | { readonly domain: string }
  | { readonly domain: null; readonly reason: 'from/none' | 'from/several' }

/** More than one field, address or domain is nobody's word: what people see first need not be what is vouched for. */
export function authorOf(fields: readonly RawField[]): Author {
  const from = fields.filter(({ name }) => name === 'from')
  if (from.length > 1) return { domain: null, reason: 'from/several' }
  const addresses = addressesOf(utf8(from[0]?.value ?? ''))
  const [address] = addresses
  if (address === undefined) return { domain: null, reason: 'from/none' }
  if (addresses.length > 1 || address === AMBIGUOUS) return { domain: null, reason: 'from/several' }
  const domain = asciiDomain(address.slice(address.lastIndexOf('@') + 1))
  return domain === null ? { domain: null, reason: 'from/none' } : { domain }
}

/** A-labels in lower case; null: it is no domain name. */
export function asciiDomain(text: string): string | null {
  const trimmed = text.trim().toLowerCase().replace(/\.$/, '')
  if (!/^[^\s@[\]()<>,;:"\\/%?#]{1,253}$/.test(trimmed)) return null
  const ascii = domainToASCII(trimmed)
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(ascii) && !/^[\d.]+$/.test(ascii) ? ascii : null
}

const VALUE_MAX_CHARACTERS = 64 * 1024
const AMBIGUOUS = '@'

/** As far as it has to be known whether there is one: a quoted or commented address is none. */
function addressesOf(value: string): string[] {
  const found: string[] = []
  let outside = ''
  let bracketed: string | null = null
  let isOpen = false
  const take = (): void => {
    const address = (bracketed ?? outside).trim().replace(/ ?([@.]) ?/g, '$1')
    if (address.includes('@')) found.push(/@.*@| /s.test(address) ? AMBIGUOUS : address)
    outside = ''
    bracketed = null
    isOpen = false
  }
  for (const { kind, text, apart } of tokensOf(value.slice(0, VALUE_MAX_CHARACTERS), '<>,;:')) {
    if (kind === 'comment') continue
    const piece = `${apart ? ' ' : ''}${kind === 'quoted' ? 'q' : text}`
    if (kind !== 'mark' && isOpen) bracketed += piece
    else if (kind !== 'mark') outside += piece
    else if (text === '<') {
      // A second one in the same mailbox: which is meant, readers decide differently.
      bracketed = bracketed === null ? '' : AMBIGUOUS
      isOpen = true
    } else if (text === '>') isOpen = false
    // The route of RFC 5322 section 4.4, `<@a,@b:c@d>`, ends at its colon.
    else if (isOpen && text === ':') bracketed = ''
    // What ends with a colon is the name of a group.
    else if (!isOpen && text === ':') outside = ''
    else if (!isOpen) take()
  }
  take()
  return found
}

function utf8(value: string): string {
  const octets = Buffer.from(value, 'latin1')
  return isUtf8(octets) ? octets.toString('utf8') : value
}
