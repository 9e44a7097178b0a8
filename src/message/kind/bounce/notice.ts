/**
 * The text of a notice in its two halves: what the server says, and the mail that it gives back below. Linear, and
 * bounded in what is looked at.
 */
export interface Notice {
  /** Without the fields of RFC 3464, which are read elsewhere. */
  readonly lines: readonly string[]
  /** The start of the mail that is given back; empty where there is none in the text. */
  readonly returned: string
}

const TEXT_MAX_CHARACTERS = 64 * 1024
const LINES_MAX = 2000
const LINE_MAX_CHARACTERS = 1000

export function noticeOf(text: string): Notice {
  const all = text.slice(0, TEXT_MAX_CHARACTERS).split(/\r?\n|\r/)
  const end = all.findIndex((line, at) => endsNotice(line, at))
  const own = end < 0 ? all : all.slice(0, end)
  return {
    lines: own.slice(0, LINES_MAX).map((line) => line.slice(0, LINE_MAX_CHARACTERS)),
    returned: end < 0 ? '' : all.slice(BEGINS_HEADER.test(all[end] ?? '') ? end : end + 1).join('\n'),
  }
}

/** A notice begins with words of its own, hence not in the first line. */
function endsNotice(line: string, at: number): boolean {
  if (line.length > SEPARATOR_MAX_CHARACTERS) return false
  if (at > 0 && BEGINS_HEADER.test(line)) return true
  const words = line.replace(/^[^\p{L}\p{N}]+/u, '')
  return BEGINS_COPY.some((each) => each.test(words)) || (/^\W\W/.test(line) && RULED.some((each) => each.test(words)))
}

const SEPARATOR_MAX_CHARACTERS = 200

const BEGINS_HEADER =
  /^(?:received: ?|return-path ?: ?<|delivered-to: |dkim-signature: |x-received: |mime-version: ?1)/i

/** What servers write above the mail that they give back. */
const BEGINS_COPY: readonly RegExp[] = [
  /^(?:below this line|the following is a copy|here is (?:a copy|your returned)|headers? of (?:the )?original|begin (?:original|returned)|start of returned)\b/i,
  /^(?:original message (?:headers?|follows|text)|message (?:headers?|text) follows?|unsent message below|the headers? of the original|your (?:original )?message (?:follows|reads|header))\b/i,
  /^(?:en-t.tes|intestazioni|ursprüngliche|cabeceras|encabezados|cabeçalhos|oorspronkelijke|oryginalne|исходн)\S{0,20} .{0,30}(?:messag|nachricht|mensaje|mensagem|bericht|wiadomo|сообщен)/i,
]

/** The same between dashes, or whatever else a line is drawn with. */
const RULED: readonly RegExp[] = [
  /^.{0,60}\b(?:copy of (?:the|your)|original|returned|undelivered|unsent|failed)\b.{0,40}\b(?:message|mail|headers?)\b/i,
  /^.{0,60}\b(?:message|mail)(?:'s)?\b.{0,10}\b(?:headers?|text|body|follows|contents?)\b/i,
]
