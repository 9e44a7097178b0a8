import { MailParser } from 'mailparser'
import { MailchuteError } from '../../errors.ts'
import { type HeaderLine, type HeadFault, headerLines, isFieldLine, isKnownField } from './header-lines.ts'
import { hasInnards, type Splitter, type SplitterChunk, type SplitterNode } from './mailparser-innards.ts'

/** What is told of a message while it is split. The header of the message itself is known before. */
export interface SplitterEvents<P> {
  /** A part begins. Null for `parent`: the message itself. */
  part(lines: readonly HeaderLine[], parent: P | null): SplitPart<P>
  /** Octets of a part, still in their transfer encoding; of a multipart: what stands outside of its parts. */
  octets(part: P, octets: Buffer): void
  fault(fault: HeadFault | 'parts-truncated'): void
}

export interface SplitPart<P> {
  readonly part: P
  /** null: its octets are its own, whatever its type. */
  readonly boundary: Buffer | null
}

export interface SplitterLimits {
  readonly maxParts: number
  readonly maxHeaderOctets: number
}

/**
 * mailparser's stream as a mere splitter: where parts begin and end is its doing, what stands in them is read by us.
 * It takes the body of a message; the header goes in through `lines`. `end` is to be called when all is read.
 *
 * For this it reaches into mailparser (`processChunk`, `splitter` are not in its types): its own reading of header
 * fields and its decoders make strings of octets before anything can be mended, and its limits are errors. The version
 * is pinned, and a version without these innards is refused.
 */
export function splitterOf<P>(
  lines: readonly HeaderLine[],
  events: SplitterEvents<P>,
  limits: SplitterLimits,
): { readonly parser: MailParser; readonly end: () => void } {
  const parser = new MailParser({
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    skipImageLinks: true,
    ignoreEmbedded: true,
    maxHeadSize: Number.MAX_SAFE_INTEGER,
    maxChildNodes: Number.MAX_SAFE_INTEGER,
  })
  if (!hasInnards(parser)) throw new MailchuteError('internal/bug', 'this version of mailparser is not known')
  const reading = new Reading(parser.splitter, events, limits)
  reading.root(lines)
  parser.processChunk = (chunk, done) => {
    try {
      reading.chunk(chunk)
      done()
    } catch (error) {
      done(error)
    }
  }
  // Its one text object at the end.
  parser.resume()
  parser.write(Buffer.from('\r\n'))
  return { parser, end: () => reading.end() }
}

/** One message on its way through the splitter. */
class Reading<P> {
  readonly #splitter: Splitter
  readonly #events: SplitterEvents<P>
  readonly #limits: SplitterLimits
  /** null: a part beyond the limit, whose octets are left out. */
  readonly #announced = new Set<SplitterNode>()
  readonly #parts = new Map<SplitterNode, P | null>()
  /** What was taken for the header of a part and is its body. */
  readonly #prefixes = new Map<SplitterNode, Buffer>()
  #count = 0

  constructor(splitter: Splitter, events: SplitterEvents<P>, limits: SplitterLimits) {
    this.#splitter = splitter
    this.#events = events
    this.#limits = limits
    this.#watch()
  }

  root(lines: readonly HeaderLine[]): void {
    const { node } = this.#splitter
    node.parseHeaders = () => {
      if (!node.headers) this.#begin(node, lines)
    }
  }

  chunk(chunk: SplitterChunk | SplitterNode): void {
    if (chunk.type === 'node') {
      this.#announced.add(chunk)
      return
    }
    const { node, value } = chunk
    // The line before a part, its boundary, comes under its name, too.
    if (!this.#announced.has(node)) return
    const part = this.#parts.get(node)
    if (part === null || part === undefined || value === undefined) return
    this.#flushPrefix(node, part, false)
    this.#events.octets(part, value)
  }

  /** Bodies that stand in the header alone. */
  end(): void {
    for (const node of [...this.#prefixes.keys()]) {
      const part = this.#parts.get(node)
      if (part) this.#flushPrefix(node, part, true)
    }
  }

  #flushPrefix(node: SplitterNode, part: P, isWhole: boolean): void {
    const prefix = this.#prefixes.get(node)
    if (prefix === undefined) return
    this.#prefixes.delete(node)
    // The line end before a boundary belongs to the boundary.
    this.#events.octets(part, isWhole ? withoutLineEnd(prefix) : prefix)
  }

  #watch(): void {
    const splitter = this.#splitter
    const newNode = splitter.newNode.bind(splitter)
    splitter.newNode = (parent) => {
      this.#finishHeader(splitter.node)
      newNode(parent)
      this.#watchNode(splitter.node)
    }
    const checkBoundary = splitter.checkBoundary.bind(splitter)
    splitter.checkBoundary = (line) => {
      const boundary = checkBoundary(line)
      const isNext = boundary === 1 || boundary === 3
      return isNext && this.#count > this.#limits.maxParts + 1 ? false : boundary
    }
    splitter.checkHeadSize = (pendingOctets = 0) => {
      if (pendingOctets > this.#limits.maxHeaderOctets) this.#cutLine()
      return null
    }
  }

  /** A header line without an end: its start is kept, the rest goes by. */
  #cutLine(): void {
    const line = this.#splitter.takePendingLine()
    if (line) this.#splitter.node.addHeaderChunk(line)
    this.#splitter.pendingLineTruncated = true
  }

  /** A part that ended within its header would go unnoticed. */
  #finishHeader(node: SplitterNode): void {
    if (node.headers || node._headerlen === 0) return
    node.parseHeaders()
    this.#splitter.push(node)
  }

  #watchNode(node: SplitterNode): void {
    let octetsLeft = this.#limits.maxHeaderOctets
    const lines = node._headersLines
    let isEnded = false
    node.addHeaderChunk = (line) => {
      // The end of the message.
      if (line.length === 0) return false
      const isEmpty = isLineEnd(line)
      // A line that can be none of a header begins the body.
      isEnded = isEmpty || (octetsLeft > 0 && !isHeaderLine(line, lines.length === 0))
      if (line.length <= octetsLeft && lines.length < MAX_HEADER_LINES) lines.push(line)
      else this.#events.fault('header-truncated')
      octetsLeft -= line.length
      node._headerlen += line.length
      return isEnded
    }
    node.parseHeaders = () => {
      if (!node.headers) this.#begin(node, this.#linesOf(node, isEnded))
    }
  }

  #linesOf(node: SplitterNode, isEnded: boolean): HeaderLine[] {
    const text = Buffer.concat(node._headersLines).toString('latin1')
    const faults = new Set<HeadFault>()
    const { lines, bodyAt } = headerLines(text, faults)
    // Without an empty line there may be no header at all.
    const isBody = !isEnded && !lines.some(({ line }) => isKnownField(line, 0))
    const prefix = text.slice(isBody ? 0 : bodyAt)
    if (prefix !== '') {
      this.#prefixes.set(node, Buffer.from(prefix, 'latin1'))
      faults.add('header-end-missing')
    }
    for (const fault of faults) this.#events.fault(fault)
    return isBody ? [] : lines
  }

  #begin(node: SplitterNode, lines: readonly HeaderLine[]): void {
    node.headers = true
    node._headersLines = []
    this.#count++
    if (this.#count > this.#limits.maxParts + 1) {
      this.#parts.set(node, null)
      this.#events.fault('parts-truncated')
      return
    }
    const parent = node.parentNode ? (this.#parts.get(node.parentNode) ?? null) : null
    const { part, boundary } = this.#events.part(lines, parent)
    this.#parts.set(node, part)
    node._boundary = boundary ?? false
    node.multipart = boundary === null ? false : 'mixed'
  }
}

/** Each is kept as a value of its own, which takes many times its octets. */
const MAX_HEADER_LINES = 100_000

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09

const isLineEnd = (line: Buffer): boolean => line.every((octet) => octet === CR || octet === LF)

function isHeaderLine(line: Buffer, isFirst: boolean): boolean {
  if (line[0] === SPACE || line[0] === TAB) return !isFirst
  return isFieldLine(line.toString('latin1', 0, 300))
}

function withoutLineEnd(octets: Buffer): Buffer {
  const end = octets.at(-1) === LF ? octets.length - 1 : octets.length
  return octets.subarray(0, octets[end - 1] === CR && end < octets.length ? end - 1 : end)
}
