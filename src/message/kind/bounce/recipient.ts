import type { DeliveryRecipient } from '../../parsed-message.ts'
import { storableText } from '../../storable-text.ts'

const DIAGNOSTIC_MAX_CHARACTERS = 1000
const ADDRESS_MAX_CHARACTERS = 320

/** `said`: what the server said; `action` as a field has it, or null. */
export function recipient(
  address: string,
  action: string | null,
  found: string | null,
  said: string,
): DeliveryRecipient {
  const known = ACTIONS.find(([like]) => like.test(action ?? ''))?.[1]
  const diagnostic = storableText(said.replace(/\s+/g, ' ').trim(), DIAGNOSTIC_MAX_CHARACTERS)
  return {
    address: storableText(address, ADDRESS_MAX_CHARACTERS),
    action: known ?? (found?.startsWith('2') ? 'delivered' : 'failed'),
    // RFC 3463: what is not known to be temporary is not.
    status: found ?? (known === undefined ? '5.0.0' : null),
    diagnostic: diagnostic === '' ? null : diagnostic,
  }
}

const ACTIONS: readonly (readonly [RegExp, DeliveryRecipient['action']])[] = [
  [/^\W*delay/i, 'delayed'],
  [/^\W*deliver(?:ed|y|able)\b/i, 'delivered'],
  [/^\W*relay/i, 'relayed'],
  [/^\W*expand/i, 'expanded'],
]
