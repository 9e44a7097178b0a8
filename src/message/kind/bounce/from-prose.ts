import type { DeliveryRecipient, MailContent } from '../../parsed-message.ts'
import type { Evidence } from '../evidence.ts'
import { addressIn } from './addresses.ts'
import { isDelayed, isGivenUp } from './marks.ts'
import type { Original } from './original.ts'
import { localRecipients, type Named, namedRecipients } from './prose.ts'
import { recipient } from './recipient.ts'
import { hasCode, type StatusClass, statusOf } from './status.ts'
import { RECIPIENTS_MAX } from './status-fields.ts'

/** Of a notice without the fields of RFC 3464: whom its words name, and what they say of each, or of all. */
export function fromProse(evidence: Evidence, lines: readonly string[], original: Original): DeliveryRecipient[] {
  const { content, subject } = evidence
  const text = lines.join('\n').slice(0, 4000)
  const action = isDelayed(subject, text) ? 'delayed' : 'failed'
  const hint: StatusClass | null = action === 'delayed' ? '4' : isGivenUp(text) ? '5' : null
  const nobody = new Set([...own(content), ...original.senders])
  const isNobody = (address: string) => nobody.has(address)
  const named = concerned(evidence, namedRecipients(lines, isNobody), lines, original, isNobody)
  const shared = statusOf(null, text, hint)
  return named.map(({ address, diagnostic }) => {
    // What is said to one recipient alone may stand anywhere.
    const isTold = hasCode(diagnostic) || (named.length > 1 && statusOf(null, diagnostic) !== null)
    const status = isTold ? statusOf(null, diagnostic, hint) : shared
    return recipient(address, action, status, isTold ? diagnostic : `${diagnostic} ${text}`)
  })
}

/** X-Failed-Recipients tells whom; the text tells why. Else those the text names, else the only one it was sent to. */
function concerned(
  { content, domain }: Evidence,
  named: readonly Named[],
  lines: readonly string[],
  original: Original,
  isNobody: (address: string) => boolean,
): readonly Named[] {
  const failed = content.header
    .filter(({ name }) => name === 'x-failed-recipients')
    .flatMap(({ value }) => value.split(','))
    .map(addressIn)
    .filter((each) => each !== null)
  if (failed.length > 0) {
    const known = new Map(named.map((each) => [each.address.toLowerCase(), each.diagnostic]))
    const unique = new Map(failed.map((address) => [address.toLowerCase(), address]))
    return [...unique].slice(0, RECIPIENTS_MAX).map(([key, address]) => ({ address, diagnostic: known.get(key) ?? '' }))
  }
  if (named.length > 0) return named
  const only = onlyRecipient(original, isNobody)
  return only === null ? localRecipients(lines, domain) : [{ address: only, diagnostic: '' }]
}

/** Whom the report went to. */
const own = ({ to, cc, from, header }: MailContent): string[] => [
  ...[...to, ...cc, ...from].map(({ address }) => address.toLowerCase()),
  ...header.filter(({ name }) => name === 'delivered-to').map(({ value }) => value.toLowerCase()),
]

/** Where nothing else tells, a mail to one recipient is about that one. */
function onlyRecipient({ recipients }: Original, isNobody: (address: string) => boolean): string | null {
  const [first, ...others] = [...new Set(recipients)].filter((each) => !isNobody(each))
  return first !== undefined && others.length === 0 ? first : null
}
