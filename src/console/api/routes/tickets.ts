import { z } from 'zod'
import { ticketShape, wholeTicketShape } from '../../../store/browse/shapes.ts'
import { present } from '../../pages/list.ts'
import type { ConsoleDeps } from '../../server.ts'
import { noSuchPage, notFound, notPossible, type Route, route } from '../route.ts'
import { note, PAGING, PRIORITIES, pageOf, STATUSES, Ticket, TicketWithEntries, text } from '../shapes.ts'

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
    summary: 'One ticket with its entries.',
    params: ONE,
    answer: TicketWithEntries,
    problems: [404],
    handle: async (deps, { params: { number } }) => await whole(deps, number),
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

type Found = Awaited<ReturnType<ConsoleDeps['store']['browse']['tickets']>>[number]

const shapeOf = ({ requesterName, requesterAddress, ...ticket }: Found) =>
  ticketShape({ ...ticket, requester: { name: requesterName, address: requesterAddress } })

async function whole({ store }: ConsoleDeps, number: number) {
  const ticket = await store.tickets.find(number)
  if (ticket === null) throw notFound('ticket')
  return wholeTicketShape(ticket)
}
