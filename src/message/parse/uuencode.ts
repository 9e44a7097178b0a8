/** A file that stood in a text between `begin` and `end`. */
export interface UuFile {
  readonly name: string
  readonly octets: Buffer
  /** No line of it was broken, and it had an end. */
  readonly isWhole: boolean
}

export interface UuText {
  readonly files: readonly UuFile[]
  /** Without them. */
  readonly rest: Buffer
}

/** RFC and POSIX leave the name free; a mode of three or four digits stands before it. */
const BEGIN = /^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,1000})\r?\n/gm
const MAX_FILES = 1000

/** The files in uuencode (POSIX) that a text holds, and the text without them. null: it holds none. Linear. */
export function uuFiles(octets: Buffer): UuText | null {
  if (!octets.includes('begin ')) return null
  const text = octets.toString('latin1')
  const files: UuFile[] = []
  const rest: string[] = []
  let position = 0
  BEGIN.lastIndex = 0
  for (let found = BEGIN.exec(text); found !== null && files.length < MAX_FILES; found = BEGIN.exec(text)) {
    const { file, end } = fileAt(text, BEGIN.lastIndex, found[1] ?? '')
    // A sentence may begin like this.
    if (file === null) continue
    files.push(file)
    rest.push(text.slice(position, found.index))
    position = end
    BEGIN.lastIndex = end
  }
  if (files.length === 0) return null
  rest.push(text.slice(position))
  return { files, rest: Buffer.from(rest.join(''), 'latin1') }
}

function fileAt(text: string, from: number, name: string): { file: UuFile | null; end: number } {
  const chunks: Buffer[] = []
  let isWhole = true
  let at = from
  while (at < text.length) {
    const lf = text.indexOf('\n', at)
    const next = lf < 0 ? text.length : lf + 1
    const line = text.slice(at, next).replace(/[\r\n]{1,2}$/, '')
    if (/^end\s{0,9}$/.test(line))
      return { file: { name: name.trim(), octets: Buffer.concat(chunks), isWhole }, end: next }
    const chunk = decodedLine(line)
    if (chunk === null && chunks.length === 0) return { file: null, end: from }
    if (chunk === null) isWhole = false
    // A text goes on where the end is missing.
    if (chunk === null && (line.trim() === '' || line.length < 2)) break
    if (chunk !== null) chunks.push(chunk)
    at = next
  }
  return { file: { name: name.trim(), octets: Buffer.concat(chunks), isWhole: false }, end: at }
}

/** Some programs leave out the spaces at the end of a line, others add a checksum. null: no line of uuencode. */
function decodedLine(line: string): Buffer | null {
  if (line === '' || line === '`' || line === ' ') return line === '' ? null : Buffer.alloc(0)
  const length = value(line, 0)
  const expected = Math.ceil(length / 3) * 4
  if (!/^[ -`]+$/.test(line) || line.length - 1 > expected + 2) return null
  if (line.length - 1 < expected && !isPaddedWith(line, expected)) return null
  const out = Buffer.alloc(Math.ceil(length / 3) * 3)
  for (let group = 0; group * 4 < expected; group++) {
    const at = 1 + group * 4
    const bits =
      (value(line, at) << 18) | (value(line, at + 1) << 12) | (value(line, at + 2) << 6) | value(line, at + 3)
    out.writeUIntBE(bits, group * 3, 3)
  }
  return out.subarray(0, length)
}

/** Spaces stand for zeros, and trailing ones get lost; so much of a line does not. */
const isPaddedWith = (line: string, expected: number): boolean => line.length - 1 >= expected / 2

/** A space and a backquote are both zero. */
const value = (line: string, at: number): number => (at < line.length ? (line.charCodeAt(at) - 0x20) & 0x3f : 0)
