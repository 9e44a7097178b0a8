import type { Outcome } from './outcome.ts'
import type { Process } from './process.ts'

/**
 * Who waits for whom within this process. A message is worked once at a time, and one that goes first is waited for;
 * but never in a circle: References can name each other, if only in a forgery.
 */
export interface Turns {
  readonly run: Process
  /** Resolves when the other message was worked, or at once if it waits for this one. Its failure is its own job's. */
  first(forId: string, otherId: string, signal: AbortSignal): Promise<void>
}

/** Longer chains come about by forgery: each link holds a message in memory, so beyond this nobody waits. */
const CHAIN_LIMIT = 50

export function createTurns(work: Process): Turns {
  const running = new Map<string, Promise<Outcome>>()
  const waitsFor = new Map<string, string>()
  const run: Process = (id, options) => {
    const current = running.get(id)
    if (current !== undefined) return current
    const started = work(id, options).finally(() => running.delete(id))
    running.set(id, started)
    return started
  }
  const depths = new Map<string, number>()
  const waitsForMe = (id: string, otherId: string) => {
    for (let at: string | undefined = otherId; at !== undefined; at = waitsFor.get(at)) if (at === id) return true
    return false
  }
  const first: Turns['first'] = async (forId, otherId, signal) => {
    const depth = (depths.get(forId) ?? 0) + 1
    if (depth > CHAIN_LIMIT || waitsForMe(forId, otherId)) return
    waitsFor.set(forId, otherId)
    depths.set(otherId, depth)
    try {
      await run(otherId, { isLastAttempt: false, stalls: 0, signal })
    } catch {
      // Told by its own job, which tries again; this message need not fail with it.
    } finally {
      waitsFor.delete(forId)
      depths.delete(otherId)
    }
  }
  return { run, first }
}
