/** Beyond this Microsoft and others refuse what was made, and certificates begin to fail. */
const CLOCK_TOLERANCE_SECONDS = 5 * 60

/** Of the header Date (RFC 9110 section 6.6.1). */
export function aheadSeconds(date: string | null, now: Date): number | null {
  const at = date === null ? Number.NaN : Date.parse(date)
  return Number.isNaN(at) ? null : Math.round((at - now.getTime()) / 1000)
}

export const isClockWrong = (skewSeconds: number | null): skewSeconds is number =>
  skewSeconds !== null && Math.abs(skewSeconds) > CLOCK_TOLERANCE_SECONDS
