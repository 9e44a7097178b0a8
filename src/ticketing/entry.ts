import type { Authenticity } from '../message/authenticity/authenticity.ts'
import type { Address, ParsedMessage } from '../message/parsed-message.ts'
import type { Understood } from '../store/messages.ts'
import type { NewEntry } from '../store/tickets.ts'
import { type Ruling, toldOf } from './fate.ts'

/** More recipients than this is a mailing, not a conversation: the first ones take part, as the header has them. */
export const PARTICIPANTS_LIMIT = 100

/**
 * What a mail adds to a ticket. An address of ours (`isOwn`) takes part, for people answer from it, but is nobody's
 * request where Reply-To names it; whoever forges it is not let in (sender.ts).
 */
export function entryOf(
  mail: ParsedMessage,
  authenticity: Authenticity,
  ruling: Ruling,
  isOwn: (address: string) => boolean,
): NewEntry {
  const [from = { name: '', address: '' }] = mail.from
  const recipients = [...labelled('to', mail.to), ...labelled('cc', mail.cc), ...labelled('reply-to', mail.replyTo)]
  const isSomebody = ({ address }: Address) => address !== ''
  const isOthers = (one: Address) => isSomebody(one) && !isOwn(one.address)
  const requester = (ruling.requesterIsReplyTo ? mail.replyTo.find(isOthers) : undefined) ?? from
  const participants = [...mail.from, requester, ...mail.to, ...mail.cc].filter(isSomebody)
  return {
    kind: mail.kind,
    messageId: mail.messageId,
    from,
    requester,
    participants: [...new Set(participants.map(({ address }) => address))].slice(0, PARTICIPANTS_LIMIT),
    recipients: recipients.slice(0, PARTICIPANTS_LIMIT),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    reply: mail.reply,
    replyHtml: mail.replyHtml === mail.html ? null : mail.replyHtml,
    sentAt: mail.date,
    attachments: mail.attachments,
    authenticity,
    defects: mail.defects,
    marks: ruling.marks,
    similaritySha256: null,
    told: toldOf(ruling),
  }
}

const labelled = (field: string, addresses: readonly Address[]) => addresses.map((address) => ({ field, ...address }))

/** What is kept of a mail that becomes no ticket. */
export const aboutOf = ({ kind, from, subject }: ParsedMessage): Understood => ({
  kind,
  fromAddress: from[0]?.address ?? '',
  subject,
})
