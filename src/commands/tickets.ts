import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { sanitise } from '../message/html/sanitise.ts'
import type { Store } from '../store/store.ts'
import type { ListedTicket, TicketDetail } from '../store/tickets.ts'
import { openApp } from './app.ts'
import { ago, bytes, print, printable, printJson, table } from './terminal.ts'

const PAGE = 500

export async function listTickets(config: Config, options: { json: boolean }): Promise<void> {
  await using app = await openApp(config)
  if (!options.json) return print(await ticketTable(app.store))
  for await (const page of pages(app.store)) for (const ticket of page) printJson(listed(ticket))
}

/** The newest tickets, or all up to `limit`. */
export async function ticketTable(store: Store, limit = Number.POSITIVE_INFINITY): Promise<string> {
  const rows = []
  for await (const page of pages(store)) rows.push(...page)
  const shown = rows.slice(Math.max(0, rows.length - limit))
  const now = new Date()
  const text = table(
    ['#', 'status', 'subject', 'requester', 'entries', 'created'],
    shown.map((ticket) => [
      ticket.number,
      ticket.status,
      printable(ticket.subject, 48) || '(no subject)',
      printable(ticket.requester.name || ticket.requester.address, 28) || '(unknown)',
      ticket._count.entries,
      ago(ticket.createdAt, now),
    ]),
  )
  return rows.length === 0 ? 'no tickets\n' : text
}

async function* pages(store: Store): AsyncGenerator<ListedTicket[]> {
  for (let after = 0, page = await store.tickets.list(0, PAGE); page.length > 0; ) {
    yield page
    after = page.at(-1)?.number ?? after
    page = await store.tickets.list(after, PAGE)
  }
}

function listed(ticket: ListedTicket) {
  const { number, subject, status, mailbox, requester, _count, createdAt } = ticket
  return {
    number,
    subject,
    status,
    mailbox: mailbox.name,
    requester: { name: requester.name, address: requester.address },
    entries: _count.entries,
    createdAt: createdAt.toISOString(),
  }
}

export async function showTicket(config: Config, numberText: string, options: { json: boolean }): Promise<void> {
  const number = Number(numberText.replace(/^#/, ''))
  await using app = await openApp(config)
  const ticket = Number.isInteger(number) && number < 2 ** 31 ? await app.store.tickets.find(number) : null
  if (ticket === null) throw new MailchuteError('usage/not-found', `there is no ticket ${printable(numberText, 20)}`)
  if (options.json) printJson({ ...listed(ticket), ...links(ticket), entries: ticket.entries.map(entry) })
  else print(detailText(ticket))
}

const links = ({ linkedTicket, mergedInto }: TicketDetail) => ({
  linkedTicket: linkedTicket?.number ?? null,
  mergedInto: mergedInto?.number ?? null,
})

function entry(each: TicketDetail['entries'][number]) {
  return {
    inboundMessageId: each.inboundMessageId,
    messageId: each.messageId,
    kind: each.kind,
    from: { name: each.fromName, address: each.fromAddress },
    text: each.text,
    html: sanitisedOrNull(each.html),
    reply: each.reply,
    replyHtml: sanitisedOrNull(each.replyHtml ?? each.html),
    attachments: each.attachments.map(({ filename, contentType, sizeBytes, sha256 }) => ({
      filename,
      contentType,
      sizeBytes,
      sha256,
    })),
    createdAt: each.createdAt.toISOString(),
  }
}

const sanitisedOrNull = (html: string | null): string | null => (html === null ? null : sanitise(html))

function detailText(ticket: TicketDetail): string {
  const { linkedTicket, mergedInto } = links(ticket)
  const head = [
    `#${ticket.number}  ${printable(ticket.subject) || '(no subject)'}`,
    `${ticket.status}, mailbox ${ticket.mailbox.name}, ${printable(ticket.requester.name)} <${printable(ticket.requester.address)}>`,
    ...(linkedTicket === null ? [] : [`refers to #${linkedTicket}, where its sender takes no part`]),
    ...(mergedInto === null ? [] : [`merged into #${mergedInto}`]),
  ]
  return `${head.join('\n')}\n${ticket.entries.map(entryText).join('')}`
}

function entryText(each: TicketDetail['entries'][number]): string {
  const lines = (each.text ?? '').split('\n').map((line) => `  ${printable(line)}`.trimEnd())
  const files = each.attachments.map(
    ({ filename, contentType, sizeBytes }) => `  [${printable(filename ?? contentType)}, ${bytes(sizeBytes)}]`,
  )
  const when = (each.sentAt ?? each.createdAt).toISOString()
  return `\n${when}  ${printable(each.fromName || each.fromAddress)}\n${[...lines, ...files].join('\n')}\n`
}
