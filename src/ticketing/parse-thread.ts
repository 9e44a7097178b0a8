import { MessagePort } from 'node:worker_threads'
import { asMailchuteError, type ErrorCode } from '../errors.ts'
import type { ParseLimits } from '../message/parse/limits.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import { understand, understandBarely } from '../message/understand.ts'
import { receiveOctets } from './octet-channel.ts'

/** What a parse thread is given. */
export interface ParseTask {
  /** The whole message, or the port over which it comes. */
  readonly octets: Uint8Array | MessagePort
  readonly content: boolean
  /** They are the start of the message only: tell what can be told by it. */
  readonly isStart: boolean
  readonly limits: ParseLimits
  /** Shared; set to 1 by the thread when it starts. */
  readonly started: Int32Array
}

/** What it answers. Errors lose their class between threads, so they travel as values. */
export type ParseOutcome =
  | { readonly parsed: ParsedMessage }
  | { readonly error: { readonly code: ErrorCode; readonly message: string; readonly cause: unknown } }

/** The entry of a parse thread: one message at a time. */
export default async function parseInThread(task: ParseTask): Promise<ParseOutcome> {
  Atomics.store(task.started, 0, 1)
  const octets = task.octets instanceof MessagePort ? receiveOctets(task.octets) : whole(task.octets)
  try {
    return { parsed: await parsedMessage(octets, task) }
  } catch (thrown) {
    const { code, message, cause } = asMailchuteError(thrown)
    return { error: { code, message, cause: cause instanceof Error ? new Error(cause.message) : null } }
  }
}

async function parsedMessage(octets: AsyncIterable<Buffer>, task: ParseTask): Promise<ParsedMessage> {
  if (!task.isStart) return understand(octets, { content: task.content, limits: task.limits })
  const chunks: Buffer[] = []
  for await (const chunk of octets) chunks.push(chunk)
  return understandBarely(Buffer.concat(chunks))
}

async function* whole(octets: Uint8Array): AsyncGenerator<Buffer> {
  if (octets.length > 0) yield Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
}
