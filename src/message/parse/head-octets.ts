/** The start of a message, with its whole header unless that is too long, and what follows. */
export interface Gathered {
  readonly octets: Buffer
  /** What came with them. */
  readonly next: Buffer
  readonly rest: AsyncIterator<Buffer>
  /** No LF ends a line. */
  readonly isCrOnly: boolean
  /** The header is longer than allowed. */
  readonly isOver: boolean
}

/** A line without an end is no reason to look on. */
const CR_ONLY_OCTETS = 64 * 1024

const LF_END = /\n\r*\n/
const CR_END = /\r\r/

/** Most headers are in the first piece; the rest of what came with it need not become a string. */
const PIECE_OCTETS = 8 * 1024

export async function gather(octets: AsyncIterable<Buffer>, maxOctets: number): Promise<Gathered> {
  const rest = octets[Symbol.asyncIterator]()
  const pieces: Buffer[] = []
  const lineEnds = new LineEnds()
  let length = 0
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    const chunk = next.value
    for (let at = 0; at < chunk.length; at += PIECE_OCTETS) {
      const piece = chunk.subarray(at, at + PIECE_OCTETS)
      pieces.push(piece)
      length += piece.length
      lineEnds.add(piece)
      const isCrOnly = lineEnds.isCrOnly && length >= CR_ONLY_OCTETS
      const isEnd = isCrOnly ? lineEnds.hasCrEnd : lineEnds.hasLfEnd
      if (isEnd || length > maxOctets) {
        return {
          octets: Buffer.concat(pieces),
          next: chunk.subarray(at + PIECE_OCTETS),
          rest,
          isCrOnly,
          isOver: !isEnd,
        }
      }
    }
  }
  return { octets: Buffer.concat(pieces), next: NOTHING, rest, isCrOnly: lineEnds.isCrOnly, isOver: false }
}

const NOTHING = Buffer.alloc(0)

/** What ends lines, and whether an empty one was among them: not before the first line. */
class LineEnds {
  hasLfEnd = false
  hasCrEnd = false
  #hasLf = false
  #hasCr = false
  #tail = ''

  get isCrOnly(): boolean {
    return this.#hasCr && !this.#hasLf
  }

  add(piece: Buffer): void {
    const come = piece.toString('latin1')
    const text = this.#tail === '' ? come.replace(/^[\r\n]+/, '') : this.#tail + come
    this.#hasLf ||= text.includes('\n')
    this.#hasCr ||= text.includes('\r')
    this.hasLfEnd ||= LF_END.test(text)
    this.hasCrEnd ||= CR_END.test(text)
    this.#tail = text.slice(-3)
  }
}

/** What follows the header; where that was cut, what follows its end. */
export async function* body(gathered: Gathered, bodyAt: number, isCut: boolean): AsyncGenerator<Buffer> {
  const { octets, isCrOnly } = gathered
  const withLf = isCrOnly ? crToLf() : (chunk: Buffer): Buffer => chunk
  const following = behind(gathered)
  try {
    if (!isCut && bodyAt < octets.length) yield withLf(octets.subarray(bodyAt))
    if (isCut) yield* skipped(following, octets.toString('latin1', -3), isCrOnly ? CR_END : LF_END, withLf)
    for await (const chunk of following) yield withLf(chunk)
  } finally {
    await gathered.rest.return?.()
  }
}

async function* behind({ next, rest }: Gathered): AsyncGenerator<Buffer> {
  if (next.length > 0) yield next
  for (let come = await rest.next(); !come.done; come = await rest.next()) yield come.value
}

async function* skipped(
  rest: AsyncIterator<Buffer>,
  before: string,
  end: RegExp,
  withLf: (chunk: Buffer) => Buffer,
): AsyncGenerator<Buffer> {
  let tail = before
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    const text = tail + next.value.toString('latin1')
    const found = end.exec(text)
    if (found !== null) {
      yield withLf(Buffer.from(text.slice(found.index + found[0].length), 'latin1'))
      return
    }
    tail = text.slice(-3)
  }
}

const CR = 0x0d
const LF = 0x0a

/** A CR that an LF follows after all is one line end with it. */
function crToLf(): (chunk: Buffer) => Buffer {
  let wasCr = false
  return (chunk) => {
    const out = Buffer.allocUnsafe(chunk.length)
    let length = 0
    for (const octet of chunk) {
      if (octet !== LF || !wasCr) out[length++] = octet === CR ? LF : octet
      wasCr = octet === CR
    }
    return out.subarray(0, length)
  }
}
