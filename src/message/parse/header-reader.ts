import { inPieces } from '../in-pieces.ts'
import type { Address } from '../parsed-message.ts'
import { mailboxes } from './addresses.ts'
import { decodeHeaderText } from './encoded-words.ts'
import type { HeaderLine } from './header-lines.ts'
import type { Reading } from './mime-tree.ts'
import type { Part } from './part.ts'

/** Reads the fields of a message, with the charset of its bodies as a hint for octets that name none. */
export class HeaderReader {
  readonly #lines: readonly HeaderLine[]
  readonly #hints: readonly (string | null)[]
  readonly #reading: Reading

  constructor(lines: readonly HeaderLine[], parts: readonly Part[], reading: Reading) {
    this.#lines = lines
    this.#hints = parts
      .filter(({ header }) => header.charset !== null)
      .slice(0, 2)
      .map(({ header }) => header.charset)
    this.#reading = reading
  }

  /** The first of that name, without its folds, one character an octet. */
  raw(name: string): string | null {
    const line = this.#lines.find(({ key }) => key === name)
    return line === undefined ? null : this.#value(line, 'value-truncated')
  }

  text(name: string): string {
    return this.#decoded(this.raw(name) ?? '').trim()
  }

  /** Of all fields of that name, which may stand there several times where it must not. */
  addresses(name: string): Address[] {
    const max = this.#reading.limits.maxAddresses
    const all: Address[] = []
    for (const line of this.#lines) {
      if (line.key !== name) continue
      for (const mailbox of mailboxes(this.#value(line, 'addresses-truncated'), (octets) => this.#decoded(octets), max))
        all.push(mailbox)
      if (all.length > max) break
    }
    return all
  }

  #value({ line }: HeaderLine, defect: 'value-truncated' | 'addresses-truncated'): string {
    const start = line.indexOf(':') + 1
    if (line.length - start > MAX_FIELD_OCTETS) this.#reading.defects.add(defect)
    return unfolded(line.slice(start, start + MAX_FIELD_OCTETS))
  }

  #decoded(octets: string): string {
    return decodeHeaderText(octets, this.#hints, (fault) => this.#reading.defects.add(fault))
  }
}

/** More is nobody's subject, and room for all the addresses that are kept. */
const MAX_FIELD_OCTETS = 2 * 1024 * 1024

const unfolded = (text: string): string => inPieces(text, (piece) => piece.replace(/\r{0,8}\n/g, '')).trim()
