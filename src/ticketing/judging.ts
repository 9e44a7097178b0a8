import { DEFAULT_POLICY } from '../config/policy.ts'
import type { MailboxPolicy } from '../config.ts'
import { type Authenticity, NOT_LOOKED_AT } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import { createTicketTokens } from '../message/ticket-token.ts'
import { type Acknowledging, NOTHING_ACKNOWLEDGED } from './acknowledge.ts'
import { NO_RULING, type Ruling } from './fate.ts'
import type { OpenTicketTokens } from './named.ts'
import type { ParseSource } from './parse-pool.ts'

/** What a worker goes by; each has a default that changes nothing. */
export interface Judging {
  readonly acknowledging: Acknowledging
  /** Never rejects but with the signal's reason: what cannot be found out is unknown. */
  readonly authenticate: (source: ParseSource, mailboxId: string, signal: AbortSignal) => Promise<Authenticity>
  readonly rules: (mail: ParsedMessage, authenticity: Authenticity, mailboxId: string) => Ruling
  readonly policyOf: (mailboxId: string) => MailboxPolicy
  readonly ticketTokens: OpenTicketTokens
}

export const UNJUDGED: Judging = {
  acknowledging: NOTHING_ACKNOWLEDGED,
  authenticate: async () => NOT_LOOKED_AT,
  rules: () => NO_RULING,
  policyOf: () => DEFAULT_POLICY,
  ticketTokens: async () => NO_TOKENS,
}

const NO_TOKENS = createTicketTokens([])
