import type { Store } from '../store/store.ts'

/** Of a second at most, also the first time, over years of events. */
const EVENTS_AT_ONCE = 50_000

/** Counts all events that are sealed and not counted yet. */
export async function countOutcomes({ tally }: Pick<Store, 'tally'>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await tally.next(EVENTS_AT_ONCE)));
}
