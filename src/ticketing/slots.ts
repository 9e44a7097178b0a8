/** Lets a bounded number in at a time, first come first served. */
export interface Slots {
  /** Resolves with the function that gives the slot back; rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>
}

export function createSlots(count: number): Slots {
  let free = count
  const waiting = new Set<() => void>()
  // Handed on directly: whoever comes anew cannot slip in before the one that waits.
  const giveBack = (): void => {
    const [next] = waiting
    if (next) next()
    else free++
  }
  const take = async (signal: AbortSignal): Promise<() => void> => {
    signal.throwIfAborted()
    if (free > 0) free--
    else await turn(waiting, signal)
    return oneTime(giveBack)
  }
  return { take }
}

function turn(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.delete(enter)
      signal.removeEventListener('abort', abort)
    }
    const enter = (): void => {
      leave()
      resolve()
    }
    const abort = (): void => {
      leave()
      reject(signal.reason)
    }
    waiting.add(enter)
    signal.addEventListener('abort', abort)
  })
}

function oneTime(act: () => void): () => void {
  let done = false
  return () => {
    if (!done) act()
    done = true
  }
}
