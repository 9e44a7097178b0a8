import { inPieces } from '../in-pieces.ts'
import { body, type Gathered, gather } from './head-octets.ts'
import { type HeaderLine, type HeadFault, headerLines } from './header-lines.ts'

export interface Head {
  readonly lines: readonly HeaderLine[]
  readonly body: AsyncIterable<Buffer>
  readonly faults: ReadonlySet<HeadFault>
}

/**
 * Takes the header of a message off its octets. It ends at the first empty line, or before the first line that can be
 * none of its own; what exceeds `maxOctets` is left out up to its end.
 *
 * Line ends are CRLF, LF or CR; where a message has CR alone its body comes with LF.
 */
export async function readHead(octets: AsyncIterable<Buffer>, maxOctets: number): Promise<Head> {
  const faults = new Set<HeadFault>()
  const gathered = await gather(octets, maxOctets)
  if (gathered.isCrOnly) faults.add('line-ends-mended')
  const text = textOf(gathered)
  const { lines, bodyAt } = headerLines(text, faults)
  // The last line may have been cut anywhere, and tells nothing then.
  const isCut = gathered.isOver && !text.includes('\n', bodyAt)
  if (isCut) faults.add('header-truncated')
  return { lines, body: body(gathered, bodyAt, isCut), faults }
}

function textOf({ octets, isCrOnly }: Gathered): string {
  const text = octets.toString('latin1')
  return isCrOnly ? inPieces(text, (piece) => piece.replaceAll('\r', '\n')) : text
}
