/** Mails put together octet by octet: fields in the order given, CRLF, nothing added that was not asked for. */
import { type Charset, encodeText } from './charset.ts'
import { base64Lines, quotedPrintable } from './transfer.ts'

export interface SampleMail {
  /** Short and unique, fit for a unique-id. */
  readonly name: string
  /** What is special about it. */
  readonly description: string
  readonly octets: Buffer
}

/** Name and body of a field; the body is already encoded and folded. */
export type Field = readonly [name: string, body: string]

/** A body part, or the end of a mail: its MIME fields and its encoded octets. */
export interface Part {
  readonly fields: readonly Field[]
  readonly octets: Buffer
}

export type TransferEncoding = '7bit' | '8bit' | 'quoted-printable' | 'base64'

const CRLF = Buffer.from('\r\n')

export const SUPPORT = 'support@mailchute.example'

export function mail(name: string, description: string, fields: readonly Field[], part: Part): SampleMail {
  return { name, description, octets: message(fields, part) }
}

export function message(fields: readonly Field[], part: Part): Buffer {
  return Buffer.concat([Buffer.from(`${header([...fields, ...part.fields])}\r\n`, 'latin1'), part.octets])
}

/** Fields as lines. Characters above 0xFF have no place here: they are encoded words by now. */
export function header(fields: readonly Field[]): string {
  return fields.map(([name, body]) => `${name}: ${body}\r\n`).join('')
}

export function text(body: string, charset: Charset, encoding: TransferEncoding, subtype = 'plain'): Part {
  return {
    fields: [
      ['MIME-Version', '1.0'],
      ['Content-Type', `text/${subtype}; charset=${charset}`],
      ['Content-Transfer-Encoding', encoding],
    ],
    octets: transferEncoded(encodeText(withCrlf(body), charset), encoding),
  }
}

export function html(body: string, charset: Charset, encoding: TransferEncoding): Part {
  return text(body, charset, encoding, 'html')
}

/** Any octets as base64. Parameters are appended as they are: `; name="x"`. */
export function attachment(
  contentType: string,
  disposition: string,
  octets: Buffer,
  fields: readonly Field[] = [],
): Part {
  return {
    fields: [
      ['Content-Type', contentType],
      ['Content-Transfer-Encoding', 'base64'],
      ['Content-Disposition', disposition],
      ...fields,
    ],
    octets: Buffer.from(base64Lines(octets)),
  }
}

/** RFC 2046 section 5.1. The boundary is made of the subtype: a multipart of the same subtype inside needs another. */
export function multipart(
  subtype: string,
  parts: readonly Part[],
  boundary = `=_${subtype.replace(/\W.*/, '')}_7f3a`,
): Part {
  const pieces = parts.map((part) => Buffer.concat([Buffer.from(`--${boundary}\r\n`), bodyPart(part), CRLF]))
  return {
    fields: [
      ['MIME-Version', '1.0'],
      ['Content-Type', `multipart/${subtype}; boundary="${boundary}"`],
    ],
    octets: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
  }
}

/** Part without fields of its own. */
export function raw(octets: Buffer | string): Part {
  return { fields: [], octets: Buffer.from(octets) }
}

/** The fields every letter of a customer begins with. Subject and sender are already encoded. */
export function letter(
  from: string,
  subject: string,
  local: string,
  messageId: string,
  to = SUPPORT,
): readonly Field[] {
  return [
    ['From', from],
    ['To', to],
    ['Subject', subject],
    ['Date', dateField(local)],
    ['Message-ID', `<${messageId}>`],
  ]
}

/** RFC 5322 section 3.3, from a local time like `2026-11-02 09:14:00`. */
export function dateField(local: string, zone = '+0100'): string {
  return new Date(`${local.replace(' ', 'T')}Z`).toUTCString().replace('GMT', zone)
}

/** MIME-Version belongs to the mail, not to its parts (RFC 2045 section 4). */
function bodyPart({ fields, octets }: Part): Buffer {
  return message([], { fields: fields.filter(([name]) => name !== 'MIME-Version'), octets })
}

function withCrlf(body: string): string {
  return body.replace(/\r?\n/g, '\r\n')
}

function transferEncoded(octets: Buffer, encoding: TransferEncoding): Buffer {
  if (encoding === 'base64') return Buffer.from(base64Lines(octets))
  return encoding === 'quoted-printable' ? Buffer.from(quotedPrintable(octets)) : octets
}
