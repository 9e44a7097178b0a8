import type { Polling, Retrieved, Stored } from '../store/intake.ts'
import type { Store } from '../store/store.ts'

/** A message too large for memory on its way into the store, in a transaction of its own. */
export interface Streamed {
  /** Settles when what was in memory is written. */
  readonly started: Promise<void>
  put(octets: Buffer): Promise<void>
  /** Resolves when it is durable. */
  finish(message: Retrieved): Promise<Stored[]>
  /** Nothing of it stays. */
  abandon(reason: unknown): Promise<void>
}

/** Turns the store's transaction, which asks for octets, into something that octets can be put into as they come. */
export function streamInto(intake: Store['intake'], polling: Polling, first: readonly Buffer[]): Streamed {
  const place = Promise.withResolvers<(octets: Buffer) => Promise<void>>()
  const digested = Promise.withResolvers<Retrieved>()
  digested.promise.catch(() => undefined)
  const stored = intake.storeStreamed(polling, async (put) => {
    for (const octets of first) await put(octets)
    place.resolve(put)
    return digested.promise
  })
  stored.catch(place.reject)
  return {
    started: place.promise.then(() => undefined),
    put: async (octets) => (await place.promise)(octets),
    finish: (message) => {
      digested.resolve(message)
      return stored
    },
    abandon: async (reason) => {
      digested.reject(reason)
      await stored.catch(() => undefined)
    },
  }
}
