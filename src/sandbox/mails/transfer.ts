/** Transfer encodings of RFC 2045 and encoded words of RFC 2047. */
import { type Charset, encodeText } from './charset.ts'

const LINE_LENGTH = 76
/** RFC 2047 section 2: an encoded word has at most 75 characters. */
const WORD_LENGTH = 75

/** RFC 2045 section 6.8, lines of 76 characters, a CRLF after each. */
export function base64Lines(octets: Buffer): string {
  return octets.toString('base64').replace(/.{1,76}/g, '$&\r\n')
}

/** RFC 2045 section 6.7. Line ends of the text stay line ends. */
export function quotedPrintable(octets: Buffer): string {
  return octets.toString('latin1').split('\r\n').map(quotedPrintableLine).join('\r\n')
}

/**
 * Text for a header field. Each word holds whole characters (RFC 2047 section 5), and words are put apart by CRLF and
 * a space, which a reader takes out again.
 */
export function encodedWords(text: string, charset: Charset, encoding: 'B' | 'Q' = 'B'): string {
  const words: string[] = []
  let taken = ''
  for (const character of text) {
    const word = encodedWord(taken + character, charset, encoding)
    if (word.length <= WORD_LENGTH) {
      taken += character
      continue
    }
    words.push(encodedWord(taken, charset, encoding))
    taken = character
  }
  return [...words, encodedWord(taken, charset, encoding)].join('\r\n ')
}

/** RFC 2231 section 4: `name*=charset'language'percent-encoded`. */
export function extendedParameter(name: string, text: string, charset: Charset, language = ''): string {
  const octets = encodeText(text, charset).toString('latin1')
  return `${name}*=${charset}'${language}'${octets.replace(/[^A-Za-z0-9._-]/g, (octet) => hex('%', octet))}`
}

function quotedPrintableLine(line: string): string {
  const quoted = line.replace(/[^\t -<>-~]/g, (octet) => hex('=', octet)).replace(/[\t ]$/, (blank) => hex('=', blank))
  let rest = quoted
  let folded = ''
  while (rest.length > LINE_LENGTH) {
    // A soft line break must not part the three characters of a code.
    const at = LINE_LENGTH - 1 - Math.max(0, rest.slice(0, LINE_LENGTH - 1).match(/=.?$/)?.[0].length ?? 0)
    folded += `${rest.slice(0, at)}=\r\n`
    rest = rest.slice(at)
  }
  return folded + rest
}

function encodedWord(text: string, charset: Charset, encoding: 'B' | 'Q'): string {
  const octets = encodeText(text, charset)
  if (encoding === 'B') return `=?${charset}?B?${octets.toString('base64')}?=`
  const quoted = octets.toString('latin1').replace(/[^A-Za-z0-9!*+/ -]/g, (octet) => hex('=', octet))
  return `=?${charset}?Q?${quoted.replaceAll(' ', '_')}?=`
}

function hex(mark: string, octet: string): string {
  return mark + octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}
