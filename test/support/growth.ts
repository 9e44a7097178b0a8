const TIMES = 8
const TRIES = 5
/** Between eight times as much for what is linear and 64 times for what is quadratic. */
const FACTOR = 24
/** Below this a clock tells nothing. */
const NOTHING_MICROSECONDS = 20_000

/**
 * Whether eight times as much takes no more than a few times eight as long: a ratio of processor time of this thread,
 * in the best of some tries, so that it depends neither on the machine nor on what else runs there.
 */
export function growsLinearly(work: (length: number) => void, length: number): boolean {
  work(length)
  for (let tries = 0; tries < TRIES; tries++) {
    const few = cost(() => work(length))
    const many = cost(() => work(length * TIMES))
    if (many <= Math.max(few * FACTOR, NOTHING_MICROSECONDS)) return true
  }
  return false
}

function cost(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}
