import type { DeliveryRecipient } from '../../parsed-message.ts'
import { addressIn } from './addresses.ts'
import type { Original } from './original.ts'
import { recipient } from './recipient.ts'
import { statusOf } from './status.ts'
import type { StatusGroup } from './status-fields.ts'

/** RFC 3464 section 2.3; null: no field names anybody. */
export function fromFields(groups: readonly StatusGroup[], original: Original): DeliveryRecipient[] | null {
  const recipients = new Map<string, DeliveryRecipient>()
  for (const group of groups) {
    const diagnostic = (group.get('diagnostic-code') ?? '').replace(TYPE_OF_CODE, '')
    const address = recipientOf(group, diagnostic, original)
    if (address === null) continue
    const key = address.toLowerCase()
    const status = statusOf(group.get('status') ?? null, diagnostic)
    if (!recipients.has(key)) recipients.set(key, recipient(address, group.get('action') ?? null, status, diagnostic))
  }
  return recipients.size === 0 ? null : [...recipients.values()]
}

/** RFC 3464 section 2.3.6: `smtp; 550 ...`. */
export const TYPE_OF_CODE = /^[a-z0-9-]{1,30}\s*;\s*/i

/** Whom the server tried; else as the sender wrote it; else as the server names it. */
function recipientOf(group: StatusGroup, diagnostic: string, { recipients }: Original): string | null {
  const named = ['final-recipient', 'original-recipient', 'x-actual-recipient'].map((name) => {
    const value = group.get(name) ?? ''
    return addressIn(value.slice(value.indexOf(';') + 1))
  })
  return (
    named.find((each) => each !== null) ?? (recipients.length === 1 ? recipients[0] : null) ?? addressIn(diagnostic)
  )
}
