/** A line of a mail's text. */
export interface Line {
  readonly text: string
  /** For comparing: lower case, without emphasis and marks of direction, digits and colons of one kind, trimmed. */
  readonly plain: string
  readonly quoted: boolean
  readonly blank: boolean
}

/** The lines, as they stand; longer ones are compared by their start only. */
export function linesOf(text: string): Line[] {
  const lines = text.split(/\r\n|\n|\r/).map(lineOf)
  lines.forEach((line, index) => {
    if (isWrappedQuote(lines[index - 1], line, lines[index + 1])) lines[index] = { ...line, quoted: true }
    if (endsAddress(lines[index - 1], line)) lines[index] = { ...line, quoted: false }
  })
  return lines
}

const COMPARED_CHARS = 500
const QUOTE = /^[\s\u00a0]{0,8}[>\uff1e]/
const ASCII = /^[\x20-\x7e]*$/

function lineOf(text: string): Line {
  const plain = plainOf(text.length > COMPARED_CHARS ? text.slice(0, COMPARED_CHARS) : text)
  return { text, plain, quoted: QUOTE.test(text), blank: plain === '' && text.trim() === '' }
}

function plainOf(text: string): string {
  const lower = ASCII.test(text) ? text.toLowerCase() : likened(text)
  return lower.replaceAll('*', '').trim()
}

/** Directions, zero widths; every kind of space; curly apostrophes; wide colons; Arabic, Persian, Thai and wide digits. */
function likened(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFC')
    .replaceAll('i\u0307', 'i')
    .replace(/[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .replace(/[\s\u00a0\u3000]/g, ' ')
    .replace(/[\u2018\u2019\u00b4\u02bc]/g, "'")
    .replace(/[\uff1a\ufe55]/g, ':')
    .replace(/[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u0e50-\u0e59\uff10-\uff19]/g, asciiDigit)
}

/** Each of these blocks of ten begins at a code that ends in the bits of a 0, 6 or 16. */
function asciiDigit(digit: string): string {
  const code = digit.charCodeAt(0)
  const zero = DIGIT_ZEROS.find((candidate) => code >= candidate && code <= candidate + 9) ?? code
  return String(code - zero)
}

const DIGIT_ZEROS = [0x0660, 0x06f0, 0x0966, 0x0e50, 0xff10]

/** Programs that break long lines of a quotation leave the rest of a line without its mark. */
function isWrappedQuote(before: Line | undefined, line: Line, after: Line | undefined): boolean {
  if (!before?.quoted || !after?.quoted || line.quoted || line.blank) return false
  return before.text.length >= WRAPPED_CHARS && !/[.?!:;]\s*$/.test(before.text) && /^[\p{Ll}]/u.test(line.text)
}

/** The line above breaks off within `<ann@example.net`. */
const endsAddress = (before: Line | undefined, { quoted, plain }: Line): boolean =>
  quoted && before?.quoted === false && /^>.{0,20}:$/.test(plain) && /<[^<>]{0,200}@[^<>]{1,200}$/.test(before.plain)

const WRAPPED_CHARS = 70
