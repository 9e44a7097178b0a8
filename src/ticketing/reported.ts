/** What a report or an automatic answer is about. */
import { addressedTo } from '../message/header/addressed-to.ts'
import type { DeliveryRecipient, ParsedMessage } from '../message/parsed-message.ts'
import { wireAddress } from '../message/wire-address.ts'
import { type About, COMPLAINT, type Returned, type SentMail } from '../store/reports.ts'
import { type OpenTicketTokens, verified } from './named.ts'

type Report = Pick<
  ParsedMessage,
  'kind' | 'delivery' | 'reportsOn' | 'inReplyTo' | 'references' | 'header' | 'to' | 'cc'
>

/** Reports name one mail, and that a few others. */
const MSG_IDS_LIMIT = 50

export async function reportedOn(openTokens: OpenTicketTokens, mail: Report): Promise<About> {
  const { delivery, reportsOn, inReplyTo, references } = mail
  const original = delivery?.originalMessageId ?? reportsOn[0] ?? null
  const named = [original, ...reportsOn, ...inReplyTo, ...references.toReversed()].filter((msgId) => msgId !== null)
  const msgIds = [...new Set(named)].slice(0, MSG_IDS_LIMIT)
  const signed = await verified(openTokens, [...msgIds, ...addressedTo(mail)])
  // Only the mail itself that came back, by our own signature on its msg-id, says anything of where it was sent to.
  const [sent] = original === null ? [] : await verified(openTokens, [original])
  return { signed: signed.map(({ ticketNumber }) => ticketNumber), msgIds, outboxId: sent?.outboxId ?? null }
}

/** null: it does not say that our mail came back. */
export function returnOf(
  { kind, delivery }: Pick<Report, 'kind' | 'delivery'>,
  { id, recipient }: SentMail,
): Returned | null {
  if (kind === 'feedback') return { outboxId: id, status: COMPLAINT, silences: recipient }
  if (kind !== 'delivery-status' || delivery === null) return null
  const failed = delivery.recipients.filter(({ action }) => action === 'failed')
  const exact = failed.find(({ address }) => isSame(address, recipient))
  if (failed.length === 0 && (delivery.temporary || delivery.recipients.length > 0)) return null
  const isForGood = exact !== undefined && !delivery.temporary && isForThatAddress(exact)
  return { outboxId: id, status: (exact ?? failed[0])?.status ?? null, silences: isForGood ? recipient : null }
}

const isSame = (one: string, other: string) => wireAddress(one).toLowerCase() === wireAddress(other).toLowerCase()

/**
 * RFC 3463 and the registry of RFC 5248: nobody is there, the mailbox is disabled, the domain takes no mail; or nothing
 * is told. The others say that this mail was refused: too large, a full mailbox, a policy. 5.1.7 and 5.1.8 are about the
 * sender's address.
 */
const isForThatAddress = ({ status }: DeliveryRecipient) =>
  status === null || /^5\.(0\.0|1\.(?![78]$)\d{1,3}|2\.1|4\.4)$/.test(status)
