/** Small but real files for attachments. */
import { encodeText } from './charset.ts'

/** PNG, 16 x 12 pixels. */
export const SCREENSHOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAMCAIAAADkharWAAAAWElEQVR42r2PsQkAMQwDNYpG8AgeOSN5Ez+4SAhI5QeuUHECCZU9xHAys4fgnSHt' +
    'MjazIe0y9i6IVTSr8ODDiqGHk7liaN4Z0i5jcwWkXcbeBbGKZtX/Hz5fWSuw/8LnAgAAAABJRU5ErkJggg==',
  'base64',
)

export const STOCK_CSV = encodeText(
  'Artikel;Menge;Preis\r\nSchlüssel 10 mm;12;4,90 €\r\nZange, groß;3;17,50 €\r\n',
  'windows-1252',
)

export const INVITATION = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Mailchute//Sandbox//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:onboarding-42@brightworks.example
DTSTAMP:20261103T090000Z
DTSTART:20261110T130000Z
DTEND:20261110T134500Z
SUMMARY:Onboarding call
ORGANIZER;CN=Dana Cole:mailto:dana.cole@brightworks.example
ATTENDEE;RSVP=TRUE:mailto:support@mailchute.example
END:VEVENT
END:VCALENDAR
`.replaceAll('\n', '\r\n')

/** A PDF of one page with one line of text; its cross-reference table is computed. */
export function pdf(line: string): Buffer {
  const content = `BT /F1 14 Tf 20 60 Td (${line.replace(/[()\\]/g, '\\$&')}) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 120] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ].map((body, index) => `${index + 1} 0 obj\n${body}\nendobj\n`)
  const start = '%PDF-1.4\n'
  const offsets = objects.map((_, index) => start.length + objects.slice(0, index).join('').length)
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`)
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries.join('')}`
  const end = start.length + objects.join('').length
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${end}\n%%EOF\n`
  return Buffer.from(start + objects.join('') + table + trailer, 'latin1')
}
