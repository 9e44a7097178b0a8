import { embeddedIn } from '../message/html/embedded.ts'
import { DEFECTS } from '../message/parse/defects.ts'
import type { Address, Delivery, MailKind, ParsedMessage } from '../message/parsed-message.ts'
import type { Explained } from './explain.ts'
import { bytes, colours, counted, printable } from './terminal.ts'

/** A name, and what there is to say under it, a line each; without lines the name is left out, too. */
export type Row = readonly [name: string, value: string | readonly string[]]

/** One mail for people: what it says, what it is understood as, and why. Safe to show whatever the mail holds. */
export function summary(explained: Explained): string {
  const { file, sizeBytes, error, message } = explained
  const size = sizeBytes === null ? '' : ` (${bytes(sizeBytes)})`
  const head: Row[] = [['file', `${file}${size}`]]
  if (message === null) return shown([...head, ['error', `${error?.message} (${error?.code})`]])
  return shown([...head, ...ROWS.map(([name, value]): Row => [name, value(message)])])
}

/** In the order they are shown. */
const ROWS: readonly (readonly [name: string, value: (message: ParsedMessage) => Row[1]])[] = [
  ['subject', ({ subject }) => subject],
  ['from', ({ from }) => people(from)],
  ['to', ({ to, cc }) => people([...to, ...cc])],
  ['reply-to', ({ replyTo }) => people(replyTo)],
  ['date', ({ date }) => date ?? ''],
  ['message-id', ({ messageId }) => messageId ?? ''],
  ['kind', ({ kind, reason }) => `${kind}: ${KINDS[kind]} (${reason})`],
  ['answer', ({ mayAnswer }) => (mayAnswer ? 'may be acknowledged' : 'must not be acknowledged (RFC 3834)')],
  ['delivery', ({ delivery }) => (delivery === null ? '' : deliveryLines(delivery))],
  ['reply', (message) => replyLines(message)],
  ['attachments', (message) => attachmentLines(message)],
  ['defects', ({ defects }) => defects.map(meaning)],
]

const KINDS: Record<MailKind, string> = {
  personal: 'somebody wrote it',
  list: 'over a mailing list, or to many',
  notification: 'a machine wrote it of its own accord',
  'auto-reply': 'a machine answered a mail',
  'delivery-status': 'a mail was not delivered, or not yet',
  disposition: 'a mail was displayed or deleted',
  feedback: 'a mail was complained about',
  challenge: 'asks the sender of a mail to prove himself',
}

const PEOPLE_SHOWN = 5

function people(addresses: readonly Address[]): string {
  const named = addresses
    .slice(0, PEOPLE_SHOWN)
    .map(({ name, address }) => (name === '' ? address : `${name} <${address}>`))
  return `${named.join(', ')}${more(addresses.length - PEOPLE_SHOWN)}`
}

const RECIPIENTS_SHOWN = 10

function deliveryLines({ temporary, originalMessageId, recipients }: Delivery): string[] {
  const about = originalMessageId === null ? 'a mail that it does not name' : originalMessageId
  return [
    `${temporary ? 'for now' : 'for good'}, of ${about}`,
    ...recipients
      .slice(0, RECIPIENTS_SHOWN)
      .map(({ address, action, status, diagnostic }) =>
        [action, status, address, diagnostic].filter(Boolean).join('  '),
      ),
    more(recipients.length - RECIPIENTS_SHOWN),
  ]
}

const REPLY_LINES = 12
/** Of a text no more is looked at. */
const TEXT_CHARS = 100_000

function replyLines({ reply, text }: ParsedMessage): string[] {
  const [written, all] = [linesOf(reply ?? ''), linesOf(text ?? '')]
  const [rest, quoted] = [written.length - REPLY_LINES, all.length - written.length]
  return [
    ...written.slice(0, REPLY_LINES),
    rest > 0 ? `(${counted(rest, 'more line')})` : '',
    quoted > 0 ? `(${counted(quoted, 'line')} of quotation and signature beside it)` : '',
  ]
}

const linesOf = (text: string): string[] =>
  text
    .slice(0, TEXT_CHARS)
    .split('\n')
    .filter((line) => line.trim() !== '')

const ATTACHMENTS_SHOWN = 10

function attachmentLines({ html, attachments }: ParsedMessage): string[] {
  const embedded = html === null || attachments.length === 0 ? null : embeddedIn(html, attachments)
  const described = attachments.slice(0, ATTACHMENTS_SHOWN).map(({ filename, contentType, sizeBytes }, position) => {
    const name = filename === null ? contentType : `${filename}  ${contentType}`
    return `${name}  ${bytes(sizeBytes)}${embedded?.has(position) ? '  (shown in the text)' : ''}`
  })
  return [...described, more(attachments.length - ATTACHMENTS_SHOWN)]
}

function meaning(defect: string): string {
  const [wrong, done] = new Map<string, readonly [string, string]>(Object.entries(DEFECTS)).get(defect) ?? []
  return wrong === undefined ? defect : `${defect}: ${wrong}. ${done}.`
}

const more = (count: number): string => (count > 0 ? ` and ${count} more` : '')

const LINE_CHARS = 200
const NAME_CHARS = 12

function shown(rows: readonly Row[]): string {
  return rows.map(([name, value]) => rowText(name, value)).join('')
}

function rowText(name: string, value: Row[1]): string {
  const lines = [value].flat().filter((line) => line.trim() !== '')
  return lines
    .map((line, index) => `${head(index === 0 ? name : '')} ${STYLES[name]?.(safe(line)) ?? safe(line)}\n`)
    .join('')
}

const head = (name: string): string => colours.dim(name.padEnd(NAME_CHARS))
const safe = (line: string): string => printable(line, LINE_CHARS)

const STYLES: Record<string, (text: string) => string> = {
  file: colours.dim,
  subject: colours.bold,
  kind: colours.cyan,
  delivery: colours.yellow,
  defects: colours.yellow,
  error: colours.red,
}
