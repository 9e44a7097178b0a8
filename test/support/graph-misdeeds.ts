/** How the stub of Graph sends an answer, or what it does instead. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { type Answered, refusal } from './graph-answers.ts'

/** What is done in place of an answer, or to it. */
export type Misdeed =
  | {
      readonly kind: 'refuse'
      readonly status: number
      readonly code: string
      readonly headers?: Record<string, string>
    }
  /** RST, before it takes effect or after: then the answer is lost. */
  | { readonly kind: 'reset'; readonly effect: boolean }
  /** So many octets of the body, then RST, FIN or nothing more. */
  | { readonly kind: 'cut'; readonly octets: number; readonly how: 'reset' | 'end' | 'stall' }
  | { readonly kind: 'stall' }
  | {
      readonly kind: 'say'
      readonly status?: number
      readonly text: string | Iterable<string>
      readonly headers?: Record<string, string>
    }

export async function misbehave(misdeed: Misdeed, response: ServerResponse, socket: Socket, answer: () => Answered) {
  if (misdeed.kind === 'stall') await once(response, 'close')
  if (misdeed.kind === 'say') await say(response, misdeed)
  if (misdeed.kind === 'cut') await cut(response, socket, answer().body, misdeed)
  if (misdeed.kind === 'refuse') {
    const { status, code, headers = {} } = misdeed
    await send(response, { ...refusal(status, code), headers })
  }
  if (misdeed.kind === 'reset') {
    if (misdeed.effect) answer()
    socket.resetAndDestroy()
  }
}

export async function send(response: ServerResponse, { status, headers = {}, body }: Answered): Promise<void> {
  if (typeof body === 'string') {
    response.writeHead(status, { 'content-type': 'application/json;odata.metadata=minimal', ...headers }).end(body)
    return
  }
  // Chunked: Graph does not know how long the MIME will be that it makes.
  response.writeHead(status, { 'content-type': 'text/plain', ...headers })
  await pipeline(Readable.from(body), response)
}

async function say(
  response: ServerResponse,
  { status = 200, text, headers = {} }: Misdeed & { kind: 'say' },
): Promise<void> {
  response.writeHead(status, headers)
  await pipeline(Readable.from(typeof text === 'string' ? [text] : text), response)
}

async function cut(
  response: ServerResponse,
  socket: Socket,
  body: Answered['body'],
  { octets, how }: Misdeed & { kind: 'cut' },
) {
  const whole = typeof body === 'string' ? Buffer.from(body) : Buffer.concat([...body])
  response.writeHead(200, { 'content-type': 'text/plain' })
  await new Promise<void>((resolve) => response.write(whole.subarray(0, octets), () => resolve()))
  if (how === 'stall') await once(response, 'close')
  if (how === 'reset') socket.resetAndDestroy()
  else socket.end()
}
