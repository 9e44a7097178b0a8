import { setTimeout as delay } from 'node:timers/promises'

import type { Setting } from '../connection.ts'
import type { GraphLimits } from './limits.ts'

/** Answers of a server that asks to come back later; 509 is its limit of octets. */
export const BUSY: ReadonlySet<number> = new Set([429, 503, 504, 509])

/**
 * Waits as long as a busy server asks for. It counts requests by app and mailbox, so one that was refused holds all
 * back. All waiting of a session together is bounded.
 */
export class Throttle {
  readonly #setting: Setting<GraphLimits>
  #until = 0
  #waitedMs = 0

  constructor(setting: Setting<GraphLimits>) {
    this.#setting = setting
  }

  /** Resolves when a request may go out; rejects when the session is called off. */
  async pass(): Promise<void> {
    for (let ms = this.#until - performance.now(); ms > 0; ms = this.#until - performance.now()) {
      await delay(ms, undefined, { signal: this.#setting.lifetime.signal }).catch(() => undefined)
      if (this.#setting.lifetime.signal.aborted) throw this.#setting.lifetime.reason()
    }
  }

  /** Notes a refusal. False: it would take longer than a session waits. */
  refused(retryAfterSeconds: number | null, attempt: number): boolean {
    const { retryMs, throttledMs } = this.#setting.limits
    const ownMs = retryMs * 2 ** Math.min(attempt, 10)
    const now = performance.now()
    const until = now + Math.max(ownMs, (retryAfterSeconds ?? 0) * 1_000)
    const longerMs = until - Math.max(this.#until, now)
    if (longerMs <= 0) return true
    if (this.#waitedMs + longerMs > throttledMs) return false
    this.#waitedMs += longerMs
    this.#until = until
    return true
  }
}

/** RFC 9110 section 10.2.3: seconds or a date. null: it does not say. */
export function retryAfterSeconds(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null
  if (/^\d{1,9}$/.test(header.trim())) return Number(header)
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now.getTime()) / 1_000))
}
