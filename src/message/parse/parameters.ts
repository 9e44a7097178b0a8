import { decodeText } from './charset.ts'
import { decodeHeaderText, type OnFault } from './encoded-words.ts'

/** A field like Content-Type (RFC 2045 section 5.1): its value in lower case, and its parameters, decoded. */
export interface StructuredField {
  readonly value: string
  /** Names in lower case. As octets, one a character, where the name is `boundary`. */
  readonly params: ReadonlyMap<string, string>
}

/** A field has a few; more are an attack. */
const MAX_PARAMETERS = 500

/**
 * Reads parameters in all the forms that are sent: quoted or not, cut in pieces and percent-encoded (RFC 2231), with
 * encoded words in them (which RFC 2047 forbids and most programs write), with comments, with white space in file names
 * that are not quoted. One character an octet goes in, folds undone. Linear.
 */
export function structuredField(field: string, hints: readonly (string | null)[], onFault: OnFault): StructuredField {
  const reader = new Reader(field)
  const value = reader.value()
  const raw = new Map<string, string>()
  while (raw.size < MAX_PARAMETERS) {
    const parameter = reader.parameter()
    if (parameter === null) break
    // The first counts, as it does for fields.
    if (!raw.has(parameter.name)) raw.set(parameter.name, parameter.value)
  }
  return { value: value.toLowerCase(), params: decodedParameters(raw, hints, onFault) }
}

const NAME = /[\s;]*([^\s;=()"]{1,100})\s*=\s*/y
const TO_SEMICOLON = /[^;]*/y

class Reader {
  readonly #field: string
  #at = 0

  constructor(field: string) {
    this.#field = field
  }

  value(): string {
    this.#skipComments()
    return this.#unquoted(this.#take(TO_SEMICOLON))
      .replace(/\([^()]*\)?/g, '')
      .trim()
  }

  parameter(): { name: string; value: string } | null {
    while (this.#at < this.#field.length) {
      this.#skipComments()
      NAME.lastIndex = this.#at
      const [, name] = NAME.exec(this.#field) ?? []
      if (name !== undefined) {
        this.#at = NAME.lastIndex
        return { name: name.toLowerCase(), value: this.#parameterValue() }
      }
      this.#take(TO_SEMICOLON)
      this.#at++
    }
    return null
  }

  #parameterValue(): string {
    this.#skipComments()
    if (this.#field.charAt(this.#at) === '"') return this.#quoted()
    const value = this.#take(TO_SEMICOLON).trim()
    const comment = /\s\([^()]*\)?$/.exec(value)
    const plain = comment === null ? value : value.slice(0, comment.index)
    return /^'[^']*'$/.test(plain) ? plain.slice(1, -1) : plain
  }

  /** Up to the closing quote; where none comes, up to the next semicolon. */
  #quoted(): string {
    let text = ''
    let at = this.#at + 1
    for (; at < this.#field.length; at++) {
      const character = this.#field.charAt(at)
      if (character === '"') break
      if (character === '\\' && /["\\]/.test(this.#field.charAt(at + 1))) at++
      text += this.#field.charAt(at)
    }
    if (at >= this.#field.length) {
      this.#at++
      return this.#take(TO_SEMICOLON).trim()
    }
    this.#at = at + 1
    // What stands between the quote and the semicolon belongs to nothing.
    this.#take(TO_SEMICOLON)
    return text
  }

  #unquoted(text: string): string {
    const trimmed = text.trim()
    return trimmed.startsWith('"') ? trimmed.replaceAll('"', '') : trimmed
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [found = ''] = pattern.exec(this.#field) ?? []
    this.#at += found.length
    return found
  }

  #skipComments(): void {
    for (let depth = 0; this.#at < this.#field.length; this.#at++) {
      const character = this.#field.charAt(this.#at)
      if (character === '(') depth++
      else if (character === ')' && depth > 0) depth--
      else if (depth === 0 && !/[\s;]/.test(character)) return
    }
  }
}

interface Piece {
  readonly index: number
  readonly isEncoded: boolean
  readonly value: string
}

function decodedParameters(
  raw: ReadonlyMap<string, string>,
  hints: readonly (string | null)[],
  onFault: OnFault,
): Map<string, string> {
  const params = new Map<string, string>()
  const pieces = new Map<string, Piece[]>()
  for (const [name, value] of raw) {
    const [, base = '', index, star] = /^([^*]+)(?:\*(\d{1,3}))?(\*?)$/.exec(name) ?? []
    if (base === '' || (index === undefined && star === '')) {
      params.set(name, name === 'boundary' ? value : decodeHeaderText(value, hints, onFault))
      continue
    }
    const all = pieces.get(base) ?? []
    all.push({ index: Number(index ?? 0), isEncoded: star === '*', value })
    pieces.set(base, all)
  }
  // RFC 2231 section 4: these are meant for who understands them, the plain one beside them for the others.
  for (const [base, all] of pieces) params.set(base, joined(all, hints, onFault))
  return params
}

function joined(pieces: readonly Piece[], hints: readonly (string | null)[], onFault: OnFault): string {
  const inOrder = [...pieces].sort((one, other) => one.index - other.index)
  const isEncoded = inOrder.some((piece) => piece.isEncoded)
  if (!isEncoded) return decodeHeaderText(inOrder.map(({ value }) => value).join(''), hints, onFault)
  const [, charset = null, rest] = /^([^']{0,60})'[^']{0,30}'(.*)$/s.exec(inOrder[0]?.value ?? '') ?? []
  const octets = inOrder.map(({ isEncoded, value }, position) => {
    const text = position === 0 && rest !== undefined ? rest : value
    return isEncoded || rest === undefined ? percentDecoded(text) : text
  })
  const { text, fault } = decodeText(Buffer.from(octets.join(''), 'latin1'), charset === '' ? null : charset, hints)
  if (fault !== null) onFault('header-charset-guessed')
  // Some programs put an encoded word into the encoded form.
  return text.startsWith('=?') && charset === null ? decodeHeaderText(text, hints, onFault) : text
}

const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
