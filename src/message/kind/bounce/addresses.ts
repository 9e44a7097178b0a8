/** Addresses as notices write them: in prose, in brackets, with what belongs to the sentence around them. */

const LOCAL = "[A-Za-z0-9!#$%&'*+/=?^_{|}~.\\u0080-\\uffff-]{1,128}"
const DOMAIN = '(?:[A-Za-z0-9\\u0080-\\uffff_-]{1,63}\\.){0,10}[A-Za-z0-9\\u0080-\\uffff_-]{1,63}'

/** To build patterns of; linear, for each part is bounded and ends at a character that the next cannot be. */
export const ADDRESS = `${LOCAL}@${DOMAIN}`

const BARE = new RegExp(ADDRESS, 'u')
const QUOTED = new RegExp(`"[^"\\n]{1,128}"@${DOMAIN}`, 'u')

/** The first address in a short text; null: there is none. */
export function addressIn(text: string): string | null {
  const bounded = text.slice(0, 1000)
  const found = QUOTED.exec(bounded)?.[0] ?? BARE.exec(bounded)?.[0]
  return found === undefined ? null : plain(found)
}

/** Without what a sentence puts around it. */
export const plain = (address: string): string =>
  address.replace(/^(?:mailto:|['=*]+(?=[^@]))/i, '').replace(/[.'*_-]+$/, '')

/** Who reports, and who is to be asked about a report: never whom it is about. */
const REPORTERS = /^(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|post_master|hostmaster|abuse)@/i

export const isReporter = (address: string): boolean => REPORTERS.test(address)
