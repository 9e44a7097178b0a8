import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { ticketFields, ticketShape, wholeTicketShape } from '../store/browse/shapes.ts'
import type { Store } from '../store/store.ts'
import type { ListedTicket, TicketDetail } from '../store/tickets.ts'
import { openApp } from './app.ts'
import { ago, print, printable, printJson, table } from './terminal.ts'
import { entryText } from './ticket-entry.ts'

const PAGE = 500

export async function listTickets(config: Config, options: { json: boolean }): Promise<void> {
  await using app = await openApp(config)
  if (!options.json) return print(await ticketTable(app.store))
  for await (const page of pages(app.store)) for (const ticket of page) printJson(ticketShape(ticketFields(ticket)))
}

/** The newest tickets, or all up to `limit`. */
export async function ticketTable(store: Store, limit = Number.POSITIVE_INFINITY): Promise<string> {
  const rows = []
  for await (const page of pages(store)) rows.push(...page)
  const shown = rows.slice(Math.max(0, rows.length - limit))
  const now = new Date()
  const marked = MARKS.filter((mark) => shown.some((ticket) => markOf(ticket, mark) !== ''))
  const headings = ['#', 'status', 'subject', 'requester', ...marked]
  const text = table(
    [...headings, 'entries', 'created'],
    shown.map((ticket) => [
      ticket.number,
      ticket.status,
      printable(ticket.subject, 48) || '(no subject)',
      printable(ticket.requester.name || ticket.requester.address, 28) || '(unknown)',
      ...marked.map((mark) => markOf(ticket, mark)),
      ticket._count.entries,
      ago(ticket.createdAt, now),
    ]),
  )
  return rows.length === 0 ? 'no tickets\n' : text
}

/** Shown where any of the tickets has one. */
const MARKS = ['queue', 'priority'] as const

function markOf({ queue, priority }: ListedTicket, mark: (typeof MARKS)[number]): string {
  if (mark === 'queue') return printable(queue ?? '', 20)
  return priority === 'normal' ? '' : priority
}

async function* pages(store: Store): AsyncGenerator<ListedTicket[]> {
  for (let after = 0, page = await store.tickets.list(0, PAGE); page.length > 0; ) {
    yield page
    after = page.at(-1)?.number ?? after
    page = await store.tickets.list(after, PAGE)
  }
}

export async function showTicket(config: Config, numberText: string, options: { json: boolean }): Promise<void> {
  const number = Number(numberText.replace(/^#/, ''))
  await using app = await openApp(config)
  const ticket = Number.isInteger(number) && number < 2 ** 31 ? await app.store.tickets.find(number) : null
  if (ticket === null) throw new MailchuteError('usage/not-found', `there is no ticket ${printable(numberText, 20)}`)
  if (options.json) printJson(wholeTicketShape(ticket))
  else print(detailText(ticket))
}

const links = ({ linkedTicket, mergedInto }: TicketDetail) => ({
  linkedTicket: linkedTicket?.number ?? null,
  mergedInto: mergedInto?.number ?? null,
})

function detailText(ticket: TicketDetail): string {
  const { linkedTicket, mergedInto } = links(ticket)
  const head = [
    `#${ticket.number}  ${printable(ticket.subject) || '(no subject)'}`,
    `${ticket.status}, mailbox ${ticket.mailbox.name}, ${printable(ticket.requester.name)} <${printable(ticket.requester.address)}>`,
    ...marksText(ticket),
    ...(linkedTicket === null ? [] : [`refers to #${linkedTicket}`]),
    ...(mergedInto === null ? [] : [`merged into #${mergedInto}`]),
  ]
  return `${head.join('\n')}\n${ticket.entries.map(entryText).join('')}`
}

function marksText({ queue, priority, tags, assignee }: TicketDetail): string[] {
  const marks = [
    ...(queue === null ? [] : [`queue ${printable(queue)}`]),
    ...(priority === 'normal' ? [] : [`priority ${priority}`]),
    ...(tags.length === 0 ? [] : [`tags ${printable(tags.join(', '))}`]),
    ...(assignee === null ? [] : [`assigned to ${printable(assignee)}`]),
  ]
  return marks.length === 0 ? [] : [marks.join('; ')]
}
