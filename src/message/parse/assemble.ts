import type { AddressObject, EmailAddress, HeaderLines, Headers } from 'mailparser'
import { languageOf, returnPath, ruleFields } from '../header/rule-fields.ts'
import { threadFields } from '../header/thread-fields.ts'
import type { Address, MailContent, ParsedAttachment, ReportPart } from '../parsed-message.ts'
import { storableText } from '../storable-text.ts'
import { bodies } from './bodies.ts'
import type { MimePart, Seen } from './bounded-parser.ts'
import { dateField } from './date-field.ts'
import type { ParseLimits } from './limits.ts'

/** What mailparser found. */
export interface Found {
  readonly headers: Headers
  readonly headerLines: HeaderLines
  readonly tree: MimePart | null
  readonly attachments: readonly PartFound[]
  readonly seen: Seen
}

export interface PartFound {
  readonly filename: string | null
  readonly contentType: string
  readonly disposition: string | null
  readonly contentId: string | null
  readonly sizeBytes: number
  readonly sha256: string
  readonly octets: Buffer | null
  /** The start of a part that reports are made of; null: it is none. */
  readonly report: Buffer | null
}

/** The one place where what a sender wrote becomes ours: each string storable, each list bounded. */
export function assemble(found: Found, limits: ParseLimits): MailContent {
  const defects = new Set<string>()
  const value = (text: string): string => bounded(text, limits.maxValueChars, () => defects.add('value-truncated'))
  const body = (text: string | null, defect: string): string | null =>
    text === null ? null : bounded(text, limits.maxTextChars, () => defects.add(defect))
  const addresses = (field: string): Address[] => {
    const all = flatAddresses(found.headers.get(field))
    if (all.length > limits.maxAddresses) defects.add('addresses-truncated')
    return all
      .slice(0, limits.maxAddresses)
      .map((one) => ({ name: value(one.name), address: value(one.address ?? '') }))
  }
  const date = firstField(found.headerLines, 'date')
  const thread = threadFields(threadHeader(found.headerLines))
  const { text, html } = found.tree ? bodies(found.tree) : { text: null, html: null }
  const subjectField = found.headers.get('subject')
  const subject = value(typeof subjectField === 'string' ? subjectField : '')
  const message = {
    ...storableThread(thread, value),
    ...about(found.headerLines.slice(0, limits.maxHeaderFields)),
    date: date === null ? null : dateField(date),
    subject,
    from: addresses('from'),
    to: addresses('to'),
    cc: addresses('cc'),
    replyTo: addresses('reply-to'),
    text: body(text, 'text-truncated'),
    html: body(html, 'html-truncated'),
    attachments: found.attachments.slice(0, limits.maxAttachments).map((one) => attachment(one, value)),
    reportParts: found.attachments.flatMap(reportPart).slice(0, limits.maxReportParts),
  }
  if (found.headerLines.length > limits.maxHeaderFields) defects.add('header-truncated')
  if (found.attachments.length > limits.maxAttachments) defects.add('attachments-truncated')
  if (found.seen.textDropped) defects.add('text-truncated')
  if (found.seen.headerMended) defects.add('header-charset-guessed')
  for (const defect of headerDefects(message, date)) defects.add(defect)
  return { ...message, defects: [...defects] }
}

function bounded(text: string, maxChars: number, onCut: () => void): string {
  if (text.length > maxChars) onCut()
  return storableText(text, maxChars)
}

function flatAddresses(value: Headers extends Map<string, infer V> ? V | undefined : never): EmailAddress[] {
  return [value].flat().flatMap((one) => (isAddressObject(one) ? one.value.flatMap(members) : []))
}

const isAddressObject = (value: unknown): value is AddressObject =>
  typeof value === 'object' && value !== null && 'value' in value && Array.isArray(value.value)

/** RFC 5322 section 3.4: a group stands for its members; groups do not nest, but hostile ones may. */
function members(address: EmailAddress): EmailAddress[] {
  if (address.group) return address.group.flatMap(members)
  return address.address || address.name ? [address] : []
}

/** What the header says about the mail as a whole. */
function about(lines: HeaderLines) {
  const header = ruleFields(lines)
  const path = returnPath(header)
  return {
    header,
    returnPath: path === null ? null : storableText(path, ADDRESS_MAX_CHARACTERS),
    language: languageOf(header),
  }
}

/** RFC 5321 section 4.5.3.1. */
const ADDRESS_MAX_CHARACTERS = 320

const THREAD_FIELDS = new Set(['message-id', 'in-reply-to', 'references'])

/** The octets again: mailparser hands over lines with one character an octet. */
function threadHeader(lines: HeaderLines): Buffer {
  const kept = lines.filter(({ key }) => THREAD_FIELDS.has(key)).map(({ line }) => line)
  return Buffer.from(kept.join('\r\n'), 'latin1')
}

function firstField(lines: HeaderLines, name: string): string | null {
  const line = lines.find(({ key }) => key === name)?.line
  return line === undefined ? null : line.slice(line.indexOf(':') + 1).trim()
}

function storableThread(thread: ReturnType<typeof threadFields>, value: (text: string) => string) {
  return {
    messageId: thread.messageId === null ? null : value(thread.messageId),
    inReplyTo: thread.inReplyTo.map(value),
    references: thread.references.map(value),
  }
}

function attachment(found: PartFound, value: (text: string) => string): ParsedAttachment {
  return {
    filename: found.filename === null ? null : value(found.filename),
    contentType: value(found.contentType || 'application/octet-stream'),
    sizeBytes: found.sizeBytes,
    sha256: found.sha256,
    disposition: disposition(found.disposition),
    contentId: found.contentId === null ? null : value(found.contentId),
    ...(found.octets === null ? {} : { content: found.octets }),
  }
}

const reportPart = ({ contentType, report }: PartFound): ReportPart[] =>
  report === null ? [] : [{ contentType, text: report.toString('utf8').replaceAll('\0', '\ufffd') }]

/** RFC 2183 section 2.8: an unknown disposition is treated as `attachment`. */
function disposition(value: string | null): ParsedAttachment['disposition'] {
  if (value === null) return null
  return value === 'inline' ? 'inline' : 'attachment'
}

function* headerDefects(message: Omit<MailContent, 'defects'>, date: string | null): Generator<string> {
  if (message.messageId === null) yield 'message-id-missing'
  if (message.from.length === 0) yield 'from-missing'
  if (date === null) yield 'date-missing'
  else if (message.date === null) yield 'date-unreadable'
}
