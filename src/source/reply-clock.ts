export interface ReplyLimits {
  /** Between two octets of one reply. */
  readonly idleMs: number
  /** A whole reply gets this long, and on top of it the time its octets take at `minOctetsPerSecond`. */
  readonly replyGraceMs: number
  readonly minOctetsPerSecond: number
}

export type Overdue = 'first octet' | 'next octet' | 'end of the reply'

/**
 * Watches the reply that is due: its first octet, the gaps between octets, and its whole. The last one grows with
 * the octets, so that a server which sends one a minute ends in an error and a big message does not.
 * Stands still while the receiver makes the server wait. What came while this process was held up came in time.
 */
export class ReplyClock {
  readonly #limits: ReplyLimits
  readonly #overdue: (what: Overdue) => void
  #timer: NodeJS.Timeout | null = null
  #look: NodeJS.Immediate | null = null
  #wakesAt = 0
  #due: Due | null = null
  #pausedAt: number | null = null

  constructor(limits: ReplyLimits, overdue: (what: Overdue) => void) {
    this.#limits = limits
    this.#overdue = overdue
  }

  /** A reply is due from now on. */
  expect(firstOctetMs: number, expectedOctets: number): void {
    this.#due = { since: performance.now(), firstOctetMs, expectedOctets, octets: 0, lastOctetAt: null }
    this.#wakeInTime()
  }

  /** Nothing is due. */
  rest(): void {
    this.#due = null
  }

  received(octets: number): void {
    if (this.#due === null) return
    const now = performance.now()
    if (this.#due.lastOctetAt === null) this.#due.since = now
    this.#due.lastOctetAt = now
    this.#due.octets += octets
    if (this.#due.octets === octets) this.#wakeInTime()
  }

  pause(): void {
    this.#pausedAt = performance.now()
  }

  resume(): void {
    if (this.#pausedAt !== null && this.#due !== null) {
      const pausedMs = performance.now() - this.#pausedAt
      this.#due.since += pausedMs
      if (this.#due.lastOctetAt !== null) this.#due.lastOctetAt += pausedMs
    }
    this.#pausedAt = null
    this.#wakeInTime()
  }

  stop(): void {
    this.#due = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#look !== null) clearImmediate(this.#look)
    this.#look = null
  }

  /** The timer is left alone unless it would ring too late: most deadlines are moved by octets before they come. */
  #wakeInTime(): void {
    const next = this.#next()
    if (next === null || (this.#timer !== null && this.#wakesAt <= next.at)) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#wakesAt = next.at
    this.#timer = setTimeout(() => this.#ring(), Math.max(1, Math.ceil(next.at - performance.now())))
  }

  /** Timers come before input in a turn of the event loop, so what has arrived by now is read before the verdict. */
  #ring(): void {
    this.#timer = null
    this.#look = setImmediate(() => this.#judge())
  }

  #judge(): void {
    this.#look = null
    const next = this.#next()
    if (next === null) return
    if (performance.now() >= next.at) this.#overdue(next.what)
    else this.#wakeInTime()
  }

  #next(): { at: number; what: Overdue } | null {
    if (this.#due === null || this.#pausedAt !== null) return null
    const { since, firstOctetMs, lastOctetAt, octets, expectedOctets } = this.#due
    if (lastOctetAt === null) return { at: since + firstOctetMs, what: 'first octet' }
    const { idleMs, replyGraceMs, minOctetsPerSecond } = this.#limits
    const gapEndsAt = lastOctetAt + idleMs
    const replyEndsAt = since + replyGraceMs + (Math.max(octets, expectedOctets) / minOctetsPerSecond) * 1_000
    return gapEndsAt <= replyEndsAt
      ? { at: gapEndsAt, what: 'next octet' }
      : { at: replyEndsAt, what: 'end of the reply' }
  }
}

interface Due {
  /** When the reply became due; once it has begun, when it began. */
  since: number
  readonly firstOctetMs: number
  readonly expectedOctets: number
  octets: number
  lastOctetAt: number | null
}
