import { languageOf, returnPath, ruleFields } from '../header/rule-fields.ts'
import { threadFields } from '../header/thread-fields.ts'
import type { Address, MailContent, ParsedAttachment } from '../parsed-message.ts'
import { storableText } from '../storable-text.ts'
import { attachmentsOf, reportPartsOf } from './attachments.ts'
import { dateField } from './date-field.ts'
import { defectsOf } from './defects.ts'
import type { HeaderLine } from './header-lines.ts'
import { HeaderReader } from './header-reader.ts'
import type { Reading } from './mime-tree.ts'
import type { Part } from './part.ts'
import { sendersOf } from './senders.ts'
import { shownBodies } from './shown-bodies.ts'

/** The one place where what a sender wrote becomes ours: each string storable, each list bounded. */
export function assemble(lines: readonly HeaderLine[], root: Part, reading: Reading): MailContent {
  const { limits, defects } = reading
  const value = (text: string): string => bounded(text, limits.maxValueChars, () => defects.add('value-truncated'))
  const parts = inOrder(root)
  const fields = new HeaderReader(lines, parts, reading)
  const addresses = (all: readonly Address[]): Address[] => {
    if (all.length > limits.maxAddresses) defects.add('addresses-truncated')
    return all
      .slice(0, limits.maxAddresses)
      .map(({ name, address }) => ({ name: value(name), address: value(address) }))
  }
  const thread = threadFields(threadHeader(lines))
  const subject = value(fields.text('subject'))
  const { text, html, attachments: extracted } = shownBodies(root, parts, reading)
  const attachments = [...attachmentsOf(parts, reading), ...extracted]
  if (lines.length > limits.maxHeaderFields) defects.add('header-truncated')
  if (attachments.length > limits.maxAttachments) defects.add('attachments-truncated')
  const message = {
    ...storableThread(thread, value),
    ...about(lines.slice(0, limits.maxHeaderFields)),
    date: dateOf(fields, defects),
    subject,
    from: addresses(sendersOf(fields, defects)),
    to: addresses(fields.addresses('to')),
    cc: addresses(fields.addresses('cc')),
    replyTo: addresses(fields.addresses('reply-to')),
    text: text === null ? null : bounded(text, limits.maxTextChars, () => defects.add('text-truncated')),
    html: html === null ? null : bounded(html, limits.maxTextChars, () => defects.add('html-truncated')),
    attachments: attachments.slice(0, limits.maxAttachments).map((one) => storable(one, value)),
    reportParts: reportPartsOf(parts, reading),
  }
  if (message.messageId === null) defects.add('message-id-missing')
  return { ...message, defects: defectsOf(defects) }
}

function inOrder(root: Part): Part[] {
  const all: Part[] = []
  const open = [root]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    all.push(part)
    for (let index = part.children.length - 1; index >= 0; index--) {
      const child = part.children[index]
      if (child) open.push(child)
    }
  }
  return all
}

function bounded(text: string, maxChars: number, onCut: () => void): string {
  if (text.length > maxChars) onCut()
  return storableText(text, maxChars)
}

/** What the header says about the mail as a whole. */
function about(lines: readonly HeaderLine[]) {
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

/** The octets again: lines have one character an octet. */
function threadHeader(lines: readonly HeaderLine[]): Buffer {
  const kept = lines.filter(({ key }) => THREAD_FIELDS.has(key)).map(({ line }) => line)
  return Buffer.from(kept.join('\r\n'), 'latin1')
}

function dateOf(fields: HeaderReader, defects: Reading['defects']): string | null {
  const value = fields.raw('date')
  const date = value === null ? null : dateField(value)
  if (value === null) defects.add('date-missing')
  else if (date === null) defects.add('date-unreadable')
  return date
}

function storableThread(thread: ReturnType<typeof threadFields>, value: (text: string) => string) {
  return {
    messageId: thread.messageId === null ? null : value(thread.messageId),
    inReplyTo: thread.inReplyTo.map(value),
    references: thread.references.map(value),
  }
}

function storable(one: ParsedAttachment, value: (text: string) => string): ParsedAttachment {
  return {
    ...one,
    filename: one.filename === null ? null : value(one.filename),
    contentType: value(one.contentType),
    contentId: one.contentId === null ? null : value(one.contentId),
  }
}
