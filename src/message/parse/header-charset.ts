import { isUtf8 } from 'node:buffer'

/**
 * A header line whose 8-bit octets are not UTF-8 (RFC 6532), in UTF-8: they are taken as windows-1252, which is what
 * senders of unencoded 8-bit headers nearly always mean. Null where nothing is to be mended.
 *
 * Lines in and out have one character an octet.
 */
export function mendedHeaderLine(line: string): string | null {
  if (!/[\x80-\xff]/.test(line)) return null
  const octets = Buffer.from(line, 'latin1')
  return isUtf8(octets) ? null : Buffer.from(WINDOWS_1252.decode(octets), 'utf8').toString('latin1')
}

const WINDOWS_1252 = new TextDecoder('windows-1252')
