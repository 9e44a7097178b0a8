/** The header of a message field by field, as it was sent. */

export interface RawField {
  /** In lower case, without white space. */
  readonly name: string
  /** What follows the colon, folds included, one octet a character. */
  readonly value: string
  /** The whole field with its line end, one octet a character. */
  readonly line: string
}

/** Above one of these a header is left alone: verifying takes more than linear time in its lines. */
export const HEADER_LIMITS = { octets: 256 * 1024, lines: 5000 } as const

/** Where the body begins: after the first empty line. null: it has not come yet. */
export function bodyStart(octets: Buffer): number | null {
  if (octets[0] === LF) return 1
  if (octets[0] === CR && octets[1] === LF) return 2
  for (let end = octets.indexOf(LF); end >= 0; end = octets.indexOf(LF, end + 1)) {
    if (octets[end + 1] === LF) return end + 2
    if (octets[end + 1] === CR && octets[end + 2] === LF) return end + 3
  }
  return null
}

const LF = 0x0a
const CR = 0x0d

/** Fields in their order. Lines end at LF; one that begins with white space goes on with the field before. */
export function rawFields(header: Buffer): RawField[] {
  const fields: RawField[] = []
  const lines = header.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? []
  for (let start = 0; start < lines.length; ) {
    let end = start + 1
    while (end < lines.length && /^[ \t]/.test(lines[end] ?? '')) end += 1
    const line = lines.slice(start, end).join('')
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    if (name !== '') fields.push({ name, value: line.slice(colon + 1), line })
    start = end
  }
  return fields
}

export const lineCount = (header: Buffer): number => header.reduce((lines, octet) => lines + Number(octet === LF), 0)
