import { setTimeout as delay } from 'node:timers/promises'
import type { Audit, Horizon } from '../store/audit.ts'

const LOOK_MILLISECONDS = 20

/**
 * An event, after `after`, below which nothing can come any more; `after` itself where there is none after it. null: a
 * transaction that began before the newest event is still open, for longer than one waits here.
 */
export type Settled = (after: bigint, signal: AbortSignal, patienceMilliseconds: number) => Promise<bigint | null>

/** Of one process: it remembers what it waits for, so that one long transaction after another cannot hinder it for ever. */
export function createSettled(audit: Pick<Audit, 'horizon' | 'isReached'>): Settled {
  let pending: Horizon | null = null
  const settled: Settled = async (after, signal, patienceMilliseconds) => {
    if (pending !== null && pending.eventId <= after) pending = null
    pending ??= await audit.horizon(after)
    if (pending === null) return after
    const reached = await comes(audit, pending, signal, patienceMilliseconds)
    if (reached === false) return null
    const { eventId } = pending
    pending = null
    return reached === null ? await settled(after, signal, patienceMilliseconds) : eventId
  }
  return settled
}

async function comes(
  audit: Pick<Audit, 'isReached'>,
  horizon: Horizon,
  signal: AbortSignal,
  patienceMilliseconds: number,
): Promise<boolean | null> {
  const until = performance.now() + patienceMilliseconds
  for (;;) {
    const reached = await audit.isReached(horizon)
    if (reached !== false) return reached
    if (performance.now() >= until) return false
    await delay(LOOK_MILLISECONDS, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return false
  }
}
