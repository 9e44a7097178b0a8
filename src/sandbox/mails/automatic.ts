import { dateField, letter, mail, multipart, type Part, raw, type SampleMail, SUPPORT, text } from './compose.ts'
import { encodedWords } from './transfer.ts'

/** Mails that no person wrote: an absence note, a bounce, a read receipt. */
export function automaticMails(): readonly SampleMail[] {
  return [autoReply(), bounce(), readReceipt()]
}

function autoReply(): SampleMail {
  const fields = [
    ...letter(
      'Martin Keller <martin.keller@keller-bau.example>',
      encodedWords('Automatische Antwort: Ihr Ticket – Rückfrage', 'utf-8', 'Q'),
      '2026-11-04 07:00:03',
      'auto-77@keller-bau.example',
    ),
    ['In-Reply-To', '<ticket-5501@mailchute.example>'],
    ['Auto-Submitted', 'auto-replied'],
    ['X-Auto-Response-Suppress', 'All'],
    ['Precedence', 'bulk'],
  ] as const
  const body = 'Ich bin bis zum 16.11. nicht im Büro. In dringenden Fällen: zentrale@keller-bau.example\n'
  return mail('auto-reply', 'an absence note (RFC 3834)', fields, text(body, 'utf-8', 'quoted-printable'))
}

/** RFC 3464: a report to people, one to machines, and the header of the mail it is about. */
function bounce(): SampleMail {
  const fields = [
    ['Return-Path', '<>'],
    ...letter(
      'Mail Delivery System <MAILER-DAEMON@mx.keller-bau.example>',
      'Undelivered Mail Returned to Sender',
      '2026-11-04 07:12:00',
      '20261104061200.5C1D@mx.keller-bau.example',
    ),
    ['Auto-Submitted', 'auto-replied'],
  ] as const
  const words = `This is the mail system at host mx.keller-bau.example.

<buero@keller-bau.example>: host 203.0.113.9 said: 550 5.1.1 User unknown
`
  const status = typed(
    'message/delivery-status',
    [
      'Reporting-MTA: dns; mx.keller-bau.example',
      'Arrival-Date: Wed, 04 Nov 2026 07:11:58 +0100',
      '',
      'Final-Recipient: rfc822; buero@keller-bau.example',
      'Action: failed',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp; 550 5.1.1 User unknown',
      '',
    ].join('\r\n'),
  )
  const original = [
    `From: ${SUPPORT}`,
    'To: buero@keller-bau.example',
    'Subject: [#5501] We received your request',
    `Date: ${dateField('2026-11-04 07:11:50')}`,
    'Message-ID: <ticket-5501@mailchute.example>',
    '',
  ].join('\r\n')
  const parts = [text(words, 'us-ascii', '7bit'), status, typed('text/rfc822-headers', original)]
  return mail('bounce', 'a delivery status notification (RFC 3464)', fields, report('delivery-status', parts))
}

/** RFC 8098. */
function readReceipt(): SampleMail {
  const fields = letter(
    'Ingrid Moe <ingrid@moe-design.example>',
    'Read: [#5500] We received your request',
    '2026-11-04 07:30:00',
    'mdn-5500@moe-design.example',
  )
  const disposition = typed(
    'message/disposition-notification',
    [
      'Reporting-UA: moe-design.example; Mailer 4.1',
      'Final-Recipient: rfc822;ingrid@moe-design.example',
      'Original-Message-ID: <ticket-5500@mailchute.example>',
      'Disposition: manual-action/MDN-sent-manually; displayed',
      '',
    ].join('\r\n'),
  )
  const words = text('Your message was displayed. This is no guarantee that it was read.\n', 'us-ascii', '7bit')
  const part = report('disposition-notification', [words, disposition])
  return mail('read-receipt', 'a message disposition notification (RFC 8098)', fields, part)
}

/** RFC 6522. */
function report(type: string, parts: readonly Part[]): Part {
  return multipart(`report; report-type=${type}`, parts)
}

function typed(contentType: string, body: string): Part {
  return { ...raw(body), fields: [['Content-Type', contentType]] }
}
