/** What a bounce says: which mail, which recipients, and why. Pure, total, linear in what is looked at. */

import type { Delivery, DeliveryRecipient, MailContent } from '../../parsed-message.ts'
import { storableText } from '../../storable-text.ts'
import type { Evidence } from '../evidence.ts'
import { addressIn } from './addresses.ts'
import { isDelayed, isGivenUp } from './marks.ts'
import { noticeOf } from './notice.ts'
import { namedMessageId, type Original, originalOf } from './original.ts'
import { localRecipients, type Named, namedRecipients } from './prose.ts'
import { type SesNotification, sesNotification } from './ses-notification.ts'
import { type StatusClass, statusOf } from './status.ts'
import { RECIPIENTS_MAX, type StatusGroup } from './status-fields.ts'

export interface Reported {
  readonly delivery: Delivery
  /** The mail that it is about, then those which that one refers to, the newest first. */
  readonly reportsOn: readonly string[]
}

export function reported(evidence: Evidence): Reported {
  const { content } = evidence
  const notice = noticeOf(content.text ?? '')
  const original = originalOf(content, notice.returned)
  const ses = sesNotification(content.text ?? '')
  if (ses !== null) return fromSes(ses)
  const found = fromFields(evidence.statusGroups, original) ?? fromProse(evidence, notice.lines, original)
  const recipients = [...found].sort((one, other) => ORDER.indexOf(one.action) - ORDER.indexOf(other.action))
  const messageId = original.thread.messageId ?? namedMessageId(notice.lines) ?? content.inReplyTo[0] ?? null
  return {
    delivery: { temporary: isTemporary(recipients), originalMessageId: messageId, recipients },
    reportsOn: idsOf(messageId, original, content),
  }
}

function fromSes({ recipients, messageId, isTransient }: SesNotification): Reported {
  const hint: StatusClass = isTransient ? '4' : '5'
  const told = recipients.map(({ address, status, diagnostic }) =>
    recipient(address, 'failed', status, diagnostic.replace(TYPE_OF_CODE, ''), hint),
  )
  return {
    delivery: { temporary: isTemporary(told), originalMessageId: messageId, recipients: told },
    reportsOn: messageId === null ? [] : [messageId],
  }
}

const ORDER: readonly DeliveryRecipient['action'][] = ['failed', 'delayed', 'expanded', 'relayed', 'delivered']

const isTemporary = (recipients: readonly DeliveryRecipient[]): boolean =>
  recipients.length > 0 &&
  recipients.every(({ action, status }) => action === 'delayed' || (status?.startsWith('4') ?? false))

const IDS_MAX = 100

function idsOf(messageId: string | null, { thread }: Original, { inReplyTo, references }: MailContent): string[] {
  const own = messageId === null ? [] : [messageId]
  const ids = [...own, ...thread.inReplyTo, ...thread.references.toReversed(), ...inReplyTo, ...references.toReversed()]
  return [...new Set(ids)].slice(0, IDS_MAX)
}

/** RFC 3464 section 2.3. */
function fromFields(groups: readonly StatusGroup[], original: Original): DeliveryRecipient[] | null {
  const recipients = new Map<string, DeliveryRecipient>()
  for (const group of groups) {
    const diagnostic = (group.get('diagnostic-code') ?? '').replace(TYPE_OF_CODE, '')
    const address = recipientOf(group, diagnostic, original)
    if (address === null) continue
    const key = address.toLowerCase()
    if (!recipients.has(key))
      recipients.set(
        key,
        recipient(address, group.get('action') ?? null, group.get('status') ?? null, diagnostic, null),
      )
  }
  return recipients.size === 0 ? null : [...recipients.values()]
}

/** RFC 3464 section 2.3.6: `smtp; 550 ...`. */
const TYPE_OF_CODE = /^[a-z0-9-]{1,30}\s*;\s*/i

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

function fromProse(evidence: Evidence, lines: readonly string[], original: Original): DeliveryRecipient[] {
  const { content, subject } = evidence
  const text = lines.join('\n').slice(0, 4000)
  const action = isDelayed(subject, text) ? 'delayed' : 'failed'
  const hint: StatusClass | null = action === 'delayed' ? '4' : isGivenUp(text) ? '5' : null
  const nobody = new Set([...own(content), ...original.senders])
  const isNobody = (address: string) => nobody.has(address)
  return concerned(evidence, namedRecipients(lines, isNobody), lines, original, isNobody).map(
    ({ address, diagnostic }) => {
      const isTold = diagnostic !== '' && statusOf(null, diagnostic) !== null
      const said = isTold ? diagnostic : `${diagnostic} ${text}`.trim()
      return recipient(address, action, null, said, hint)
    },
  )
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

const DIAGNOSTIC_MAX_CHARACTERS = 1000
const ADDRESS_MAX_CHARACTERS = 320

function recipient(
  address: string,
  action: string | null,
  status: string | null,
  said: string,
  hint: StatusClass | null,
): DeliveryRecipient {
  const found = statusOf(status, said, hint) ?? (action === 'failed' ? '5.0.0' : null)
  const diagnostic = storableText(said.replace(/\s+/g, ' ').trim(), DIAGNOSTIC_MAX_CHARACTERS)
  return {
    address: storableText(address, ADDRESS_MAX_CHARACTERS),
    action: ACTIONS.find(([like]) => like.test(action ?? ''))?.[1] ?? (found?.startsWith('2') ? 'delivered' : 'failed'),
    status: found,
    diagnostic: diagnostic === '' ? null : diagnostic,
  }
}

const ACTIONS: readonly (readonly [RegExp, DeliveryRecipient['action']])[] = [
  [/^\W*delay/i, 'delayed'],
  [/^\W*deliver(?:ed|y|able)\b/i, 'delivered'],
  [/^\W*relay/i, 'relayed'],
  [/^\W*expand/i, 'expanded'],
]
