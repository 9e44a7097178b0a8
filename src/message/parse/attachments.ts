import type { ParsedAttachment, ReportPart } from '../parsed-message.ts'
import { decodeHeaderText } from './encoded-words.ts'
import { safeFileName } from './file-name.ts'
import { headerLines } from './header-lines.ts'
import { isMultipart, isOfReport, isShown, type Reading } from './mime-tree.ts'
import type { Part } from './part.ts'
import { unfolded } from './part-header.ts'

/** The parts that are attachments, in their order. */
export function attachmentsOf(parts: readonly Part[], reading: Reading): ParsedAttachment[] {
  return parts
    .filter((part) => !isMultipart(part) && !isShown(part.contentType, part.header))
    .map((part) => attachment(part, reading))
}

function attachment(part: Part, reading: Reading): ParsedAttachment {
  const { contentType, sizeBytes, sha256, header } = part
  return {
    filename: fileName(part, reading),
    contentType,
    sizeBytes,
    sha256,
    disposition: header.disposition,
    contentId: header.contentId,
    ...(reading.content ? { content: part.octets() } : {}),
  }
}

function fileName(part: Part, { defects }: Reading): string | null {
  const { fileName: given } = part.header
  const safe = given === null ? '' : safeFileName(given)
  if (given !== null && safe !== given.normalize('NFC').trim()) defects.add('file-name-mended')
  if (safe !== '') return safe
  const made = madeName(part)
  if (made !== null) defects.add('file-name-made')
  return made
}

/** Where a program that opens it goes by the name. */
function madeName(part: Part): string | null {
  if (part.contentType === 'text/calendar') return 'invite.ics'
  if (part.contentType !== 'message/rfc822' && part.contentType !== 'message/global') return null
  return safeFileName(`${enclosedSubject(part.octets()) || 'message'}.eml`)
}

const SUBJECT_OCTETS = 32 * 1024

function enclosedSubject(octets: Buffer): string {
  const { lines } = headerLines(octets.toString('latin1', 0, SUBJECT_OCTETS), new Set())
  const subject = lines.find(({ key }) => key === 'subject')
  return subject === undefined ? '' : decodeHeaderText(unfolded(subject.line), [], () => {}).trim()
}

/** The start of what reports are made of (RFC 3464, RFC 8098, RFC 5965), also where it goes by another type. */
export function reportPartsOf(parts: readonly Part[], { limits }: Reading): ReportPart[] {
  const found: ReportPart[] = []
  for (const part of parts) {
    if (found.length >= limits.maxReportParts) break
    const contentType = reportType(part)
    if (contentType === null) continue
    const text = part.octets().subarray(0, limits.maxReportOctets).toString('utf8').replaceAll('\0', '\ufffd')
    found.push({ contentType, text })
  }
  return found
}

const STATUS_START =
  /^\s{0,20}(?:reporting-mta|original-envelope-id|final-recipient|original-recipient|x-postfix-queue-id|arrival-date|received-from-mta)[ \t]*:/i
const STATUS_NAME = /^(?:delivery[-_ ]?(?:status|report)|message-delivery-status|dsn)\b|^details\.txt$/i

function reportType(part: Part): string | null {
  const { contentType, header } = part
  if (isOfReport(contentType)) return contentType
  const isReport = part.parent?.contentType === 'multipart/report' || STATUS_NAME.test(header.fileName ?? '')
  if (!isReport || isMultipart(part)) return null
  return STATUS_START.test(part.octets().toString('latin1', 0, 2000)) ? 'message/delivery-status' : null
}
