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
  const readable = at < 0 ? own : `${own.slice(0, at)}@${domainToUnicode(own.slice(at + 1)) || own.slice(at + 1)}`
  const spellings = [...new Set([own, readable.toLowerCase(), address.trim().toLowerCase()])]
  return { address, spellings, keys: spellings.map(addressKey), isTheirs: (other) => canonical(other) === own }
}

const canonical = (address: string): string => wireAddress(address.trim().toLowerCase())
