/**
 * An acknowledgement as octets, with the header that RFC 3834 section 3.1 asks for. What a stranger wrote gets into it
 * as the subject and, where an own template says so, as a name: each one line, bounded, and without what reorders text.
 */
import MailComposer from 'nodemailer/lib/mail-composer'
import type { AcknowledgeConfig } from '../config.ts'
import { threadFields } from '../message/header/thread-fields.ts'
import { wireAddress } from '../message/wire-address.ts'
import type { Claimed } from '../store/outbox.ts'
import { fill, type Templates, type Values } from './templates.ts'

export interface Letterhead {
  readonly from: AcknowledgeConfig['from']
  /** null: answers go to `from`. */
  readonly replyTo: string | null
}

export async function composeAcknowledgement(
  mail: Claimed,
  { from, replyTo }: Letterhead,
  templates: Templates,
  date: Date,
): Promise<Buffer> {
  const template = templates.choose(mail.language)
  const subject = oneLine(mail.ticketSubject, SUBJECT_MAX_CHARACTERS)
  const name = oneLine(mail.name, NAME_MAX_CHARACTERS)
  const values: Values = { ticket: String(mail.ticketNumber), subject, name: name === '' ? mail.recipient : name }
  const composer = new MailComposer({
    from: { name: from.name, address: from.address },
    ...(replyTo === null ? {} : { replyTo: { name: from.name, address: replyTo } }),
    to: { name: '', address: wireAddress(mail.recipient) },
    subject: `[#${mail.ticketNumber}] ${subject === '' ? template.subject : subject}`,
    date,
    messageId: mail.messageId,
    ...answering(mail.answeredHead),
    headers: {
      'Auto-Submitted': 'auto-replied',
      'X-Auto-Response-Suppress': 'All',
      'Content-Language': template.language,
    },
    text: fill(template.text, values, false),
    ...(template.html === null ? {} : { html: fill(template.html, values, true) }),
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: '\r\n',
  })
  return composer.compile().build()
}

const SUBJECT_MAX_CHARACTERS = 150
const NAME_MAX_CHARACTERS = 80
/** Of one header line the limit is 998 octets (RFC 5322 section 2.1.1), and a msg-id cannot be folded. */
const MSG_ID = /^<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>$/
const REFERENCES_LIMIT = 20

/** RFC 5322 section 3.6.4: the references of the mail that is answered, and that mail itself. */
function answering(head: Buffer): { inReplyTo?: string; references?: string[] } {
  const { messageId, references } = threadFields(head)
  if (messageId === null || !MSG_ID.test(messageId)) return {}
  const earlier = references.filter((id) => MSG_ID.test(id) && id !== messageId)
  return { inReplyTo: messageId, references: [...earlier.slice(-REFERENCES_LIMIT), messageId] }
}

/** Controls, line ends of every kind, and the marks that turn the direction of writing (UAX 9). */
const NOT_IN_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\s]+/gu

function oneLine(text: string, maxCharacters: number): string {
  const line = text.replace(NOT_IN_A_LINE, ' ').trim()
  const characters = [...line]
  return characters.length <= maxCharacters
    ? line
    : `${characters
        .slice(0, maxCharacters - 1)
        .join('')
        .trimEnd()}…`
}
