import type { Readable } from 'node:stream'
import { MailchuteError } from '../../errors.ts'
import type { MailContent } from '../parsed-message.ts'
import { assemble } from './assemble.ts'
import { readHead } from './head.ts'
import { PARSE_LIMITS, type ParseLimits } from './limits.ts'
import { newReading, readTree } from './mime-tree.ts'
import { mendMultiparts } from './odd-multipart.ts'

export interface ParseOptions {
  /** Keep the octets of the attachments, too: they are otherwise only counted and digested while they pass by. */
  readonly content?: boolean
  readonly limits?: ParseLimits
}

/**
 * Octets in, values out. Memory is bounded by the limits, not by the size of the message, as long as the content of
 * attachments is not asked for. What can be mended is mended and named in `defects`; so is what exceeds a limit.
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
  const source = new Source(octets)
  try {
    const reading = newReading(limits, content)
    const { lines, body, faults } = await readHead(source.read(), limits.maxHeaderOctets)
    for (const fault of faults) reading.defects.add(fault)
    const root = await readTree(lines, body, reading)
    await mendMultiparts(root, reading)
    return assemble(lines, root, reading)
  } catch (error) {
    if (source.failure) throw source.failure.error
    if (error instanceof MailchuteError) throw error
    throw new MailchuteError('message/unparseable', 'the message cannot be parsed', { cause: error })
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
