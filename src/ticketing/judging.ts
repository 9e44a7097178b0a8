import { DEFAULT_POLICY } from '../config/policy.ts'
import type { MailboxPolicy } from '../config.ts'
import { type Authenticity, NOT_LOOKED_AT } from '../message/authenticity/authenticity.ts'
import type { Address, ParsedMessage } from '../message/parsed-message.ts'
import { createTicketTokens } from '../message/ticket-token.ts'
import type { Waiting } from '../store/messages.ts'
import { type Acknowledging, NOTHING_ACKNOWLEDGED } from './acknowledge.ts'
import { NO_RULING, type Ruling } from './fate.ts'
import type { UnlessLoop } from './loops.ts'
import type { OpenTicketTokens } from './named.ts'
import type { ParseSource } from './parse-pool.ts'

/** What rules are asked about. */
export interface Ruled {
  readonly mail: ParsedMessage
  readonly authenticity: Authenticity
  readonly waiting: Pick<Waiting, 'mailboxId' | 'sizeBytes'>
}

/** What a worker goes by; each has a default that changes nothing. */
export interface Judging {
  readonly acknowledging: Acknowledging
  /**
   * Whether the mail is of `from`. What cannot be found out is unknown: rejects with the signal's reason, or with what
   * reading the octets throws.
   */
  readonly authenticate: (
    source: ParseSource,
    mailboxId: string,
    from: readonly Address[],
    signal: AbortSignal,
  ) => Promise<Authenticity>
  readonly rules: (known: Ruled) => Ruling | Promise<Ruling>
  readonly unlessLoop: UnlessLoop
  readonly policyOf: (mailboxId: string) => MailboxPolicy
  readonly ticketTokens: OpenTicketTokens
}

export const UNJUDGED: Judging = {
  acknowledging: NOTHING_ACKNOWLEDGED,
  authenticate: async () => NOT_LOOKED_AT,
  rules: () => NO_RULING,
  unlessLoop: (_, ticket) => ticket(null),
  policyOf: () => DEFAULT_POLICY,
  ticketTokens: async () => NO_TOKENS,
}

const NO_TOKENS = createTicketTokens([])
