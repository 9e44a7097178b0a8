/**
 * The duty that makes the queue expendable (I4): finds messages that have waited longer than a wake-up takes, and
 * tells the queue again. A message whose job is still queued stays there once.
 */
import type { Store } from '../store/store.ts'

/** A message that waits is told of again within so long: looked for twice as often, once it waits for half as long. */
export const SWEEP_SECONDS = 60
/** More than is worked in one period: a larger backlog keeps the queue full until the next. */
const MESSAGES_A_SWEEP = 100_000
const MESSAGES_A_WAKE = 500

/** Returns how many it told the queue of. */
export async function sweep(
  store: Store,
  wake: (inboundMessageIds: readonly string[]) => Promise<void>,
  which: { receivedBefore?: Date; mailboxIds?: readonly string[]; limit?: number } = {},
): Promise<number> {
  const ids = await store.messages.waitingIds({ limit: MESSAGES_A_SWEEP, ...which })
  for (let from = 0; from < ids.length; from += MESSAGES_A_WAKE) await wake(ids.slice(from, from + MESSAGES_A_WAKE))
  return ids.length
}
