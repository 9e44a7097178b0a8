/**
 * The duty that removes what was kept for long enough: octets and content of messages that are done with. Digests, events
 * and seals stay, so everything stays accounted for, and a message that is listed again is known.
 */
import type { Keeping, Place, Purged } from '../store/retention.ts'
import type { Store } from '../store/store.ts'
import { unlessDeadlocked } from './unless-deadlocked.ts'

export interface RetentionReport {
  readonly raw: number
  readonly content: number
}

/** Bounds how long rows are locked, and what is lost when a process dies. */
const MESSAGES_A_BATCH = 200

/** Ends between two batches when told to; what is left is the next call's. Where another process is at it, it does nothing. */
export async function purgeDue(
  { retention }: Pick<Store, 'retention'>,
  keeping: readonly Keeping[],
  signal: AbortSignal,
  limit = MESSAGES_A_BATCH,
): Promise<RetentionReport> {
  const rawLimited = keeping.some(({ rawSeconds }) => rawSeconds !== null)
  const contentLimited = keeping.some(({ contentSeconds }) => contentSeconds !== null)
  return {
    raw: rawLimited ? await inBatches((after) => retention.purgeRaw(keeping, after, limit), signal) : 0,
    content: contentLimited ? await inBatches((after) => retention.purgeContent(keeping, after, limit), signal) : 0,
  }
}

async function inBatches(purge: (after: Place) => Promise<Purged>, signal: AbortSignal): Promise<number> {
  let messages = 0
  for (let after: Place = null; !signal.aborted; ) {
    const purged = await unlessDeadlocked(() => purge(after))
    if (purged.outcome === 'busy') break
    messages += purged.messages
    if (purged.next === null) break
    after = purged.next
  }
  return messages
}
