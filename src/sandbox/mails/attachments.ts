import { attachment, dateField, letter, mail, message, multipart, type Part, type SampleMail, text } from './compose.ts'
import { INVITATION, pdf, STOCK_CSV } from './files.ts'
import { encodedWords, extendedParameter } from './transfer.ts'

/** Mails with files, an invitation, and an enclosed mail. */
export function attachmentMails(): readonly SampleMail[] {
  return [pdfAttachment(), csvAttachment(), invitation(), forwarded()]
}

function pdfAttachment(): SampleMail {
  const fields = letter(
    `${encodedWords('Käthe Schröder', 'iso-8859-1', 'Q')} <k.schroeder@gaertnerei.example>`,
    encodedWords('Rechnung März – Betrag stimmt nicht', 'utf-8', 'Q'),
    '2026-11-03 10:10:00',
    'rechnung-maerz@gaertnerei.example',
  )
  const name = extendedParameter('filename', 'Rechnung März 2026.pdf', 'utf-8', 'de')
  const parts = [
    text('Hallo,\n\nim Anhang die Rechnung. Der Betrag passt nicht zum Angebot.\n\nK. Schröder\n', 'utf-8', '8bit'),
    attachment('application/pdf', `attachment; ${name}`, pdf('Rechnung R-2026-0311: 84,20 EUR')),
  ]
  return mail('pdf-attachment', 'a PDF, its file name by RFC 2231', fields, multipart('mixed', parts))
}

function csvAttachment(): SampleMail {
  const fields = letter(
    'Uwe Brandt <brandt@eisenwaren-brandt.example>',
    'Import der Lagerliste scheitert',
    '2026-11-03 10:32:00',
    'lagerliste@eisenwaren-brandt.example',
  )
  const name = encodedWords('Lagerliste für November.csv', 'windows-1252', 'Q')
  const parts = [
    text('Die Liste im Anhang wird mit "Zeile 3 fehlerhaft" abgelehnt. Warum?\n\nUwe Brandt\n', 'us-ascii', '7bit'),
    attachment(`text/csv; charset=windows-1252;\r\n name="${name}"`, `attachment;\r\n filename="${name}"`, STOCK_CSV),
  ]
  return mail('csv-attachment', 'a CSV, its file name as an encoded word in quotes', fields, multipart('mixed', parts))
}

function invitation(): SampleMail {
  const fields = letter(
    'Dana Cole <dana.cole@brightworks.example>',
    'Invitation: Onboarding call @ Tue 10 Nov 2026 14:00',
    '2026-11-03 11:00:00',
    'onboarding-42.1@brightworks.example',
  )
  const calendar: Part = text(INVITATION, 'utf-8', '7bit', 'calendar; method=REQUEST')
  const words = text('Could somebody of your team join us?\n\nDana\n', 'utf-8', '7bit')
  const both = multipart('alternative', [words, calendar])
  const file = attachment(
    'application/ics; name="invite.ics"',
    'attachment; filename="invite.ics"',
    Buffer.from(INVITATION),
  )
  return mail('invitation', 'text/calendar as an alternative and as a file', fields, multipart('mixed', [both, file]))
}

function forwarded(): SampleMail {
  const fields = letter(
    'Peter Hale <peter@halebooks.example>',
    'Fwd: Your parcel could not be delivered',
    '2026-11-03 11:25:00',
    'fwd-parcel@halebooks.example',
  )
  const inner = message(
    [
      ['From', 'Parcel Desk <noreply@parcels.example>'],
      ['To', 'peter@halebooks.example'],
      ['Subject', 'Your parcel could not be delivered'],
      ['Date', dateField('2026-11-02 17:50:00')],
      ['Message-ID', '<parcel-99812@parcels.example>'],
    ],
    text('Dear customer,\n\nwe tried to deliver parcel 99812, but nobody was there.\n', 'utf-8', '7bit'),
  )
  const enclosed: Part = {
    fields: [
      ['Content-Type', 'message/rfc822'],
      ['Content-Disposition', 'attachment; filename="parcel.eml"'],
    ],
    octets: inner,
  }
  const parts = [text('Is this one of yours? See the enclosed mail.\n\nPeter\n', 'utf-8', '7bit'), enclosed]
  return mail('forwarded', 'a mail enclosed as message/rfc822', fields, multipart('mixed', parts))
}
