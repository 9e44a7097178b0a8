import type { HeaderLine } from './header-lines.ts'
import { isMultipart, newPart, type Reading, readTree } from './mime-tree.ts'
import type { Part } from './part.ts'
import { transferDecoder } from './transfer.ts'

/**
 * Multiparts in which no part was found: split at the lines that look like a boundary where there are some, else shown
 * as text. So no octet of theirs is lost.
 */
export async function mendMultiparts(root: Part, reading: Reading): Promise<void> {
  const open = [{ part: root, isMended: false }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part, isMended } = next
    const isOdd = isMultipart(part) && part.children.length === 0
    if (isOdd) await mend(part, isMended, reading)
    open.push(...part.children.map((child) => ({ part: child, isMended: isMended || isOdd })))
  }
}

async function mend(part: Part, isMended: boolean, reading: Reading): Promise<void> {
  const octets = withoutEncoding(part)
  const boundary = isMended ? null : likelyBoundary(octets)
  if (boundary !== null) {
    const { children } = await readTree(NO_LINES, whole(octets), reading, part, boundary)
    part.children.push(...children)
  }
  if (part.children.length > 0) reading.defects.add('boundary-guessed')
  else if (octets.toString('latin1').trim() !== '') {
    reading.defects.add('multipart-without-parts')
    part.children.push(asText(octets, part, reading))
  }
}

const NO_LINES = [{ key: 'content-type', line: 'Content-Type: multipart/mixed' }]

/** RFC 2045 section 6.4 allows multiparts no encoding; it may be used all the same. */
function withoutEncoding(part: Part): Buffer {
  const octets = part.octets()
  if (part.header.encoding !== 'base64' || !/^[\w+/=\s]+$/.test(octets.toString('latin1', 0, 1000))) return octets
  const decoder = transferDecoder('base64')
  return Buffer.concat([decoder.write(octets), decoder.end()])
}

/** A line that begins like a boundary and that the header of a part follows. */
const LIKELY = /^--([^\r\n]{1,200})\r?\n(?=content-[a-z-]{2,30}[ \t]*:)/im

function likelyBoundary(octets: Buffer): Buffer | null {
  const boundary = LIKELY.exec(octets.toString('latin1'))?.[1]?.trimEnd()
  return boundary ? Buffer.from(boundary, 'latin1') : null
}

function asText(octets: Buffer, parent: Part, reading: Reading): Part {
  const charset = parent.header.charset
  const type = /^\s*<(?:!doctype|html)/i.test(octets.toString('latin1', 0, 200)) ? 'text/html' : 'text/plain'
  const lines: HeaderLine[] = [
    { key: 'content-type', line: `Content-Type: ${type}${charset === null ? '' : `; charset="${charset}"`}` },
  ]
  const part = newPart(lines, parent, reading)
  part.write(octets)
  part.end()
  return part
}

async function* whole(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets
}
