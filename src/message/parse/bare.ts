import { languageOf, returnPath, ruleFields } from '../header/rule-fields.ts'
import { threadFields } from '../header/thread-fields.ts'
import { htmlToText } from '../html/html-text.ts'
import type { Address, MailContent } from '../parsed-message.ts'
import { storableText } from '../storable-text.ts'
import { decodeText } from './charset.ts'
import { dateField } from './date-field.ts'
import { type DefectCode, defectsOf } from './defects.ts'
import { type HeaderLine, headerLines } from './header-lines.ts'
import { HeaderReader } from './header-reader.ts'
import { BARE_OCTETS, PARSE_LIMITS } from './limits.ts'
import { newReading } from './mime-tree.ts'
import { type PartHeader, partHeader } from './part-header.ts'
import { sendersOf } from './senders.ts'
import { transferDecoder } from './transfer.ts'

const MAX_FIELDS = 200
const MAX_FIELD_CHARACTERS = 4000
const MAX_ADDRESSES = 20
const MAX_TEXT_CHARS = 100_000
const MAX_DEPTH = 5

/**
 * What the start of a message says, for mail that `parse` could not read in its time or memory: the header fields, and
 * the first text. It builds no tree, knows no attachments, and is linear in the few octets that it looks at.
 */
export function parseBarely(start: Buffer): MailContent {
  const defects = new Set<DefectCode>(['parsed-barely'])
  const text = start.toString('latin1', 0, BARE_OCTETS)
  const { lines: all, bodyAt } = headerLines(text, new Set())
  const lines = all.slice(0, MAX_FIELDS).map(({ key, line }) => ({ key, line: line.slice(0, MAX_FIELD_CHARACTERS) }))
  const limits = { ...PARSE_LIMITS, maxAddresses: MAX_ADDRESSES }
  const fields = new HeaderReader(lines, [], newReading(limits, false))
  const addresses = (found: readonly Address[]): Address[] => found.slice(0, MAX_ADDRESSES).map(storableAddress)
  const date = fields.raw('date')
  return {
    ...storableThread(lines),
    ...about(lines),
    date: date === null ? null : dateField(date),
    subject: storable(fields.text('subject')),
    from: addresses(sendersOf(fields, defects)),
    to: addresses(fields.addresses('to')),
    cc: addresses(fields.addresses('cc')),
    replyTo: addresses(fields.addresses('reply-to')),
    text: firstText(
      partHeader(lines, [], () => {}),
      text.slice(bodyAt),
      0,
    ),
    html: null,
    attachments: [],
    reportParts: [],
    defects: defectsOf(defects),
  }
}

const storable = (text: string): string => storableText(text, MAX_FIELD_CHARACTERS)
const storableAddress = ({ name, address }: Address): Address => ({ name: storable(name), address: storable(address) })

function about(lines: readonly HeaderLine[]) {
  const header = ruleFields(lines)
  const path = returnPath(header)
  return { header, returnPath: path === null ? null : storable(path), language: languageOf(header) }
}

function storableThread(lines: readonly HeaderLine[]) {
  const { messageId, inReplyTo, references } = threadFields(
    Buffer.from(lines.map(({ line }) => line).join('\r\n'), 'latin1'),
  )
  return {
    messageId: messageId === null ? null : storable(messageId),
    inReplyTo: inReplyTo.map(storable),
    references: references.map(storable),
  }
}

/** The first text there is, of a multipart within its first parts. */
function firstText(header: PartHeader, body: string, depth: number): string | null {
  const type = header.contentType === '' ? 'text/plain' : header.contentType
  if (type.startsWith('multipart/')) return depth < MAX_DEPTH ? firstTextWithin(header, body, depth) : null
  if (!type.startsWith('text/') || header.disposition === 'attachment') return null
  const decoder = transferDecoder(header.encoding)
  const octets = Buffer.concat([decoder.write(Buffer.from(body, 'latin1')), decoder.end()])
  const { text } = decodeText(octets, header.charset)
  const plain = type === 'text/html' ? htmlToText(text) : text.replace(/\r\n?/g, '\n')
  return storableText(plain, MAX_TEXT_CHARS)
}

const MAX_PARTS = 10

function firstTextWithin({ boundary }: PartHeader, body: string, depth: number): string | null {
  if (boundary === null) return storableText(body, MAX_TEXT_CHARS)
  const parts = body.split(`--${boundary.toString('latin1')}`, MAX_PARTS + 1).slice(1)
  for (const part of parts) {
    const content = part.replace(/^[ \t]*\r?\n/, '')
    const { lines, bodyAt } = headerLines(content, new Set())
    const text = firstText(
      partHeader(lines, [], () => {}),
      content.slice(bodyAt),
      depth + 1,
    )
    if (text !== null && text.trim() !== '') return text
  }
  return null
}
