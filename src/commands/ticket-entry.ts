import { embeddedIn } from '../message/html/embedded.ts'
import type { TicketDetail } from '../store/tickets.ts'
import { bytes, counted, printable } from './terminal.ts'

type Entry = Pick<
  TicketDetail['entries'][number],
  'text' | 'html' | 'reply' | 'sentAt' | 'createdAt' | 'fromName' | 'fromAddress'
> & {
  readonly attachments: readonly Pick<
    TicketDetail['entries'][number]['attachments'][number],
    'filename' | 'contentType' | 'contentId' | 'sizeBytes'
  >[]
}

/** One entry for people: what its writer added; of what was quoted and signed, how much there is. */
export function entryText(entry: Entry): string {
  const when = (entry.sentAt ?? entry.createdAt).toISOString()
  const lines = [...written(entry), ...files(entry)]
  return `\n${when}  ${printable(entry.fromName || entry.fromAddress)}\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function written({ reply, text }: Entry): string[] {
  const shown = (reply ?? '').trim() === '' ? (text ?? '') : (reply ?? '')
  const folded = lineCount(text ?? '') - lineCount(shown)
  return [
    ...shown.split('\n').map((line) => printable(line)),
    ...(folded > 0 ? [`[${counted(folded, 'line')} of quotation and signature: --json shows them]`] : []),
  ]
}

const lineCount = (text: string): number => text.split('\n').filter((line) => line.trim() !== '').length

function files({ html, attachments }: Entry): string[] {
  const embedded = html === null ? new Set<number>() : embeddedIn(html, attachments)
  return attachments.map(({ filename, contentType, sizeBytes }, position) => {
    const place = embedded.has(position) ? ', shown in the HTML' : ''
    return `[${printable(filename ?? contentType)}, ${bytes(sizeBytes)}${place}]`
  })
}
