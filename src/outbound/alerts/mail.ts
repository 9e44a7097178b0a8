import { randomUUID } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Tokens } from '../../access/tokens.ts'
import type { MailboxConfig, SmtpConfig } from '../../config.ts'
import { wireAddress } from '../../message/wire-address.ts'
import { connectSmtp } from '../connect.ts'
import type { Words } from './wording.ts'

export interface AlertMail {
  readonly to: readonly string[]
  readonly mailbox: MailboxConfig
  readonly smtp: SmtpConfig
}

/** Over the SMTP server of that mailbox, one mail for each address. Rejects with `outbound/*`. */
export async function mailAlert(
  tokens: Pick<Tokens, 'accessToken'>,
  { to, mailbox, smtp }: AlertMail,
  words: Words,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const from = wireAddress(mailbox.acknowledge?.from.address ?? smtp.user)
  await using session = await connectSmtp(tokens, mailbox, smtp, signal)
  for (const recipient of to) {
    const octets = await compose(from, wireAddress(recipient), words, now)
    await session.send({ from, to: wireAddress(recipient) }, octets)
  }
}

/** RFC 3834 section 5: nobody's program answers it, and ours opens no ticket of it. */
function compose(from: string, to: string, { headline, text }: Words, date: Date): Promise<Buffer> {
  const composer = new MailComposer({
    from: { name: 'Mailchute', address: from },
    to: { name: '', address: to },
    subject: headline,
    date,
    messageId: `<${randomUUID()}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    text: `${text}\n`,
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: '\r\n',
  })
  return composer.compile().build()
}
