const FIRST_SECONDS = 60
const LONGEST_SECONDS = 60 * 60

/**
 * When to try again after so many attempts: doubling, from a minute to an hour, of which a random half is spared so
 * that what failed together does not come back together. `random` is in [0, 1).
 */
export function nextAttemptAt(attempts: number, now: Date, random: number): Date {
  const seconds = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(attempts - 1, 10))
  return new Date(now.getTime() + seconds * (0.5 + random / 2) * 1000)
}
