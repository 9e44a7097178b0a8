/** Whom a notice in prose is about: a table of the shapes in which servers name recipients. */
import { ADDRESS, isReporter, plain } from './addresses.ts'
import { RECIPIENTS_MAX } from './status-fields.ts'

/** A recipient that a notice names, and what it says of it. */
export interface Named {
  readonly address: string
  readonly diagnostic: string
}

/** Of the shape that says most; `isNobody`: addresses that are never the recipient. */
export function namedRecipients(lines: readonly string[], isNobody: (address: string) => boolean): Named[] {
  const finds = lines.flatMap((line, at) => (line.includes('@') ? findIn(line, at) : []))
  const possible = finds.filter(({ address }) => !isReporter(address) && !isNobody(address.toLowerCase()))
  const best = Math.min(...possible.map(({ rank }) => rank))
  const chosen = possible.filter(({ rank }) => rank === best)
  const starts = new Map(chosen.map(({ address, at }) => [at, address.toLowerCase()]))
  const named = new Map<string, Named>()
  for (const { address, at, rest } of chosen) {
    const key = address.toLowerCase()
    const diagnostic = diagnosticAt(lines, at, rest, (next) => (starts.get(next) ?? key) !== key)
    const before = named.get(key)
    if (before === undefined || before.diagnostic.length < diagnostic.length) named.set(key, { address, diagnostic })
    if (named.size >= RECIPIENTS_MAX) break
  }
  return [...named.values()]
}

/** AOL and others name the mailbox alone: `...the following recipients:` and a word on a line of its own. */
export function localRecipients(lines: readonly string[], domain: string): Named[] {
  const start = lines.findIndex((line) => /\b(?:recipients?|address(?:es)?|users?)\b.*:\s*$/i.test(line))
  if (start < 0 || domain === '') return []
  const below = lines.slice(start + 1, start + 1 + RECIPIENTS_MAX)
  const end = below.findIndex((line, at) => at > 0 && line.trim() === '')
  return below.slice(0, end < 0 ? undefined : end).flatMap((line) => {
    const [, local] = /^[ \t]+<?([\w.+-]{2,64})>?\s*$/.exec(line) ?? []
    return local === undefined ? [] : [{ address: `${local}@${domain}`, diagnostic: '' }]
  })
}

interface Find {
  readonly address: string
  readonly at: number
  readonly rank: number
  readonly rest: string
}

/** Whom to ask, and who reports. */
const ASIDE =
  /(?:\b(?:contact(?:ing)?|assistance|questions?|help|support|administrator|abuse|e-?mail us(?: at)?|reply-to|reply to|(?:mail |envelope-?|sent |generated |expanded )?from:?|sent by|sender|subject|message-?id|id|write to|send (?:e-?mail|mail) to)|f=|s=)[\s:;<("'[]{0,10}$/i

const SHAPES: readonly RegExp[] = [
  // qmail, Postfix, Courier, Exim, Gmail, Exchange: the address begins its line.
  new RegExp(`^[\\s*•|>-]{0,20}(?:\\d{1,3}[.)] )?[<"'(\\[]{0,2}(${ADDRESS})[>"')\\]]{0,2}(?=$|[\\s:;,.(<-])(.*)$`, 'u'),
  // Sendmail 5: the reply first.
  new RegExp(`^\\s{0,8}(?:\\d{3}[ -]|\\W{0,3}rcpt to: ?)[^@]{0,40}?<?(${ADDRESS})>?(.*)$`, 'iu'),
  // A field or a sentence that names it.
  new RegExp(
    '(?<![\\p{L}\\p{N}])(?:recipients?|rcpt(?: to)?|addresse?e?(?:\\(es\\)|s)?|address \\w{1,20}|mailbox(?: for)?|user(?:name)?|for|to|an|für|para|pour|per|destinat\\w{1,20}|empf\\S{1,20}|odbiorc\\S{1,20}|получател\\S{1,20}|recipient address rejected)' +
      `(?=[\\s:;=<"'([])[\\s:;=]{0,10}(?:rfc822;)?[\\s<"'(\\[]{0,10}(${ADDRESS})(.*)$`,
    'iu',
  ),
  new RegExp(`(${ADDRESS})(.*)$`, 'u'),
]

function findIn(line: string, at: number): Find[] {
  for (const [rank, shape] of SHAPES.entries()) {
    const [, address, rest = ''] = shape.exec(line) ?? []
    if (address === undefined) continue
    if (ASIDE.test(line.slice(0, line.indexOf(address)).slice(-60))) return []
    return [{ address: plain(address), at, rank, rest: rank === 0 ? rest : line }]
  }
  return []
}

const DIAGNOSTIC_LINES_MAX = 12
const DIAGNOSTIC_MAX_CHARACTERS = 1000

/** What stands behind the address, and in the lines below up to the next one or a blank line. */
function diagnosticAt(lines: readonly string[], at: number, rest: string, isNext: (at: number) => boolean): string {
  const said = [rest.replace(/^[>"')\]\s.:;,-]{1,20}/, '')]
  for (let next = at + 1; next < lines.length && next <= at + DIAGNOSTIC_LINES_MAX; next++) {
    const line = lines[next]?.trim() ?? ''
    if (isNext(next) || (line === '' && said.join('').trim() !== '')) break
    if (/^-{3,}/.test(line)) break
    said.push(line)
  }
  return said.join(' ').replace(/\s+/g, ' ').trim().slice(0, DIAGNOSTIC_MAX_CHARACTERS)
}
