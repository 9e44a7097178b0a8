import type { ConnectionLimits } from '../connection.ts'
import type { ReplyLimits } from '../reply-clock.ts'

/**
 * How long and how much a session bears before it ends in a typed error. The times are generous: a logon at
 * Exchange Online takes many seconds.
 */
export interface ImapLimits extends ConnectionLimits, ReplyLimits {
  readonly greetingMs: number
  /** From the greeting to the open folder. */
  readonly loginMs: number
  /** From a command to the first octet of its reply. */
  readonly replyMs: number
  /** From connecting to the end of LOGOUT. */
  readonly sessionMs: number
  /** A larger message comes in pieces of this size, so that memory holds one of them and not the message. */
  readonly pieceOctets: number
  /** Messages asked for with one FETCH, and how large they may be together. */
  readonly batchMessages: number
  readonly batchOctets: number
  /** Of one line of a reply, octets of literals not counted. */
  readonly lineOctets: number
  /** What a reply may be longer than what was asked for. */
  readonly chatterOctets: number
  readonly listingOctets: number
  /** Rows are short: octets alone would let a lying server fill the memory of all mailboxes. */
  readonly listedMessages: number
}

export const IMAP_LIMITS: ImapLimits = {
  connectMs: 30_000,
  handshakeMs: 60_000,
  greetingMs: 60_000,
  loginMs: 120_000,
  replyMs: 60_000,
  idleMs: 60_000,
  replyGraceMs: 120_000,
  minOctetsPerSecond: 2_048,
  sessionMs: 30 * 60_000,
  pieceOctets: 4 * 1_024 * 1_024,
  batchMessages: 128,
  batchOctets: 16 * 1_024 * 1_024,
  lineOctets: 256 * 1_024,
  chatterOctets: 4 * 1_024 * 1_024,
  listingOctets: 512 * 1_024 * 1_024,
  listedMessages: 2_000_000,
}
