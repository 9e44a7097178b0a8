import { MessagePort } from 'node:worker_threads'
import type { Look } from '../../message/authenticity/trust.ts'
import { receiveOctets } from '../octet-channel.ts'
import { asking } from './ask-channel.ts'
import { type ToVerify, verify } from './verify.ts'

/** What the thread is given. It has no way out but `questions`. */
export interface VerifyTask extends Pick<ToVerify, 'domain' | 'client'> {
  readonly header: Uint8Array
  readonly body: Uint8Array | MessagePort | null
  readonly questions: MessagePort
}

/** The entry of the thread that verifies: several messages at once, for it waits for the DNS most of the time. */
export default async function verifyInThread({ header, body, questions, ...task }: VerifyTask): Promise<Look> {
  try {
    return await verify({ ...task, header: Buffer.from(header), body: bodyOf(body) }, asking(questions))
  } finally {
    questions.close()
  }
}

function bodyOf(body: VerifyTask['body']): AsyncIterable<Buffer> | null {
  if (body === null) return null
  return body instanceof MessagePort ? receiveOctets(body) : inPieces(body)
}

const PIECE_OCTETS = 64 * 1024

/** So that other messages have their turn. */
async function* inPieces(octets: Uint8Array): AsyncGenerator<Buffer> {
  for (let start = 0; start < octets.length; start += PIECE_OCTETS) {
    yield Buffer.from(octets.subarray(start, start + PIECE_OCTETS))
  }
}
