import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Store } from '../store/store.ts'
import { type Fate, fateOf, type Ruling } from './fate.ts'

/** Its fate; but an operator who let it through what rules had decided has decided otherwise for good. */
export async function fateUnlessReleased(
  store: Store,
  inboundMessageId: string,
  mail: ParsedMessage,
  ruling: Ruling,
): Promise<Fate> {
  const fate = fateOf(mail, ruling)
  if (ruling.fate === null || ruling.fate === 'ticket') return fate
  const isReleased = await store.messages.wasReleased(inboundMessageId, fate.reason)
  return isReleased ? fateOf(mail, { ...ruling, fate: null }) : fate
}
