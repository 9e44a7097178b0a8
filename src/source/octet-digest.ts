import { createHash } from 'node:crypto'

import type { RetrievedMessage } from './source.ts'

/** Counts and hashes a message as it passes by; see `RetrievedMessage` for what is promised of the header. */
export class OctetDigest {
  readonly #whole = createHash('sha256')
  readonly #header = new HeaderDigest()
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  update(octets: Buffer): void {
    this.#sizeBytes += octets.length
    this.#whole.update(octets)
    this.#header.update(octets)
  }

  finish(): RetrievedMessage {
    return { sizeBytes: this.#sizeBytes, sha256: this.#whole.digest('hex'), headerSha256: this.#header.finish() }
  }
}

/**
 * SHA-256 of the octets before the first empty line, without the line end before it; where there is no empty line,
 * of all octets without the last line end: so `TOP n 0` and `RETR n` agree whether or not the server sends the
 * empty line. A line end is LF with or without a CR before it, for not every server mends bare LF.
 */
export class HeaderDigest {
  readonly #hash = createHash('sha256')
  /** A line end (or the beginning of one) which the next octets decide on. */
  #held: Buffer = NOTHING
  #atStart = true
  #complete = false

  update(octets: Buffer): void {
    if (this.#complete || octets.length === 0) return
    const text = this.#held.length === 0 ? octets : Buffer.concat([this.#held, octets])
    const end = this.#atStart && isEmptyLineAt(text, 0) ? 0 : endOfHeader(text)
    this.#complete = end !== null
    const hashed = end ?? startOfHeld(text)
    this.#hash.update(text.subarray(0, hashed))
    this.#held = text.subarray(hashed)
    if (hashed > 0) this.#atStart = false
  }

  finish(): string {
    const isLineEnd = this.#held.at(-1) === LF
    if (!this.#complete && !isLineEnd) this.#hash.update(this.#held)
    return this.#hash.digest('hex')
  }
}

const CR = 0x0d
const LF = 0x0a
const NOTHING = Buffer.alloc(0)

function endOfHeader(text: Buffer): number | null {
  for (let lf = text.indexOf(LF); lf !== -1; lf = text.indexOf(LF, lf + 1)) {
    if (isEmptyLineAt(text, lf + 1)) return startOfLineEnd(text, lf)
  }
  return null
}

function isEmptyLineAt(text: Buffer, at: number): boolean {
  return text[at] === LF || (text[at] === CR && text[at + 1] === LF)
}

function startOfLineEnd(text: Buffer, lf: number): number {
  return text[lf - 1] === CR ? lf - 1 : lf
}

/** Where the CR, LF, CRLF or CRLF CR at the end begins. */
function startOfHeld(text: Buffer): number {
  const beforeCr = text.at(-1) === CR ? text.length - 1 : text.length
  return text[beforeCr - 1] === LF ? startOfLineEnd(text, beforeCr - 1) : beforeCr
}
