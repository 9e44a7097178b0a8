import { z } from 'zod'
import type { EntryCursor, FoundEntry } from '../../../store/browse/entries.ts'
import { entryShape, ticketShape } from '../../../store/browse/shapes.ts'
import type { TicketSheet } from '../../../store/browse/ticket.ts'
import { present } from '../../pages/list.ts'
import { type ApiDeps, noSuchPage, notFound, notPossible, type Route, route } from '../route.ts'
import { Entry, note, PAGING, PRIORITIES, pageOf, STATUSES, Ticket, TicketWithEntries, text } from '../shapes.ts'

const HIGHEST_NUMBER = 2 ** 31 - 1
const ONE = z.object({ number: z.coerce.number().int().min(1).max(HIGHEST_NUMBER) })

export const TICKET_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/tickets',
    operationId: 'listTickets',
    summary: 'Tickets, newest first; all that is asked for must hold.',
    query: z.object({
      status: z.enum(STATUSES).optional(),
      mailbox: text.optional(),
      queue: text.optional(),
      address: text.optional().describe('Of the requester, whole.'),
      ...PAGING,
    }),
    answer: pageOf(Ticket),
    handle: async ({ store }, { query: { cursor, limit, ...search } }) => {
      const found = await store.browse.tickets(present(search), cursorOf(cursor), limit + 1)
      const items = found.slice(0, limit)
      const next = found.length > limit ? String(items.at(-1)?.number ?? '') : null
      return { items: items.map(shapeOf), next }
    },
  }),
  route({
    method: 'GET',
    path: '/tickets/{number}',
    operationId: 'getTicket',
    summary: 'One ticket with its first entries.',
    params: ONE,
    answer: TicketWithEntries,
    problems: [404],
    handle: async (deps, { params: { number } }) => await whole(deps, number),
  }),
  route({
    method: 'GET',
    path: '/tickets/{number}/entries',
    operationId: 'listEntries',
    summary: 'The entries of a ticket, oldest first; a page has fewer than its limit where they are long.',
    params: ONE,
    query: z.object(PAGING),
    answer: pageOf(Entry),
    problems: [404],
    handle: async (deps, { params: { number }, query: { cursor, limit } }) => {
      const { id } = await find(deps, number)
      return await entriesOf(deps, id, entryCursor(cursor), limit)
    },
  }),
  route({
    method: 'PATCH',
    path: '/tickets/{number}',
    operationId: 'changeTicket',
    summary: 'What is the ticket system’s to change; what is left out stays.',
    params: ONE,
    body: z.object({
      status: z.enum(['open', 'pending', 'closed']).optional(),
      queue: text.nullable().optional(),
      priority: z.enum(PRIORITIES).optional(),
      tags: z.array(text).max(100).optional(),
      assignee: text.nullable().optional(),
      note,
    }),
    answer: TicketWithEntries,
    problems: [404, 409],
    handle: async (deps, { params: { number }, body: { note: _, ...change }, by }) => {
      const changed = await deps.store.tickets.change(number, present(change), by)
      if (changed === 'unknown') throw notFound('ticket')
      if (changed === 'refused') throw notPossible('the ticket was merged into another one')
      return await whole(deps, number)
    },
  }),
]

function cursorOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return null
  if (!/^\d{1,10}$/.test(cursor) || Number(cursor) > HIGHEST_NUMBER) throw noSuchPage()
  return Number(cursor)
}

function entryCursor(cursor: string | undefined): EntryCursor | null {
  if (cursor === undefined) return null
  const [, createdMilliseconds, id] = /^(\d{1,14})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  if (createdMilliseconds === undefined || id === undefined) throw noSuchPage()
  return { createdMilliseconds, id }
}

type Found = Awaited<ReturnType<ApiDeps['store']['browse']['tickets']>>[number]

const shapeOf = ({ requesterName, requesterAddress, ...ticket }: Found) =>
  ticketShape({ ...ticket, requester: { name: requesterName, address: requesterAddress } })

async function find({ store }: ApiDeps, number: number): Promise<TicketSheet> {
  const ticket = await store.browse.ticketSheet(number)
  if (ticket === null) throw notFound('ticket')
  return ticket
}

const FIRST_ENTRIES = 50

async function whole(deps: ApiDeps, number: number) {
  const { mailbox, linkedTicket, mergedInto, _count, ...ticket } = await find(deps, number)
  const { items, next } = await entriesOf(deps, ticket.id, null, FIRST_ENTRIES)
  return {
    ...ticketShape({ ...ticket, mailbox: mailbox.name, entries: _count.entries }),
    linkedTicket: linkedTicket?.number ?? null,
    mergedInto: mergedInto?.number ?? null,
    entries: items,
    next,
  }
}

async function entriesOf(deps: ApiDeps, ticketId: string, after: EntryCursor | null, limit: number) {
  const { entries, next } = await deps.store.browse.entries(ticketId, after, limit)
  const items = []
  for (const entry of entries) items.push(await shapeOfEntry(deps, entry))
  return { items, next: next && `${next.createdMilliseconds}_${next.id}` }
}

async function shapeOfEntry({ sanitising }: ApiDeps, entry: FoundEntry) {
  const safe = async (html: string | null) => (html === null ? null : ((await sanitising.sanitise(html))?.html ?? null))
  const html = await safe(entry.html)
  return entryShape(entry, { html, replyHtml: entry.replyHtml === null ? html : await safe(entry.replyHtml) })
}
