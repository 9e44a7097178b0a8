const LF = 0x0a
const CR = 0x0d
const CRLF = Buffer.from('\r\n')

/** Signatures are over lines that end in CRLF (RFC 6376 section 5.3); mail that came otherwise lost them on its way. */
export async function* withCrLf(octets: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let last = 0
  for await (const chunk of octets) {
    if (chunk.length === 0) continue
    yield mended(chunk, last)
    last = chunk.at(-1) ?? last
  }
}

function mended(chunk: Buffer, before: number): Buffer {
  const pieces: Buffer[] = []
  let start = 0
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
    if ((at === 0 ? before : chunk[at - 1]) === CR) continue
    pieces.push(chunk.subarray(start, at), CRLF)
    start = at + 1
  }
  return pieces.length === 0 ? chunk : Buffer.concat([...pieces, chunk.subarray(start)])
}
