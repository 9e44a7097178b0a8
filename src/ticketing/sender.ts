import type { Trust } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'

/** Who wants to add to a ticket. */
export interface Sender {
  /** Every From address: trust vouches for one of several at most, so all of them have to take part. */
  readonly addresses: readonly string[]
  /** Whether the name is believed at all. */
  readonly isAuthentic: boolean
}

/**
 * Whoever fails DMARC is not who the mail says. An address of our own is a recipient of nearly every mail, so a
 * participant of nearly every ticket: it counts only where it is verified. Nor does an address count that was put in
 * the place of a From which cannot be used. Reply-To never counts.
 */
export function senderOf(
  { from, defects }: Pick<ParsedMessage, 'from' | 'defects'>,
  trust: Trust,
  isOwn: (address: string) => boolean,
): Sender {
  const addresses = [...new Set(from.map(({ address }) => address))].slice(0, ADDRESSES_LIMIT)
  const isStandIn = defects.some((code) => STAND_IN.has(code))
  const isClaimed = trust !== 'verified' && addresses.some(isOwn)
  // Of nobody each would take part.
  const isSomebody = addresses.length > 0
  return { addresses, isAuthentic: isSomebody && trust !== 'failed' && !isStandIn && !isClaimed }
}

/** More than these need not be asked for: they never all take part. */
const ADDRESSES_LIMIT = 101

/** There was no From to be used. */
const STAND_IN: ReadonlySet<string> = new Set(['from-missing', 'from-substituted'])
