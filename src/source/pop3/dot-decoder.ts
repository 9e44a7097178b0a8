/**
 * The body of a multi-line reply (RFC 1939 section 3): undoes dot-stuffing and finds the end mark, however the
 * octets are split. Only CRLF ends a line; bare CR, bare LF, NUL and 8-bit octets are data. The line end before
 * the end mark belongs to the body.
 */
export class DotDecoder {
  #state: State = 'line-start'

  reset(): void {
    this.#state = 'line-start'
  }

  /** What `chunk` holds of the body from `from` on; no copy is made unless a line in it was dot-stuffed. */
  decode(chunk: Buffer, from: number): Decoded {
    const parts: Buffer[] = []
    let start = from
    let at = from
    while (at < chunk.length) {
      switch (this.#state) {
        case 'text':
          at = this.#skipText(chunk, at)
          break
        case 'cr':
          this.#state = AFTER_CR[chunk[at] ?? 0] ?? 'text'
          if (this.#state !== 'text') at += 1
          break
        case 'line-start':
          this.#state = AT_LINE_START[chunk[at] ?? 0] ?? 'text'
          if (this.#state === 'dot') {
            if (at > start) parts.push(chunk.subarray(start, at))
            start = at + 1
          }
          if (this.#state !== 'text') at += 1
          break
        case 'dot':
          this.#state = chunk[at] === CR ? 'dot-cr' : 'text'
          if (this.#state === 'dot-cr') {
            at += 1
            start = at
          }
          break
        case 'dot-cr':
          if (chunk[at] === LF) return { octets: join(parts, chunk.subarray(0, 0)), end: at + 1 }
          parts.push(LONE_CR)
          this.#state = 'cr'
          break
      }
    }
    return { octets: join(parts, chunk.subarray(start)), end: null }
  }

  /** To the next line that starts with a dot, or the end of the chunk. */
  #skipText(chunk: Buffer, at: number): number {
    const found = chunk.indexOf(CRLF_DOT, at)
    if (found !== -1) {
      this.#state = 'line-start'
      return found + 2
    }
    const last = chunk.length - 1
    if (chunk[last] === CR) this.#state = 'cr'
    else if (chunk[last] === LF && chunk[last - 1] === CR) this.#state = 'line-start'
    return chunk.length
  }
}

export interface Decoded {
  /** May be empty. */
  readonly octets: Buffer
  /** Where the octets behind the end mark begin; null while the end mark has not been seen. */
  readonly end: number | null
}

/** `dot` and `dot-cr` are withheld: at a line's start they are stuffing, or the beginning of the end mark. */
type State = 'line-start' | 'text' | 'cr' | 'dot' | 'dot-cr'

const CR = 0x0d
const LF = 0x0a
const DOT = 0x2e
const CRLF_DOT = Buffer.from('\r\n.')
const LONE_CR = Buffer.from('\r')
const AFTER_CR: Readonly<Record<number, State>> = { [LF]: 'line-start', [CR]: 'cr' }
const AT_LINE_START: Readonly<Record<number, State>> = { [DOT]: 'dot', [CR]: 'cr' }

/** One buffer a chunk: thousands of stuffed lines must not become thousands of buffers. */
function join(parts: Buffer[], last: Buffer): Buffer {
  if (parts.length === 0) return last
  if (last.length > 0) parts.push(last)
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}
