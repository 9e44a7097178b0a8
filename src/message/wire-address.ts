import { domainToASCII } from 'node:url'

/** Internationalised domains go over the wire in ASCII (RFC 5890); a local part has no such form. */
export function wireAddress(address: string): string {
  const at = address.lastIndexOf('@')
  // A local part alone, which senders write within their own house.
  if (at < 0) return address
  const domain = domainToASCII(address.slice(at + 1)).replace(/\.$/, '')
  return domain === '' ? address : `${address.slice(0, at)}@${domain}`
}

/** The same for all spellings of an address and its subaddresses (RFC 5233), which all reach the same person. */
export function personOf(address: string): string {
  return wireAddress(address)
    .toLowerCase()
    .replace(/(?<=[^+])\+[^@]*(?=@[^@]*$)/, '')
}
