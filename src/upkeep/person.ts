import { domainToUnicode } from 'node:url'
import { wireAddress } from '../message/wire-address.ts'
import { addressKey } from '../store/threads.ts'

/** Whoever has an address: this one, in whatever spelling, and no subaddress of it, which may be somebody else's. */
export interface Person {
  readonly address: string
  /** In lower case, with the domain as it goes over the wire and as people write it. */
  readonly spellings: readonly string[]
  /** As `contacts.address_sha256` has them. */
  readonly keys: readonly string[]
  isTheirs(address: string): boolean
}

export function personWith(address: string): Person {
  const own = canonical(address)
  const at = own.lastIndexOf('@')
  const [local, domain] = at < 0 ? [own, ''] : [own.slice(0, at), own.slice(at)]
  const domains =
    domain === '' ? [''] : [domain, `@${domainToUnicode(domain.slice(1)) || domain.slice(1)}`.toLowerCase()]
  const written = domains.flatMap((each) => [`${local}${each}`, `${quoted(local)}${each}`])
  const spellings = [...new Set([...written, address.trim().toLowerCase()])]
  return { address, spellings, keys: spellings.map(addressKey), isTheirs: (other) => canonical(other) === own }
}

const canonical = (address: string): string => unquoted(wireAddress(address.trim().toLowerCase()))

/** RFC 5322 section 3.2.4: quotation marks and backslashes are no part of what is quoted. */
function unquoted(address: string): string {
  const [, inside, domain] = /^"(.*)"(@[^"]*)$/.exec(address) ?? []
  return inside === undefined ? address : `${inside.replace(/\\(.)/g, '$1')}${domain}`
}

const quoted = (local: string): string => `"${local.replace(/["\\]/g, '\\$&')}"`
