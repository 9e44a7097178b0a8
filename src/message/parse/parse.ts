import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { AttachmentStream, MailParser } from 'mailparser'
import { MailchuteError } from '../../errors.ts'
import type { MailContent } from '../parsed-message.ts'
import { assemble, type PartFound } from './assemble.ts'
import { type BoundedParser, boundedParser } from './bounded-parser.ts'
import { PARSE_LIMITS, type ParseLimits } from './limits.ts'

export interface ParseOptions {
  /** Keep the octets of the attachments, too: they are otherwise only counted and digested while they pass by. */
  readonly content?: boolean
  readonly limits?: ParseLimits
}

/**
 * Octets in, values out. Memory is bounded by the limits, not by the size of the message, as long as the content of
 * attachments is not asked for. What can be mended is mended and named in `defects`.
 *
 * Rejects with `message/unparseable` where no value can be had. What reading the octets throws is passed on as it is.
 *
 * Not promised: bounds of time, nor that a hostile structure cannot throw outside of the promise. Messages of
 * strangers are parsed in a thread that can be ended.
 */
export async function parse(
  octets: AsyncIterable<Buffer> | Readable,
  { content = false, limits = PARSE_LIMITS }: ParseOptions = {},
): Promise<MailContent> {
  const bounded = boundedParser(limits)
  const attachments = collectAttachments(bounded.parser, content, limits)
  const source = new Source(octets)
  try {
    await pipeline(source.read(), bounded.parser)
    return assembled(bounded, attachments, limits)
  } catch (error) {
    if (source.failure) throw source.failure.error
    if (error instanceof MailchuteError) throw error
    throw new MailchuteError('message/unparseable', `the message cannot be parsed${reason(error)}`, { cause: error })
  }
}

/** Tells a failure to read from a failure to parse. */
class Source {
  failure: { error: unknown } | null = null
  readonly #octets: AsyncIterable<Buffer>

  constructor(octets: AsyncIterable<Buffer>) {
    this.#octets = octets
  }

  async *read(): AsyncGenerator<Buffer> {
    try {
      yield* this.#octets
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }
}

/** Only what is known to hold no mail content (I9). */
function reason(error: unknown): string {
  const isLimit = error instanceof Error && 'code' in error && error.code === 'EMAXLEN'
  return isLimit ? `: ${error.message}` : ''
}

function assembled(bounded: BoundedParser, found: PartFound[], limits: ParseLimits): MailContent {
  const { headers, headerLines } = bounded.parser
  return assemble(
    {
      headers: headers || new Map(),
      headerLines: headerLines || [],
      tree: bounded.tree(),
      attachments: found,
      seen: bounded.seen,
    },
    limits,
  )
}

function collectAttachments(parser: MailParser, content: boolean, limits: ParseLimits): PartFound[] {
  const found: PartFound[] = []
  parser.on('data', (part) => {
    if (part.type === 'text') return
    const octets: Buffer[] = []
    let octetsWanted = octetsOf(part, content, limits)
    // One more than is kept, so that it shows when some were left out.
    const isKept = found.length <= limits.maxAttachments
    part.content.on('data', (chunk: Buffer) => {
      if (isKept && octetsWanted > 0) octets.push(chunk.subarray(0, octetsWanted))
      octetsWanted -= chunk.length
    })
    part.content.once('error', (error) => parser.destroy(error))
    part.content.once('end', () => {
      if (isKept) found.push(partFound(part, Buffer.concat(octets), content, limits))
      part.release?.()
    })
  })
  return found
}

/** RFC 3464, RFC 3462, RFC 8098, RFC 5965, and the mail that a report is about. */
const OF_REPORTS = /^(message\/|text\/rfc822-headers)/i

function octetsOf({ contentType }: AttachmentStream, content: boolean, limits: ParseLimits): number {
  if (content) return Number.POSITIVE_INFINITY
  return OF_REPORTS.test(contentType) ? limits.maxReportOctets : 0
}

function partFound(part: AttachmentStream, octets: Buffer, content: boolean, limits: ParseLimits): PartFound {
  return {
    filename: part.filename ?? null,
    contentType: part.contentType,
    disposition: part.contentDisposition ?? null,
    contentId: part.cid ?? null,
    sizeBytes: part.size ?? 0,
    sha256: part.checksum ?? '',
    octets: content ? octets : null,
    report: OF_REPORTS.test(part.contentType) ? octets.subarray(0, limits.maxReportOctets) : null,
  }
}
