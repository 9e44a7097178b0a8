const LF = 0x0a
const CR = 0x0d

/** The header, the empty line and so many lines of the body (RFC 1939 section 7, TOP); reads no further than needed. */
export async function topOf(chunks: Iterable<Buffer> | AsyncIterable<Buffer>, bodyLineCount: number): Promise<Buffer> {
  let octets: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk])
    const end = topEnd(octets, bodyLineCount)
    if (end !== undefined) return octets.subarray(0, end)
  }
  return octets
}

function topEnd(octets: Buffer, bodyLineCount: number): number | undefined {
  let linesLeft: number | undefined
  let from = 0
  for (let end = octets.indexOf(LF); end >= 0; end = octets.indexOf(LF, from)) {
    const empty = end === from || (end === from + 1 && octets[from] === CR)
    from = end + 1
    if (linesLeft !== undefined) linesLeft -= 1
    else if (empty) linesLeft = bodyLineCount
    if (linesLeft === 0) return from
  }
  return undefined
}
