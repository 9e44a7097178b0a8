import type { Readable } from 'node:stream'
import { classify } from './kind/classify.ts'
import { parseBarely } from './parse/bare.ts'
import { type ParseOptions, parse } from './parse/parse.ts'

import type { MailContent, MailKind, ParsedMessage } from './parsed-message.ts'
import { type Reply, replyOf } from './reply/reply.ts'

/**
 * Octets in, all that is understood of them out: what the mail says, what kind of mail it is, what its writer added.
 *
 * Rejects as `parse` does, and promises no more than it: messages of strangers are understood in a thread that can be
 * ended.
 */
export async function understand(
  octets: AsyncIterable<Buffer> | Readable,
  options: ParseOptions = {},
): Promise<ParsedMessage> {
  return understood(await parse(octets, options))
}

/** The little that can be told of a message by its start alone: for what could not be understood in time. */
export const understandBarely = (start: Buffer): ParsedMessage => understood(parseBarely(start))

function understood(content: MailContent): ParsedMessage {
  const { reportParts: _, ...kept } = content
  const classified = classify(content)
  return { ...kept, ...classified, ...(REPORTS.has(classified.kind) ? wholeOf(content) : replyOf(content)) }
}

/** They enclose what they report on, and that is no quotation. */
const REPORTS: ReadonlySet<MailKind> = new Set(['delivery-status', 'disposition', 'feedback'])

const wholeOf = ({ text, html }: MailContent): Reply => ({ reply: text, replyHtml: html })
