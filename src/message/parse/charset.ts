import { isAscii, isUtf8 } from 'node:buffer'
import { analyse } from 'chardet'
import iconv from 'iconv-lite'
import { inPieces } from '../in-pieces.ts'
import { type Charset, charsetOf, WINDOWS_1252 } from './charset-name.ts'

/** What was wrong with the charset of some text; null: nothing. */
export type CharsetFault = 'charset-unknown' | 'charset-wrong' | 'charset-missing' | null

export interface Decoded {
  readonly text: string
  readonly fault: CharsetFault
}

/**
 * The text that octets mean: by their byte order mark, else by the charset they name, else by one that fits. Total and
 * linear; what fits nothing becomes U+FFFD.
 *
 * `hints` are asked in turn where the name does not hold: names of charsets that are likely.
 */
export function decodeText(octets: Buffer, name: string | null, hints: readonly (string | null)[] = []): Decoded {
  const marked = byMark(octets)
  if (marked !== null) return { text: marked, fault: null }
  const charset = name === null ? null : charsetOf(name)
  const fault = name === null || name.trim() === '' ? 'charset-missing' : 'charset-unknown'
  if (charset === null) {
    if (isAscii(octets) && !octets.includes(ESCAPE)) {
      return { text: octets.toString('latin1'), fault: fault === 'charset-unknown' ? fault : null }
    }
    return { text: guessed(octets, hints), fault }
  }
  const text = exact(octets, charset)
  if (text !== null) return { text, fault: null }
  return { text: mended(octets, charset, hints), fault: 'charset-wrong' }
}

const ESCAPE = 0x1b
const ESCAPE_CHARACTER = '\x1b'

function byMark(octets: Buffer): string | null {
  const [first, second, third] = octets
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    return isUtf8(octets) ? octets.toString('utf8', 3) : null
  }
  if (first === 0xff && second === 0xfe) return byPlatform(octets, 'utf-16le')
  if (first === 0xfe && second === 0xff) return byPlatform(octets, 'utf-16be')
  return null
}

/** null: the octets are not of that charset. */
function exact(octets: Buffer, { by, label }: Charset): string | null {
  switch (by) {
    case 'utf-8':
      return isUtf8(octets) ? octets.toString('utf8') : cutUtf8(octets)
    case 'ascii':
      return isAscii(octets) && !octets.includes(ESCAPE) ? octets.toString('latin1') : null
    case 'windows-1252':
      return windows1252(octets)
    case 'utf-7':
      return isAscii(octets) ? iconv.decode(octets, 'utf-7') : null
    case 'iconv':
      return isAscii(octets) && !label.includes('utf') ? octets.toString('latin1') : iconv.decode(octets, label)
    case 'platform':
      return label === 'utf-16' ? utf16(octets) : unlessBroken(byPlatform(octets, label))
  }
}

/** Text that was cut in the midst of a character is UTF-8 all the same, if it is anywhere else: `Café` in Latin 1 is not. */
function cutUtf8(octets: Buffer): string | null {
  for (let cut = 1; cut <= 3 && cut < octets.length; cut++) {
    const lead = octets[octets.length - cut] ?? 0
    if (lead < 0x80) return null
    if (lead < 0xc0) continue
    const head = octets.subarray(0, -cut)
    return cut < sequenceLength(lead) && !isAscii(head) && isUtf8(head) ? octets.toString('utf8') : null
  }
  return null
}

/** RFC 3629 section 4; 0 of what begins none. */
const sequenceLength = (lead: number): number =>
  lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4

/** A few characters that are wrong are no sign of another charset. */
function unlessBroken(text: string): string | null {
  const wrong = replacements(text)
  return wrong * BROKEN_SHARE > text.length ? null : text
}

const BROKEN_SHARE = 20

function replacements(text: string): number {
  let count = 0
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) count++
  return count
}

const byPlatform = (octets: Buffer, label: string): string =>
  new TextDecoder(label).decode(label === 'iso-2022-jp' ? withoutIdleShifts(octets) : octets)

/** Joined encoded words shift back and forth at their seam, which the platform takes for an attack. */
const withoutIdleShifts = (octets: Buffer): Buffer =>
  Buffer.from(octets.toString('latin1').replace(IDLE_SHIFT, ''), 'latin1')

const IDLE_SHIFT = new RegExp(`${ESCAPE_CHARACTER}[$(][@ABIJ](?=${ESCAPE_CHARACTER}[$(])`, 'g')

/** RFC 2781 section 4.3 says big-endian where no mark stands; what is sent is little-endian more often. */
function utf16(octets: Buffer): string {
  let evenZeros = 0
  const seen = Math.min(octets.length, 200)
  for (let at = 0; at < seen; at += 2) if (octets[at] === 0) evenZeros++
  return byPlatform(octets, evenZeros * 4 > seen ? 'utf-16be' : 'utf-16le')
}

const C1 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Some builds of Node take the label for ISO 8859-1. */
export function windows1252(octets: Buffer): string {
  const text = octets.toString('latin1')
  if (!/[\x80-\x9f]/.test(text)) return text
  return inPieces(text, (piece) =>
    piece.replace(/[\x80-\x9f]/g, (character) => C1.charAt(character.charCodeAt(0) - 0x80)),
  )
}

/** Octets that are not of the charset they name. */
function mended(octets: Buffer, { by }: Charset, hints: readonly (string | null)[]): string {
  if (by === 'utf-8' && isMostlyUtf8(octets)) return octets.toString('utf8')
  return guessed(octets, hints)
}

/** More characters of several octets that hold than octets that do not. */
function isMostlyUtf8(octets: Buffer): boolean {
  const text = octets.toString('utf8')
  const wrong = replacements(text)
  let held = 0
  for (const _ of text.matchAll(/[\x80-\ufffc\u{10000}-\u{10ffff}]/gu)) if (++held > wrong * 2) return true
  return false
}

function guessed(octets: Buffer, hints: readonly (string | null)[]): string {
  if (isUtf8(octets) && !octets.includes(ESCAPE)) return octets.toString('utf8')
  if (cutUtf8(octets) !== null) return octets.toString('utf8')
  for (const hint of hints) {
    const charset = hint === null ? null : charsetOf(hint)
    if (charset === null || charset.by === 'utf-8' || charset.by === 'ascii') continue
    const text = exact(octets, charset)
    if (text !== null) return text
  }
  return exact(octets, detected(octets)) ?? windows1252(octets)
}

const SAMPLE_OCTETS = 16 * 1024
/** Below this share of all octets that are no white space, 8-bit octets are the accents of a Latin script. */
const ACCENTS_SHARE = 0.3
const ENOUGH_OCTETS = 8

/** Detection goes wrong on little text, and takes accents for Chinese: what looks like a Latin script is taken for it. */
function detected(octets: Buffer): Charset {
  const sample = octets.subarray(0, SAMPLE_OCTETS)
  if (hasJisEscape(sample)) return charsetOf('iso-2022-jp') ?? WINDOWS_1252
  let high = 0
  let seen = 0
  for (const octet of sample) {
    if (octet > 0x20) seen++
    if (octet >= 0x80) high++
  }
  if (high < ENOUGH_OCTETS || high < seen * ACCENTS_SHARE) return WINDOWS_1252
  for (const { name, confidence } of analyse(sample)) {
    if (confidence < 10) break
    if (DETECTED.has(name)) return charsetOf(name) ?? WINDOWS_1252
  }
  return WINDOWS_1252
}

const DETECTED = new Set([
  'Shift_JIS',
  'Big5',
  'EUC-JP',
  'EUC-KR',
  'GB18030',
  'KOI8-R',
  'windows-1251',
  'ISO-8859-5',
  'ISO-8859-6',
  'ISO-8859-7',
  'ISO-8859-8',
  'windows-1253',
  'windows-1255',
  'windows-1256',
])

/** ISO-2022-JP shifts with one of these. */
const hasJisEscape = (octets: Buffer): boolean => JIS_ESCAPES.some((shift) => octets.includes(shift))

const JIS_ESCAPES = ['\x1b$B', '\x1b$@', '\x1b(J']
