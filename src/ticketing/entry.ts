import type { Authenticity } from '../message/authenticity/authenticity.ts'
import type { Address, ParsedMessage } from '../message/parsed-message.ts'
import type { NewEntry } from '../store/tickets.ts'
import type { Ruling } from './fate.ts'

/** What a mail adds to a ticket. */
export function entryOf(mail: ParsedMessage, authenticity: Authenticity, ruling: Ruling): NewEntry {
  const [from = { name: '', address: '' }] = mail.from
  const recipients = [...labelled('to', mail.to), ...labelled('cc', mail.cc), ...labelled('reply-to', mail.replyTo)]
  const addresses = [...mail.from, ...mail.to, ...mail.cc].map(({ address }) => address)
  return {
    kind: mail.kind,
    messageId: mail.messageId,
    from,
    requester: (ruling.requesterIsReplyTo ? mail.replyTo[0] : undefined) ?? from,
    participants: [...new Set(addresses)].filter((address) => address !== '').slice(0, PARTICIPANTS_LIMIT),
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
  }
}

const labelled = (field: string, addresses: readonly Address[]) => addresses.map((address) => ({ field, ...address }))

/** More recipients than this is a mailing, not a conversation. */
const PARTICIPANTS_LIMIT = 100
