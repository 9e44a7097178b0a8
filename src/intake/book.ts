import type { MailchuteError } from '../errors.ts'
import type { Sheet } from '../store/polls.ts'
import type { HeldReason } from './plan.ts'

export type Fate = 'known' | 'retrieved' | 'held'

/**
 * Keeps count of what became of each message that the poll's first list had (I5). What is not booked by the end was
 * left on the server. Messages that arrive during the poll are the next one's.
 */
export interface Book {
  /** `listed`: how many the server listed; the sheet shows it if one of them got no line here. */
  open(keys: Iterable<string>, listed: number): void
  isOpen(key: string): boolean
  has(key: string): boolean
  /** A second fate for the same message is ignored: the first one stands. */
  close(key: string, fate: Fate): void
  /** The server would not hand it over, or not delete it; it is left for the next poll. */
  tried(key: string): void
  wasTried(key: string): boolean
  isDeleted(key: string): boolean
  deleted(keys: Iterable<string>): void
  stored(messages: number, octets: number): void
  connected(): void
  /** One more is held that was not so far, or for another reason. */
  heldAnew(reason: HeldReason): void
  newlyHeld(): readonly HeldReason[]
  /** The server was busy when it was asked for one message; the poll goes on with the others. */
  busy(key: string, error: MailchuteError): void
  /** The first of these, to be told at the end. */
  busyWith(): MailchuteError | null
  sheet(): Sheet
}

export function createBook(): Book {
  const fates = new Map<string, Fate | null>()
  const newlyHeld: HeldReason[] = []
  let busyWith: MailchuteError | null = null
  const gone = new Set<string>()
  const refused = new Set<string>()
  const totals = { connections: 0, listed: 0, stored: 0, octets: 0 }
  const count = (fate: Fate | null) => [...fates.values()].filter((each) => each === fate).length
  return {
    open: (keys, listed) => {
      totals.listed = listed
      for (const key of keys) fates.set(key, null)
    },
    isOpen: (key) => fates.get(key) === null,
    has: (key) => fates.has(key),
    close: (key, fate) => {
      if (fates.get(key) === null) fates.set(key, fate)
    },
    tried: (key) => {
      refused.add(key)
    },
    wasTried: (key) => refused.has(key),
    isDeleted: (key) => gone.has(key),
    deleted: (keys) => {
      for (const key of keys) gone.add(key)
    },
    stored: (messages, octets) => {
      totals.stored += messages
      totals.octets += octets
    },
    connected: () => {
      totals.connections++
    },
    heldAnew: (reason) => {
      newlyHeld.push(reason)
    },
    busy: (key, error) => {
      refused.add(key)
      busyWith ??= error
    },
    busyWith: () => busyWith,
    newlyHeld: () => newlyHeld,
    sheet: () => ({
      ...totals,
      known: count('known'),
      retrieved: count('retrieved'),
      held: count('held'),
      left: count(null),
      deleted: gone.size,
    }),
  }
}
