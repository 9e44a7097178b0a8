/**
 * Whether it makes sense to ask the DNS. While it does not answer nobody waits for it: a probe in the background finds
 * out when it is back. It is a probe that decides, not the names that mails bring along: a stranger's name servers may
 * be as slow as he likes.
 */
export interface Breaker {
  /** Waits only for the first probe, and not for long. */
  isClosed(): Promise<boolean>
  answered(): void
  /** A look-up failed for a reason that may be the DNS's. */
  failed(): void
}

export interface BreakerOptions {
  /** Whether the DNS answers; never rejects. */
  readonly probe: () => Promise<boolean>
  readonly now?: () => number
  /** The DNS has gone: for those who wait for it. */
  readonly onOpen?: () => void
  readonly firstProbeMilliseconds?: number
}

const OPEN_MILLISECONDS = 30_000
const FAILURES_LIMIT = 5
/** A resolver near by that works has answered by then; a worker that just starts has no time to give away. */
const FIRST_PROBE_MILLISECONDS = 500

export function createBreaker(options: BreakerOptions): Breaker {
  const now = options.now ?? Date.now
  let state: 'unproven' | 'closed' | 'open' = 'unproven'
  let openedAt = 0
  let failures = 0
  let probing: Promise<void> | null = null

  const look = async (): Promise<void> => {
    const answers = await options.probe()
    probing = null
    failures = 0
    if (answers) {
      state = 'closed'
      return
    }
    openedAt = now()
    if (state !== 'open') options.onOpen?.()
    state = 'open'
  }
  const probe = (): Promise<void> => {
    probing ??= look()
    return probing
  }

  const first = Promise.race([probe(), elapsed(options.firstProbeMilliseconds ?? FIRST_PROBE_MILLISECONDS)])
  return {
    isClosed: async () => {
      if (state === 'unproven') await first
      if (state === 'open' && now() - openedAt >= OPEN_MILLISECONDS) void probe()
      return state === 'closed'
    },
    answered: () => {
      failures = 0
    },
    failed: () => {
      failures += 1
      if (state === 'closed' && failures >= FAILURES_LIMIT) void probe()
    },
  }
}

const elapsed = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
