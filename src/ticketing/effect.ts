/**
 * What a mail does once it is understood: it leaves `received` for a ticket, for none, or for a person. One statement
 * writes it (I3).
 */
import type { Authenticity } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Waiting } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import type { Judging } from './judging.ts'
import type { Outcome } from './outcome.ts'
import { fateUnlessReleased } from './released.ts'
import { settleWithoutTicket } from './settle.ts'
import { toTicket } from './to-ticket.ts'

/** A message that waits, and all that is known of it. */
export interface Known {
  readonly waiting: Waiting
  readonly mail: ParsedMessage
  readonly authenticity: Authenticity
  /** Nobody tries again by itself. */
  readonly isLastAttempt: boolean
  /** Resolves when another message that waits was worked, as far as it can be now. */
  readonly first: (inboundMessageId: string) => Promise<void>
}

export async function effect(store: Store, judging: Judging, known: Known): Promise<Outcome> {
  const { waiting, mail } = known
  const ruling = await judging.rules(known)
  const { fate, reason } = await fateUnlessReleased(store, waiting.id, mail, ruling)
  if (fate === 'ticket') return judging.unlessLoop(known, (alike) => toTicket(store, judging, known, ruling, alike))
  return settleWithoutTicket(store, judging, known, { fate, reason, ruling })
}
