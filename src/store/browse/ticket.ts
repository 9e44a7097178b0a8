import type { Prisma } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

const NUMBERED = { select: { number: true, subject: true } } as const

/** More than a page shows; the oldest ones. */
export const ENTRIES_LIMIT = 200

const WHOLE = {
  include: {
    mailbox: { select: { name: true } },
    requester: true,
    linkedTicket: NUMBERED,
    mergedInto: NUMBERED,
    linkedBy: { ...NUMBERED, orderBy: { number: 'asc' }, take: 50 },
    mergedFrom: { ...NUMBERED, orderBy: { number: 'asc' }, take: 50 },
    participants: { orderBy: { address: 'asc' }, take: 200 },
    outbox: { orderBy: { id: 'asc' }, take: 50 },
    // Booked on it without being part of it: reports, and answers of machines.
    messages: {
      select: { id: true, subject: true, reason: true, receivedAt: true },
      orderBy: { receivedAt: 'asc' },
      take: 50,
    },
    _count: { select: { entries: true } },
    entries: {
      omit: { html: true, replyHtml: true },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      take: ENTRIES_LIMIT,
      include: { attachments: { orderBy: { position: 'asc' } } },
    },
  },
} as const satisfies Prisma.TicketDefaultArgs

/** A ticket with its entries, oldest first, and all that hangs on it. */
export type WholeTicket = Prisma.TicketGetPayload<typeof WHOLE>

export function wholeTicket(database: Database, number: number): Promise<WholeTicket | null> {
  return database.prisma((prisma) => prisma.ticket.findUnique({ where: { number }, ...WHOLE }))
}
