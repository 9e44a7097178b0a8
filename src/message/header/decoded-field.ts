import libmime from 'libmime'
import { mendedHeaderLine } from '../parse/header-charset.ts'

/** The value of a field for people: UTF-8 or windows-1252 octets, and encoded words (RFC 2047), as text. */
export function decodedField(value: string): string {
  const text = Buffer.from(mendedHeaderLine(value) ?? value, 'latin1').toString('utf8')
  return text.includes('=?') ? libmime.decodeWords(text) : text
}
