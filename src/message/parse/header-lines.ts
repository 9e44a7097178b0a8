/** A field as it was sent, folds included, without its last line end; one character an octet. */
export interface HeaderLine {
  /** The name in lower case. */
  readonly key: string
  readonly line: string
}

export type HeadFault =
  | 'line-ends-mended'
  | 'header-start-mended'
  | 'header-end-missing'
  | 'header-garbage'
  | 'header-truncated'

/** Hundreds of times what honest mail has; each costs more than its octets. */
const MAX_LINES = 20_000

/**
 * The fields that a text begins with, and where its body begins: behind the first empty line, or with the first line
 * that is neither field nor fold and that no field of a known name follows. Linear.
 */
export function headerLines(text: string, faults: Set<HeadFault>): { lines: HeaderLine[]; bodyAt: number } {
  const lines: HeaderLine[] = []
  let at = startOf(text, faults)
  while (at < text.length) {
    const end = lineEnd(text, at)
    if (isEmpty(text, at, end)) return { lines, bodyAt: end }
    if (isField(text, at)) {
      const next = foldsEnd(text, end, faults)
      if (lines.length < MAX_LINES) lines.push(...fieldsOf(text.slice(at, next), faults))
      else faults.add('header-truncated')
      at = next
    } else if (goesOn(text, at, end)) {
      faults.add('header-garbage')
      at = foldsEnd(text, end, faults)
    } else {
      if (lines.length > 0) faults.add('header-end-missing')
      return { lines, bodyAt: at }
    }
  }
  return { lines, bodyAt: text.length }
}

/** RFC 5322 section 3.6.8; white space before the colon is obsolete syntax. */
const FIELD = /[!-9;-~]{1,200}[ \t]*:/y
const FIELD_NAME = /^([!-9;-~]{1,200})[ \t]*:/
const BLANK_LINES = /(?:[ \t]{0,100}\r*\n)+/y
const MBOX_LINE = />?From [^\n]*\n/y

export const isFieldLine = (line: string): boolean => isField(line, 0)

function isField(text: string, at: number): boolean {
  FIELD.lastIndex = at
  return FIELD.test(text)
}

/** Behind empty lines that stand before the header, and the line that mbox files put there. */
function startOf(text: string, faults: Set<HeadFault>): number {
  BLANK_LINES.lastIndex = 0
  const blank = BLANK_LINES.test(text) && isKnownField(text, BLANK_LINES.lastIndex) ? BLANK_LINES.lastIndex : 0
  MBOX_LINE.lastIndex = blank
  const start = MBOX_LINE.test(text) ? MBOX_LINE.lastIndex : blank
  if (start > 0) faults.add('header-start-mended')
  return start
}

function lineEnd(text: string, at: number): number {
  const lf = text.indexOf('\n', at)
  return lf < 0 ? text.length : lf + 1
}

function isEmpty(text: string, at: number, end: number): boolean {
  for (let position = at; position < end; position++) {
    const character = text.charCodeAt(position)
    if (character !== 0x0d && character !== 0x0a) return false
  }
  return true
}

const isSpace = (text: string, at: number): boolean => text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09

/** A line of white space alone that nothing of a header follows is the empty line that was meant. */
function foldsEnd(text: string, from: number, faults: Set<HeadFault>): number {
  let at = from
  while (at < text.length && isSpace(text, at)) {
    const end = lineEnd(text, at)
    if (text.slice(at, Math.min(end, at + 100)).trim() === '' && !isHeaderLike(text, end)) {
      faults.add('header-end-missing')
      return at
    }
    at = end
  }
  return at
}

const isHeaderLike = (text: string, at: number): boolean =>
  at >= text.length || isSpace(text, at) || isField(text, at) || isEmpty(text, at, lineEnd(text, at))

/** How far a line that is no field is followed to find one. */
const LOOK_AHEAD_LINES = 20
const LOOK_AHEAD_CHARACTERS = 4000

/** Whether a line that is no field stands in the midst of a header. A boundary never does. */
function goesOn(text: string, at: number, end: number): boolean {
  if (text.startsWith('--', at)) return false
  const last = end + LOOK_AHEAD_CHARACTERS
  for (let next = end, seen = 0; next < text.length && next < last && seen < LOOK_AHEAD_LINES; seen++) {
    const nextEnd = lineEnd(text, next)
    if (isEmpty(text, next, nextEnd)) return false
    if (isKnownField(text, next)) return true
    next = nextEnd
  }
  return false
}

const KNOWN =
  /(?:from|to|cc|bcc|subject|date|sender|reply-to|received|return-path|message-id|in-reply-to|references|mime-version|content-[a-z-]{2,30}|x-[a-z0-9-]{2,60}|dkim-signature|authentication-results|delivered-to|list-[a-z]{2,20}|importance|priority|precedence|auto-submitted|user-agent|organization|arc-[a-z-]{2,40}|resent-[a-z-]{2,20}|errors-to|thread-[a-z]{2,10}|accept-language|feedback-id|received-spf|envelope-to|delivery-date|status)[ \t]*:/iy

export function isKnownField(text: string, at: number): boolean {
  KNOWN.lastIndex = at
  return KNOWN.test(text)
}

/** A CR alone ended the line where a field follows it. */
function fieldsOf(field: string, faults: Set<HeadFault>): HeaderLine[] {
  const line = field.replace(/[\r\n]{1,4}$/, '')
  if (!/\r(?!\r*\n)/.test(line)) return [headerLine(line)]
  const parts = line.split(/\r(?=[!-9;-~]{1,76}:)/).slice(0, MAX_LINES)
  if (parts.length > 1) faults.add('line-ends-mended')
  return parts.map(headerLine)
}

function headerLine(line: string): HeaderLine {
  return { key: FIELD_NAME.exec(line)?.[1]?.toLowerCase() ?? '', line }
}
