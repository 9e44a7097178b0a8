import type { ConnectionLimits } from '../connection.ts'
import type { ReplyLimits } from '../reply-clock.ts'

/**
 * How long and how much a session bears before it ends in a typed error. The times are generous: a logon at
 * Exchange Online takes many seconds, and RFC 1939 section 3 lets a server idle for ten minutes.
 */
export interface Pop3Limits extends ConnectionLimits, ReplyLimits {
  readonly greetingMs: number
  /** From a command (or the end of the reply before it) to the first octet of its reply. */
  readonly replyMs: number
  readonly loginReplyMs: number
  readonly quitMs: number
  /** From connecting to the end of QUIT. */
  readonly sessionMs: number
  /** Commands that may wait for their reply at once where the server announces PIPELINING (RFC 2449 section 6.6). */
  readonly window: number
  /** A status line, or a line of a listing; RFC 2449 section 4 allows 512. */
  readonly lineOctets: number
  readonly listingLines: number
  readonly listingOctets: number
}

export const POP3_LIMITS: Pop3Limits = {
  connectMs: 30_000,
  handshakeMs: 60_000,
  greetingMs: 60_000,
  replyMs: 60_000,
  loginReplyMs: 90_000,
  quitMs: 60_000,
  idleMs: 60_000,
  replyGraceMs: 120_000,
  minOctetsPerSecond: 2_048,
  sessionMs: 30 * 60_000,
  window: 64,
  lineOctets: 8 * 1_024,
  listingLines: 2_000_000,
  listingOctets: 256 * 1_024 * 1_024,
}
