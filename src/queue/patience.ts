import { setTimeout as passed } from 'node:timers/promises'

const FIRST_PAUSE_MILLISECONDS = 100
const LONGEST_PAUSE_MILLISECONDS = 10_000

/** Rejects as what is asked does, after a pause that doubles with each time in a row; `closing` ends it. */
export type Patiently = <T>(ask: () => Promise<T>) => Promise<T>

export function createPatience(closing: AbortSignal): Patiently {
  let refusals = 0
  return async (ask) => {
    try {
      const answer = await ask()
      refusals = 0
      return answer
    } catch (error) {
      const pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** refusals++, LONGEST_PAUSE_MILLISECONDS)
      await passed(pause, undefined, { signal: closing }).catch(() => undefined)
      throw error
    }
  }
}
