import { decodeHeaderText } from '../parse/encoded-words.ts'

/** The value of a field for people: whatever octets it holds, and encoded words (RFC 2047), as text. */
export const decodedField = (value: string): string => decodeHeaderText(value, [], () => undefined)
