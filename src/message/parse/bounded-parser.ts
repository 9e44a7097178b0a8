import { MailParser } from 'mailparser'
import { MailchuteError } from '../../errors.ts'
import { mendedHeaderLine } from './header-charset.ts'
import type { ParseLimits } from './limits.ts'

/** One part of the MIME tree as mailparser builds it. */
export interface MimePart {
  readonly contentType: string | false
  readonly children: readonly MimePart[]
  /** Decoded, with LF line ends; only of a part shown as text. */
  readonly textContent?: string
  readonly isAttachment?: boolean
}

export interface Seen {
  textDropped: boolean
  headerMended: boolean
}

export interface BoundedParser {
  readonly parser: MailParser
  /** The MIME tree; null while there is none. */
  tree(): MimePart | null
  /** Text was dropped, a header was not UTF-8. */
  readonly seen: Seen
}

/**
 * mailparser with memory bounds: it streams attachments but collects text bodies, so what goes beyond
 * `maxTextOctets` is dropped before its decoder sees it. Enclosed mails stay whole, as attachments.
 *
 * A header that is not UTF-8 is mended before it is read.
 *
 * For this it reaches into mailparser (`processChunk`, `curnode`, `tree` are not in its types), because there is no
 * other place between its splitter and its decoders. The version is pinned, and a version without them is refused.
 */
export function boundedParser(limits: ParseLimits): BoundedParser {
  const parser = new MailParser({
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    skipImageLinks: true,
    ignoreEmbedded: true,
    checksumAlgo: 'sha256',
    maxHeadSize: limits.maxHeaderOctets,
    maxChildNodes: limits.maxParts,
  })
  if (!hasInnards(parser)) throw new MailchuteError('internal/bug', 'this version of mailparser is not known')
  const seen = { textDropped: false, headerMended: false }
  const process = parser.processChunk.bind(parser)
  const keep = keepWithin(limits.maxTextOctets, seen)
  parser.processChunk = (chunk, done) => {
    try {
      if (chunk.type === 'node') mendHeader(chunk, seen)
      else if (isTextBody(chunk, parser.curnode)) chunk.value = keep(chunk.value)
      process(chunk, done)
    } catch (error) {
      done(error)
    }
  }
  return { parser, tree: () => parser.tree || null, seen }
}

interface Innards {
  processChunk: (chunk: SplitterChunk, done: (error?: unknown) => void) => void
  readonly curnode: MimePart | false
  readonly tree: MimePart | false
}

type SplitterChunk = SplitterNode | { readonly type: 'body' | 'data'; value?: Buffer }

interface SplitterNode {
  readonly type: 'node'
  readonly headers: false | { getList(): { line: string }[] }
}

const hasInnards = (parser: MailParser): parser is MailParser & Innards =>
  'processChunk' in parser && typeof parser.processChunk === 'function' && 'curnode' in parser && 'tree' in parser

const isTextBody = (chunk: SplitterChunk, part: MimePart | false): chunk is { type: 'body'; value: Buffer } =>
  chunk.type === 'body' && chunk.value !== undefined && part !== false && part.isAttachment === false

function keepWithin(maxTextOctets: number, seen: Seen): (octets: Buffer) => Buffer {
  let octetsLeft = maxTextOctets
  return (octets) => {
    const kept = octets.subarray(0, octetsLeft)
    octetsLeft -= kept.length
    if (kept.length < octets.length) seen.textDropped = true
    return owned(kept)
  }
}

function mendHeader({ headers }: SplitterNode, seen: Seen): void {
  if (!headers) return
  for (const field of headers.getList()) {
    const mended = mendedHeaderLine(field.line)
    if (mended === null) continue
    field.line = mended
    seen.headerMended = true
  }
}

/** A copy where the octets are a small view: text is kept to the end, and would keep the whole chunk it came in. */
const owned = (octets: Buffer): Buffer => (octets.length * 2 < octets.buffer.byteLength ? Buffer.from(octets) : octets)
