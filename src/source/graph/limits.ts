import type { ConnectionLimits } from '../connection.ts'
import type { ReplyLimits } from '../reply-clock.ts'

/** How long and how much a session bears before it ends in a typed error. */
export interface GraphLimits extends ConnectionLimits, ReplyLimits {
  /** From a request to the first octet of its answer: MIME is made while one waits. */
  readonly replyMs: number
  /** From connecting to the end of `commit`. */
  readonly sessionMs: number
  /** Of all waiting for a server that is busy; one that asks for more is left alone until the next poll. */
  readonly throttledMs: number
  /** The shortest wait for it, doubled at each refusal of the same request; Retry-After may ask for more. */
  readonly retryMs: number
  /** An answer in JSON. */
  readonly jsonOctets: number
  readonly listedMessages: number
  readonly listPages: number
  /** Asked for; the server may give less or more at once. */
  readonly pageMessages: number
}

export const GRAPH_LIMITS: GraphLimits = {
  connectMs: 30_000,
  handshakeMs: 60_000,
  replyMs: 120_000,
  idleMs: 60_000,
  replyGraceMs: 120_000,
  minOctetsPerSecond: 2_048,
  sessionMs: 30 * 60_000,
  throttledMs: 60_000,
  retryMs: 1_000,
  jsonOctets: 32 * 1_024 * 1_024,
  listedMessages: 2_000_000,
  listPages: 100_000,
  pageMessages: 500,
}

/** Of one app and mailbox; more are refused with 429 (Microsoft Graph throttling limits, Outlook service). */
export const REQUESTS_AT_ONCE = 4
