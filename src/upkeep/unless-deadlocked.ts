import { isRolledBack } from '../store/pg-errors.ts'

const TRIES = 5

/**
 * Others may lock the same rows in another order; PostgreSQL then ends one of them, and has undone all of it. Whatever else
 * fails is not tried again here: it may have been done, and what is counted would be what was left to do the second time.
 */
export async function unlessDeadlocked<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (thrown) {
      if (!isRolledBack(thrown) || tries === TRIES) throw thrown
    }
  }
}
