const FIRST_SECONDS = 60
const LONGEST_SECONDS = 60 * 60

/**
 * How long to wait after so many attempts: doubling, from a minute to an hour, of which a random half is spared so
 * that what failed together does not come back together. `random` is in [0, 1).
 */
export function pauseSeconds(attempts: number, random: number): number {
  return Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(attempts - 1, 10)) * (0.5 + random / 2)
}

export function nextAttemptAt(attempts: number, now: Date, random: number): Date {
  return new Date(now.getTime() + pauseSeconds(attempts, random) * 1000)
}
