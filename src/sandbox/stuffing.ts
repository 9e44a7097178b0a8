/**
 * Octets of a message as they go on the wire after `+OK`: RFC 1939 section 3. Lines are those that end in CRLF: a lone
 * CR or LF ends none. Nothing else is touched.
 */
export interface Stuffer {
  /** The pieces of the next chunk, not copied. */
  push(octets: Buffer): readonly Buffer[]
  /** The end mark, with a CRLF before it unless the message ended with one (or has no octets at all). */
  end(): Buffer
}

const CR = 0x0d
const LF = 0x0a
const DOT = Buffer.from('.')
const CRLF_DOT = Buffer.from('\r\n.')
const END_MARK = Buffer.from('.\r\n')
const CRLF_END_MARK = Buffer.from('\r\n.\r\n')

export function createStuffer(): Stuffer {
  let atLineStart = true
  let afterCr = false
  return {
    push(octets) {
      if (octets.length === 0) return []
      const pieces = stuffedPieces(octets, atLineStart, afterCr)
      atLineStart = endsLine(octets, afterCr)
      afterCr = octets[octets.length - 1] === CR
      return pieces
    },
    end: () => (atLineStart ? END_MARK : CRLF_END_MARK),
  }
}

function stuffedPieces(octets: Buffer, atLineStart: boolean, afterCr: boolean): readonly Buffer[] {
  const dots = dotPositions(octets, atLineStart, afterCr)
  if (dots.length === 0) return [octets]
  const pieces: Buffer[] = []
  let from = 0
  for (const dot of dots) {
    pieces.push(octets.subarray(from, dot), DOT)
    from = dot
  }
  pieces.push(octets.subarray(from))
  return pieces.filter((piece) => piece.length > 0)
}

function dotPositions(octets: Buffer, atLineStart: boolean, afterCr: boolean): readonly number[] {
  const positions: number[] = []
  if (atLineStart && octets[0] === DOT[0]) positions.push(0)
  if (afterCr && octets[0] === LF && octets[1] === DOT[0]) positions.push(1)
  for (let at = octets.indexOf(CRLF_DOT); at >= 0; at = octets.indexOf(CRLF_DOT, at + 2)) positions.push(at + 2)
  return positions
}

function endsLine(octets: Buffer, afterCr: boolean): boolean {
  if (octets[octets.length - 1] !== LF) return false
  return octets.length === 1 ? afterCr : octets[octets.length - 2] === CR
}
