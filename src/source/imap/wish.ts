import type { FetchMessageObject } from 'imapflow'

export type What = 'message' | 'header' | 'date'

/** Something wanted of one message. */
export interface Wish {
  readonly uid: number
  readonly what: What
  /** As listed. */
  readonly expectedOctets: number
  /** Octets had so far: where the next piece begins. */
  had(): number
  /**
   * Takes one reply; true: that was all. `source/message-too-large` is the answer to this wish alone; any other
   * failure ends the session, for the octets have nowhere to go.
   */
  take(row: FetchMessageObject): boolean | Promise<boolean>
}

export interface BatchLimits {
  readonly batchMessages: number
  readonly batchOctets: number
  readonly pieceOctets: number
}

/** How many of the first of these go with one FETCH: of one kind, and a message of several pieces alone. */
export function batchOf(wishes: readonly Wish[], limits: BatchLimits): number {
  const [first] = wishes
  if (first === undefined) return 0
  let octets = octetsOf(first)
  let count = 1
  for (const wish of wishes.slice(1, limits.batchMessages)) {
    octets += octetsOf(wish)
    const isLarge = Math.max(octetsOf(first), octetsOf(wish)) >= limits.pieceOctets
    if (wish.what !== first.what || isLarge || octets > limits.batchOctets) break
    count += 1
  }
  return count
}

/** Headers and dates are small whatever their message is. */
export const octetsOf = ({ what, expectedOctets }: Wish): number => (what === 'message' ? expectedOctets : 0)
