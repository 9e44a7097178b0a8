import type { DrainReport, MailboxReport } from './drain.ts'
import { bytes, colours, table } from './terminal.ts'

/** The balance sheet of a drain: each message that the server listed is in exactly one column. */
export function sheetText({ mailboxes, work, seconds }: DrainReport): string {
  const rows = mailboxes.map((each) => [
    each.mailbox,
    each.listed,
    '=',
    each.known,
    each.retrieved,
    each.held,
    each.left,
    each.stored,
    each.deleted,
    bytes(each.octets),
    verdict(each),
  ])
  const headings = [
    'mailbox',
    'listed',
    '=',
    'known',
    '+ retrieved',
    '+ held',
    '+ left',
    'stored',
    'deleted',
    'octets',
    '',
  ]
  const outcomes = Object.entries(work).map(([state, count]) => `${count} ${state}`)
  return `${table(headings, rows)}\n${outcomes.join(', ')} in ${seconds.total} s (poll ${seconds.poll} s, work after it ${seconds.work} s)\n`
}

function verdict({ error, listed, known, retrieved, held, left }: MailboxReport): string {
  if (error !== null) return colours.red(error.code)
  if (listed !== known + retrieved + held + left) return colours.red('unbalanced')
  return left + held === 0 ? colours.green('balanced') : colours.yellow('balanced, some stay')
}
