/** What a bounce says: which mail, which recipients, and why. Pure, total, linear in what is looked at. */

import type { Delivery, DeliveryRecipient, MailContent } from '../../parsed-message.ts'
import type { Evidence } from '../evidence.ts'
import { fromFields, TYPE_OF_CODE } from './from-fields.ts'
import { fromProse } from './from-prose.ts'
import { noticeOf } from './notice.ts'
import { namedMessageId, type Original, originalOf } from './original.ts'
import { recipient } from './recipient.ts'
import { type SesNotification, sesNotification } from './ses-notification.ts'
import { type StatusClass, statusOf } from './status.ts'

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
  const prose = () => fromProse(evidence, notice.lines, original)
  const fields = fromFields(evidence.statusGroups, original)
  const found = fields === null ? prose() : fields.some(isBare) ? told(fields, prose()) : fields
  const recipients = [...found].sort((one, other) => ORDER.indexOf(one.action) - ORDER.indexOf(other.action))
  const messageId = original.thread.messageId ?? namedMessageId(notice.lines) ?? content.inReplyTo[0] ?? null
  return {
    delivery: { temporary: isTemporary(recipients), originalMessageId: messageId, recipients },
    reportsOn: idsOf(messageId, original, content),
  }
}

/** Fields that say no more than that it failed. */
const isBare = ({ status, diagnostic }: DeliveryRecipient): boolean =>
  diagnostic === null && (status === null || /^\d\.0\.0$/.test(status))

/** With what the text says of the same recipients. */
function told(fields: readonly DeliveryRecipient[], prose: readonly DeliveryRecipient[]): DeliveryRecipient[] {
  const said = new Map(prose.map((each) => [each.address.toLowerCase(), each]))
  return fields.map((field) => {
    const words = isBare(field) ? said.get(field.address.toLowerCase()) : undefined
    if (words === undefined) return field
    const agrees = field.status === null || field.status[0] === words.status?.[0]
    return { ...field, status: agrees ? words.status : field.status, diagnostic: words.diagnostic }
  })
}

function fromSes({ recipients, messageId, isTransient }: SesNotification): Reported {
  const hint: StatusClass = isTransient ? '4' : '5'
  const told = recipients.map(({ address, status, diagnostic }) =>
    recipient(address, 'failed', statusOf(status, diagnostic, hint), diagnostic.replace(TYPE_OF_CODE, '')),
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
