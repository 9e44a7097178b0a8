import { type Decoded, decodeText } from './charset.ts'
import { charsetOf } from './charset-name.ts'
import { type EncodedWord, WordFinder } from './encoded-word.ts'
import { decodeBase64, decodeQ } from './transfer.ts'

/** What was wrong with unstructured text of a header. */
export type TextFault = 'header-charset-guessed' | 'encoded-word-mended' | 'encoded-word-unreadable'

export type OnFault = (fault: TextFault) => void

/**
 * The text of a header field (RFC 2047, RFC 6532): encoded words decoded, adjacent ones of one charset as one run of
 * octets, so that characters split between them come together; octets beyond ASCII by what the body names.
 *
 * One character an octet goes in, folds undone. Linear: each octet is looked at a bounded number of times.
 */
export function decodeHeaderText(value: string, hints: readonly (string | null)[], onFault: OnFault): string {
  if (!/[^\x20-\x7e\t]|=\?|\+/.test(value)) return value
  const pieces: string[] = []
  let position = 0
  const finder = new WordFinder(value)
  for (let run = nextRun(value, finder, 0); run !== null; run = nextRun(value, finder, run.end)) {
    pieces.push(plainText(value.slice(position, run.start), hints, onFault))
    pieces.push(decodedRun(value, run, hints, onFault))
    position = run.end
  }
  pieces.push(plainText(value.slice(position), hints, onFault))
  return pieces.join('')
}

interface Run {
  readonly words: readonly EncodedWord[]
  readonly start: number
  readonly end: number
}

/** Encoded words with nothing but white space between them. */
function nextRun(value: string, finder: WordFinder, from: number): Run | null {
  const first = finder.next(from)
  if (first === null) return null
  const words = [first]
  for (let end = first.end; ; ) {
    const next = finder.at(skipSpace(value, end))
    if (next === null) return { words, start: first.start, end }
    words.push(next)
    end = next.end
  }
}

function skipSpace(value: string, from: number): number {
  let at = from
  while (at < value.length && ' \t\r\n'.includes(value.charAt(at))) at++
  return at
}

function decodedRun(value: string, { words }: Run, hints: readonly (string | null)[], onFault: OnFault): string {
  const pieces: string[] = []
  for (let from = 0; from < words.length; ) {
    let to = from + 1
    while (to < words.length && words[to]?.charset.toLowerCase() === words[from]?.charset.toLowerCase()) to++
    pieces.push(decodedWords(value, words.slice(from, to), hints, onFault))
    from = to
  }
  return pieces.join('')
}

/** Words of one charset. Octets that are no text at all are left as they stand. */
function decodedWords(
  value: string,
  words: readonly EncodedWord[],
  hints: readonly (string | null)[],
  onFault: OnFault,
): string {
  const octets = octetsOf(words, onFault)
  const charset = words[0]?.charset ?? ''
  const { text, fault } = decodeText(octets, charset, hints)
  if (fault !== null && isNoText(octets)) {
    onFault('encoded-word-unreadable')
    return value.slice(words[0]?.start, words.at(-1)?.end)
  }
  if (fault !== null) onFault('encoded-word-mended')
  return text.replace(/[\r\n]+/g, ' ')
}

/** Words in base64 that were cut elsewhere than between groups of four are one text cut in pieces. */
function octetsOf(words: readonly EncodedWord[], onFault: OnFault): Buffer {
  const all: Buffer[] = []
  let base64: string[] = []
  const flush = (): void => {
    if (base64.length > 0) all.push(decodeBase64(base64.join('')))
    base64 = []
  }
  for (const { encoding, text } of words) {
    if (encoding === 'q') {
      flush()
      all.push(decodeQ(text))
      continue
    }
    const digits = text.replace(/\s+/g, '')
    base64.push(digits)
    if (digits.endsWith('=') || digits.length % 4 === 0) flush()
    else onFault('encoded-word-mended')
  }
  flush()
  return all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all)
}

/** Control characters are in no text; C1 ones of a guess are. */
const isNoText = (octets: Buffer): boolean => octets.some((octet) => octet < 0x20 && !TEXT_CONTROLS.has(octet))

/** Tab, line ends, and the escape of ISO 2022. */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b])

const ESCAPE = '\x1b'
const UTF_7_SHIFT = /\+[A-Za-z0-9+/]{2,}-?/

function plainText(text: string, hints: readonly (string | null)[], onFault: OnFault): string {
  if (/[\x80-\xff]/.test(text) || text.includes(ESCAPE)) return rawText(text, hints, onFault)
  const isUtf7 = UTF_7_SHIFT.test(text) && hints.some((hint) => hint !== null && charsetOf(hint)?.by === 'utf-7')
  if (!isUtf7) return text
  onFault('header-charset-guessed')
  return decodeText(Buffer.from(text, 'latin1'), 'utf-7').text
}

function rawText(text: string, hints: readonly (string | null)[], onFault: OnFault): string {
  const decoded: Decoded = decodeText(Buffer.from(text, 'latin1'), 'utf-8', hints)
  if (decoded.fault !== null || text.includes(ESCAPE)) onFault('header-charset-guessed')
  return text.includes(ESCAPE) ? decodeText(Buffer.from(text, 'latin1'), null, hints).text : decoded.text
}
