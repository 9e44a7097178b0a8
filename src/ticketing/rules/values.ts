/** What rules look at of a mail: each field as the values it has. Made when first asked for. */
import type { Authenticity } from '../../message/authenticity/authenticity.ts'
import { decodedField } from '../../message/header/decoded-field.ts'
import type { Address, ParsedMessage } from '../../message/parsed-message.ts'
import { wireAddress } from '../../message/wire-address.ts'
import { HEADER_PREFIX } from './shape.ts'

/** A mail, and all that is known of it. */
export interface Evidence {
  readonly mail: ParsedMessage
  readonly authenticity: Authenticity
  /** Its name; null: it is not known here. */
  readonly mailbox: string | null
  readonly sizeBytes: number
}

export interface Value {
  readonly text: string
  /** For comparing without regard to case. */
  readonly folded: string
}

export interface Values {
  of(field: string): readonly Value[]
  readonly sizeBytes: number
}

/** Of each value: what stands far behind decides nothing, and looking at it would cost more with every rule. */
const LOOKED_AT_CHARACTERS = 65_536

export function valuesOf(evidence: Evidence): Values {
  const known = new Map<string, readonly Value[]>()
  const find = (field: string) => {
    const values = texts(field, evidence)
      .filter((text) => text !== '')
      .map(value)
    known.set(field, values)
    return values
  }
  return { of: (field) => known.get(field) ?? find(field), sizeBytes: evidence.sizeBytes }
}

function value(raw: string): Value {
  const text = raw.slice(0, LOOKED_AT_CHARACTERS).normalize('NFC')
  return { text, folded: folded(text) }
}

export const folded = (text: string): string => text.normalize('NFC').toLowerCase()

function texts(field: string, evidence: Evidence): string[] {
  if (!field.startsWith(HEADER_PREFIX)) return FIELDS[field]?.(evidence) ?? []
  return headerValues(evidence.mail, [field.slice(HEADER_PREFIX.length).toLowerCase()])
}

const FIELDS: Readonly<Record<string, (evidence: Evidence) => string[]>> = {
  from: ({ mail }) => addresses(mail.from),
  to: ({ mail }) => addresses(mail.to),
  cc: ({ mail }) => addresses(mail.cc),
  recipient: ({ mail }) => [...addresses([...mail.to, ...mail.cc]), ...deliveredTo(mail)],
  'reply-to': ({ mail }) => addresses(mail.replyTo),
  subject: ({ mail }) => [mail.subject],
  body: ({ mail }) => [mail.text ?? ''],
  attachment: ({ mail }) => mail.attachments.map(({ filename }) => filename ?? ''),
  'attachment-type': ({ mail }) => mail.attachments.map(({ contentType }) => contentType),
  kind: ({ mail }) => [mail.kind],
  reason: ({ mail }) => [mail.reason],
  trust: ({ authenticity }) => [authenticity.trust],
  mailbox: ({ mailbox }) => [mailbox ?? ''],
  'may-answer': ({ mail }) => [String(mail.mayAnswer)],
  language: ({ mail }) => [mail.language ?? ''],
  defect: ({ mail }) => [...mail.defects],
}

/** Longer than any address that mail can go to (RFC 5321 section 4.5.3.1). */
const ADDRESS_CHARACTERS = 1000

/** Names are what their writer likes to be called: no rule should trust them. */
const addresses = (list: readonly Address[]): string[] =>
  list.map(({ address }) => comparableAddress(address.slice(0, ADDRESS_CHARACTERS)))

/** As it goes over the wire: internationalised domains in ASCII. */
export const comparableAddress = (address: string): string => (address.includes('@') ? wireAddress(address) : address)

/** Noted by the servers on the way, which saw the envelope. */
const DELIVERED_TO = ['delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to']

const deliveredTo = (mail: ParsedMessage): string[] =>
  headerValues(mail, DELIVERED_TO).map((each) => comparableAddress(each.replace(/^<|>$/g, '')))

const headerValues = ({ header }: ParsedMessage, names: readonly string[]): string[] =>
  header.filter(({ name }) => names.includes(name)).map(({ value: raw }) => decodedField(raw))
