import { parseStatusLine, type StatusLine } from './status-line.ts'

/** Gathers a status line that may come in pieces; a line longer than `maxOctets` is malformed. */
export class StatusLineReader {
  readonly #maxOctets: number
  #beginning = ''

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets
  }

  read(chunk: Buffer, from: number): { end: number; line: StatusLine | 'pending' | 'malformed' } {
    const lf = chunk.indexOf(LF, from)
    const end = lf === -1 ? chunk.length : lf + 1
    if (this.#beginning.length + end - from > this.#maxOctets) return { end, line: 'malformed' }
    const text = this.#beginning + chunk.toString('latin1', from, end)
    if (lf === -1) {
      this.#beginning = text
      return { end, line: 'pending' }
    }
    this.#beginning = ''
    return { end, line: parseStatusLine(text.replace(LINE_END, '')) ?? 'malformed' }
  }
}

const LF = 0x0a
const LINE_END = /\r?\n$/
