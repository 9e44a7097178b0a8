import { dateField } from '../parse/date-field.ts'
import type { HeaderFields } from './header-fields.ts'

/**
 * Who wrote a message when: the instant of its Date and the address of its From, which stay the same where servers
 * write the same message in other octets (another time zone, another display name, other folds). null where one of
 * them is missing or cannot be read. Not unique: with the Message-ID it tells one message, without it hardly.
 */
export function identityOf({ date, from }: Pick<HeaderFields, 'date' | 'from'>): string | null {
  const instant = date === null ? null : dateField(date)
  const address = from === null ? null : addressOf(from.slice(0, FROM_CHARACTERS))
  return instant === null || address === null ? null : `${instant} ${address}`
}

const FROM_CHARACTERS = 4000
const COMMENT = /\([^()]*\)/g
/** A display name; before an @ it is a local-part. */
const QUOTED = /"(?:[^"\\]|\\.)*"(?!@)/gs
const ANGLE_ADDRESS = /<([^<>]*@[^<>]*)>/
const BARE_ADDRESS = /[^\s,;:<>]+@[^\s,;:<>]+/

/** addr-spec of the first mailbox (RFC 5322 section 3.4.1), without regard to case. */
function addressOf(from: string): string | null {
  const plain = from.replace(COMMENT, ' ').replace(QUOTED, ' ')
  const address = ANGLE_ADDRESS.exec(plain)?.[1] ?? BARE_ADDRESS.exec(plain)?.[0]
  return address?.replace(/\s+/g, '').toLowerCase() ?? null
}
