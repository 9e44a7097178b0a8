/** What a message says of itself in its header: values as they stand there, one octet a character, folds included. */
export interface HeaderFields {
  /** The first of each counts. */
  readonly messageId: string | null
  readonly date: string | null
  readonly from: string | null
  /** Repeated ones, one after the other. */
  readonly inReplyTo: string
  readonly references: string
}

/** Lines end at LF; a line that starts with white space continues the one before. Linear in the number of octets. */
export function headerFields(octets: Buffer): HeaderFields {
  const header = octets.toString('latin1')
  const fields: Writable = { messageId: null, date: null, from: null, inReplyTo: '', references: '' }
  let start = 0
  while (start < header.length) {
    if (isEmptyLine(header, start)) break
    const end = fieldEnd(header, start)
    takeField(fields, header, start, end)
    start = end
  }
  return fields
}

type Writable = { -readonly [field in keyof HeaderFields]: HeaderFields[field] }

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09

const isEmptyLine = (header: string, start: number): boolean =>
  header.charCodeAt(start) === LF || (header.charCodeAt(start) === CR && header.charCodeAt(start + 1) === LF)

/** Where the next field starts: after the first line end that no white space follows. */
function fieldEnd(header: string, start: number): number {
  for (let lineEnd = header.indexOf('\n', start); lineEnd >= 0; lineEnd = header.indexOf('\n', lineEnd + 1)) {
    const next = header.charCodeAt(lineEnd + 1)
    if (next !== SPACE && next !== TAB) return lineEnd + 1
  }
  return header.length
}

/** White space before the colon is obsolete syntax (RFC 5322 section 4.5) and still found. */
const FIELD_NAME = /(message-id|date|from|in-reply-to|references)[ \t]*:/iy

function takeField(fields: Writable, header: string, start: number, end: number): void {
  FIELD_NAME.lastIndex = start
  const name = FIELD_NAME.exec(header)?.[1]?.toLowerCase()
  if (name === undefined || FIELD_NAME.lastIndex > end) return
  const value = header.slice(FIELD_NAME.lastIndex, end)
  if (name === 'message-id') fields.messageId ??= value
  else if (name === 'date') fields.date ??= value
  else if (name === 'from') fields.from ??= value
  else if (name === 'in-reply-to') fields.inReplyTo += value
  else fields.references += value
}
