/** Something that happens again and again, and somebody who waits for it, with a bound. */
export interface Beats<T> {
  readonly beat: (value: T) => void
  /** Asks at once, and again at each beat, until it is true. Rejects if that takes too long. */
  until(isSo: () => boolean | Promise<boolean>, boundMilliseconds?: number): Promise<void>
  readonly count: number
}

const BOUND_MILLISECONDS = 100_000

export function createBeats<T>(): Beats<T> {
  const waiting: (() => void)[] = []
  let count = 0
  const beat = () => {
    count += 1
    for (const wake of waiting.splice(0)) wake()
  }
  const until = async (isSo: () => boolean | Promise<boolean>, boundMilliseconds = BOUND_MILLISECONDS) => {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new Error(`did not happen within ${boundMilliseconds} ms`)),
      boundMilliseconds,
    )
    try {
      for (;;) {
        const next = new Promise<void>((resolve) => waiting.push(resolve))
        if (await Promise.race([isSo(), late.promise])) return
        await Promise.race([next, late.promise])
      }
    } finally {
      clearTimeout(timer)
    }
  }
  return {
    beat,
    until,
    get count() {
      return count
    },
  }
}
