import { on, once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'

/**
 * A stream of octets from one thread to another over a MessagePort, with back-pressure: the receiver answers with the
 * number of octets it has taken, and no more than `IN_FLIGHT_OCTETS` (and one piece) are under way.
 *
 * On the wire: a Uint8Array is the next piece, null the end, BROKEN an end before the end.
 */
const IN_FLIGHT_OCTETS = 512 * 1024
/** Pieces are copies, because chunks may be views of a shared buffer that must not be transferred. */
const PIECE_OCTETS = 64 * 1024
const BROKEN = 'broken'

/** Resolves when all is sent; rejects with what reading threw, or when the signal tells that nobody listens any more. */
export async function sendOctets(octets: AsyncIterable<Buffer>, port: MessagePort, signal: AbortSignal): Promise<void> {
  let inFlight = 0
  port.on('message', (taken: number) => {
    inFlight -= taken
  })
  try {
    for await (const chunk of octets) {
      for (const piece of pieces(chunk)) {
        while (inFlight >= IN_FLIGHT_OCTETS) await once(port, 'message', { signal })
        signal.throwIfAborted()
        inFlight += piece.length
        port.postMessage(piece, [piece.buffer])
      }
    }
    port.postMessage(null)
  } catch (error) {
    port.postMessage(BROKEN)
    throw error
  }
}

function* pieces(chunk: Buffer): Generator<Uint8Array<ArrayBuffer>> {
  for (let start = 0; start < chunk.length; start += PIECE_OCTETS) {
    yield new Uint8Array(chunk.subarray(start, start + PIECE_OCTETS))
  }
}

/** The other end. Closes the port when it is done. */
export async function* receiveOctets(port: MessagePort): AsyncGenerator<Buffer> {
  try {
    for await (const [message] of on(port, 'message')) {
      if (message === null) return
      if (!(message instanceof Uint8Array)) throw new Error('the octets end too early')
      yield Buffer.from(message.buffer, message.byteOffset, message.byteLength)
      port.postMessage(message.byteLength)
    }
  } finally {
    port.close()
  }
}
