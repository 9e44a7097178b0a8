import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import libmime from 'libmime'
import type { DefectCode } from './defects.ts'
import type { HeaderLine } from './header-lines.ts'
import type { ParseLimits } from './limits.ts'
import { type Keeping, Part, type Room } from './part.ts'
import { type PartHeader, partHeader } from './part-header.ts'
import { splitterOf } from './splitter.ts'

/** What is the same for all parts of a message. */
export interface Reading {
  readonly limits: ParseLimits
  /** Keep the octets of attachments, too. */
  readonly content: boolean
  readonly defects: Set<DefectCode>
  readonly room: Room
}

export function newReading(limits: ParseLimits, content: boolean): Reading {
  const room = { text: limits.maxTextOctets, opened: limits.maxOpenedOctets, stray: limits.maxStrayOctets }
  return { limits, content, defects: new Set(), room }
}

/** The MIME tree of a message, or of what stands within one. A boundary that is given counts instead of the named one. */
export async function readTree(
  lines: readonly HeaderLine[],
  octets: AsyncIterable<Buffer>,
  reading: Reading,
  within: Part | null = null,
  boundary: Buffer | null = null,
): Promise<Part> {
  const single = newPart(lines, within, reading)
  if ((boundary ?? boundaryOf(single)) === null) return wholeOf(single, octets)
  return splitTree(single, lines, octets, reading, boundary)
}

/** There is nothing to split. */
async function wholeOf(part: Part, octets: AsyncIterable<Buffer>): Promise<Part> {
  for await (const chunk of octets) part.write(chunk)
  part.end()
  return part
}

async function splitTree(
  whole: Part,
  lines: readonly HeaderLine[],
  octets: AsyncIterable<Buffer>,
  reading: Reading,
  boundary: Buffer | null,
): Promise<Part> {
  const { limits, defects } = reading
  let root: Part | null = null
  let written: Part | null = null
  const splitter = splitterOf<Part>(
    lines,
    {
      part: (partLines, parent) => {
        const made = root === null ? whole : newPart(partLines, parent ?? root, reading)
        if (root === null) root = made
        else (parent ?? root).children.push(made)
        return { part: made, boundary: (root === made ? boundary : null) ?? boundaryOf(made) }
      },
      octets: (part, chunk) => {
        // Nothing more can come for the one before.
        if (written !== null && written !== part && !isMultipart(written)) written.end()
        written = part
        part.write(chunk)
      },
      fault: (fault) => defects.add(fault),
    },
    limits,
  )
  await pipeline(Readable.from(octets, { objectMode: false }), splitter.parser)
  splitter.end()
  if (root === null) throw new Error('a message without a root')
  endAll(root)
  return root
}

function endAll(root: Part): void {
  const open = [root]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    part.end()
    open.push(...part.children)
  }
}

/** All parts, each before what stands within it. */
export function inOrder(root: Part): Part[] {
  const all: Part[] = []
  const open = [root]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    all.push(part)
    for (let index = part.children.length - 1; index >= 0; index--) {
      const child = part.children[index]
      if (child) open.push(child)
    }
  }
  return all
}

export const isMultipart = ({ contentType }: Part): boolean => contentType.startsWith('multipart/')

const boundaryOf = (part: Part): Buffer | null => (isMultipart(part) ? part.header.boundary : null)

/** A part by its header, with room for what is wanted of it. */
export function newPart(lines: readonly HeaderLine[], parent: Part | null, reading: Reading): Part {
  const hints = parent === null ? [] : [parent.header.charset]
  const header = partHeader(lines, hints, (fault) => reading.defects.add(fault))
  const isTooDeep = parent !== null && parent.depth + 1 >= reading.limits.maxDepth
  if (isTooDeep && header.contentType.startsWith('multipart/')) reading.defects.add('depth-truncated')
  const contentType = isTooDeep ? tooDeepType(header.contentType) : contentTypeOf(header, parent)
  return new Part(header, contentType, parent, keepingOf(contentType, header, reading), reading.room)
}

/** What is deeper than allowed is not looked into. */
const tooDeepType = (type: string): string =>
  type.startsWith('multipart/') ? 'application/octet-stream' : type || 'text/plain'

function contentTypeOf({ contentType, fileName, disposition }: PartHeader, parent: Part | null): string {
  const isVague = contentType === '' || contentType === 'application/octet-stream'
  const byName = isVague && fileName?.includes('.') ? libmime.detectMimeType(fileName) : null
  if (byName && !byName.startsWith('multipart/')) return byName
  if (contentType !== '') return contentType
  if (parent?.contentType === 'multipart/digest') return 'message/rfc822'
  return disposition === 'attachment' ? 'application/octet-stream' : 'text/plain'
}

/** RFC 3464, RFC 3462, RFC 8098, RFC 5965, and the mail that a report is about. */
const OF_REPORTS = /^(?:message\/|text\/rfc822-headers)/
const OPENED = /^application\/(?:ms-tnef|vnd\.ms-tnef|(?:x-)?pkcs7-mime)$/
const TNEF_NAME = /^winmail\.dat$/i

export const isOfReport = (contentType: string): boolean => OF_REPORTS.test(contentType)

/** Shown as text, not as attachment. */
export const isShown = (contentType: string, { fileName, disposition }: PartHeader): boolean =>
  isText(contentType) && fileName === null && disposition !== 'attachment'

export const isText = (contentType: string): boolean => contentType === 'text/plain' || contentType === 'text/html'

function keepingOf(contentType: string, header: PartHeader, { content, limits }: Reading): Keeping {
  const startOctets = limits.maxReportOctets
  if (contentType.startsWith('multipart/')) return { room: 'stray', startOctets }
  if (isShown(contentType, header)) return { room: 'text', startOctets }
  if (content) return { room: 'all', startOctets }
  if (OPENED.test(contentType) || TNEF_NAME.test(header.fileName ?? '')) return { room: 'opened', startOctets }
  if (isText(contentType) && header.disposition !== 'attachment') return { room: 'text', startOctets }
  return { room: isOfReport(contentType) ? 'start' : 'none', startOctets }
}
