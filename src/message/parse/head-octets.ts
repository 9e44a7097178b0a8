/** The start of a message, with its whole header unless that is too long, and what follows. */
export interface Gathered {
  readonly octets: Buffer
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

export async function gather(octets: AsyncIterable<Buffer>, maxOctets: number): Promise<Gathered> {
  const rest = octets[Symbol.asyncIterator]()
  const chunks: Buffer[] = []
  let length = 0
  let seen = { hasLf: false, hasCr: false, tail: '' }
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    chunks.push(next.value)
    length += next.value.length
    const text = (seen.tail + next.value.toString('latin1')).replace(seen.tail === '' ? /^[\r\n]+/ : /^$/, '')
    seen = { hasLf: seen.hasLf || text.includes('\n'), hasCr: seen.hasCr || text.includes('\r'), tail: text.slice(-3) }
    const isCrOnly = !seen.hasLf && seen.hasCr && length >= CR_ONLY_OCTETS
    const isEnd = isCrOnly ? CR_END.test(text) : LF_END.test(text)
    if (isEnd || length > maxOctets) {
      return { octets: Buffer.concat(chunks), rest, isCrOnly, isOver: !isEnd }
    }
  }
  return { octets: Buffer.concat(chunks), rest, isCrOnly: !seen.hasLf && seen.hasCr, isOver: false }
}

/** What follows the header; where that was cut, what follows its end. */
export async function* body(
  { octets, rest, isCrOnly }: Gathered,
  bodyAt: number,
  isCut: boolean,
): AsyncGenerator<Buffer> {
  const withLf = isCrOnly ? crToLf() : (chunk: Buffer): Buffer => chunk
  try {
    if (bodyAt < octets.length) yield withLf(octets.subarray(bodyAt))
    if (isCut) yield* skipped(rest, octets.toString('latin1', -3), isCrOnly ? CR_END : LF_END, withLf)
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield withLf(next.value)
  } finally {
    await rest.return?.()
  }
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
