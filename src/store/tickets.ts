import type { Prisma, TicketPriority, TicketStatus } from '../generated/prisma/client.ts'
import type { Authenticity } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Act } from './act.ts'
import type { Database } from './database.ts'
import { changeTicket, type TicketChange } from './ticket-change.ts'
import { finish } from './ticket-finish.ts'
import { viewThread } from './ticket-view.ts'

/** A ticket that a message names, in the order in which they count. */
export interface NamedTicket {
  readonly by: 'token' | 'number'
  readonly number: number
}

/** An entry of a ticket in a message's thread, or a ticket that the message names, seen from that message. */
export interface Relative {
  /** Of a merged ticket the one that it became part of. */
  readonly ticketId: string
  readonly ticketNumber: number
  /** How the message names it; null: it does not. */
  readonly by: 'token' | 'reference' | 'number' | null
  /** Among those that are named in this way: 1 is the newest reference. */
  readonly position: number | null
  /** This entry's message refers to the message: it was waiting for it. */
  readonly awaits: boolean
  /** The message is from or to the writer of this entry. */
  readonly isMutual: boolean
  /** The sender takes part in the ticket. */
  readonly senderTakesPart: boolean
  /** It was closed too long ago to be opened again, or is no ticket of its own any more. */
  readonly isPast: boolean
  /** Same Message-ID, other octets. */
  readonly sameMessageId: boolean
}

export interface ThreadView {
  /** null: whichever the message is in. */
  readonly threadId: string | null
  /** Of the thread when this was read; `finish` takes effect only if it is still the same. */
  readonly version: number
  readonly relatives: readonly Relative[]
}

/** A thread in which nothing was ever put on a ticket: then nobody needs to look, `finish` finds out if it is not so. */
export const UNTOUCHED_THREAD: ThreadView = { threadId: null, version: 0, relatives: [] }

export interface TicketPlace {
  /** null: a new ticket. */
  readonly ticketId: string | null
  /** For a new ticket: the one it refers to without being let in. */
  readonly linkedTicketId: string | null
  /** Tickets that turn out to be the same thread: their entries move over. */
  readonly absorbs: readonly string[]
  /** Stable code of what decided the place. */
  readonly reason: string
}

/** What rules put on a new ticket; null: nothing. */
export interface TicketMarks {
  readonly queue: string | null
  readonly priority: TicketPriority | null
  readonly tags: readonly string[]
  readonly assignee: string | null
}

export const NO_MARKS: TicketMarks = { queue: null, priority: null, tags: [], assignee: null }

export interface NewEntry {
  readonly kind: ParsedMessage['kind']
  readonly messageId: string | null
  readonly from: { readonly name: string; readonly address: string }
  readonly participants: readonly string[]
  readonly subject: string
  readonly text: string | null
  readonly html: string | null
  readonly reply: string | null
  /** The same part of `html`; null where that is all of it. */
  readonly replyHtml: string | null
  /** To, Cc and Reply-To. */
  readonly recipients: readonly { readonly field: string; readonly name: string; readonly address: string }[]
  readonly authenticity: Authenticity
  readonly defects: readonly string[]
  /** Where a new ticket's requester is not who the mail is from. */
  readonly requester: { readonly name: string; readonly address: string }
  readonly marks: TicketMarks
  /** See `inbound_messages.similarity_sha256`. */
  readonly similaritySha256: string | null
  /** What the event says besides: codes, names and counts. */
  readonly told: Readonly<Record<string, string | number | boolean | readonly string[]>>
  readonly sentAt: string | null
  readonly attachments: readonly {
    readonly filename: string | null
    readonly contentType: string
    readonly sizeBytes: number
    readonly sha256: string
    readonly disposition: string | null
    readonly contentId: string | null
  }[]
}

/** Whom the opening of a ticket is acknowledged to; or why not, where acknowledgements are switched on. */
export type Acknowledgement =
  | { readonly recipient: string; readonly language: string | null }
  | { readonly refusal: string }

export interface TicketEffect {
  readonly place: TicketPlace
  readonly entry: NewEntry
  readonly reopenDays: number
  /** undefined: acknowledgements are switched off. */
  readonly acknowledgement: Acknowledgement | undefined
}

/** `done`: written. `stale`: thread or ticket are no longer as seen, look again. `gone`: it had left `received`. */
export type Finished =
  | { readonly outcome: 'done'; readonly ticketNumber: number; readonly isNew: boolean }
  | { readonly outcome: 'stale' }
  | { readonly outcome: 'gone' }

/** From where a message looks at its thread. */
export interface Viewpoint {
  /** All of them have to take part in a ticket. */
  readonly senders: readonly string[]
  /** Whom the message is from and to. */
  readonly people: readonly string[]
  readonly named: readonly NamedTicket[]
  readonly reopenDays: number
}

export interface Tickets {
  /** The tickets in the message's thread and those that it names, of its own mailbox only, as of one instant. */
  viewThread(inboundMessageId: string, viewpoint: Viewpoint): Promise<ThreadView | null>
  /**
   * Ticket, entry, attachments, contact, participants and event, and the message out of `received`: one statement,
   * so all or nothing (I3), and only if thread, tickets and message are still as they were seen. With a new ticket goes
   * the acknowledgement that is to be sent of it.
   */
  finish(inboundMessageId: string, view: ThreadView, effect: TicketEffect): Promise<Finished>
  list(after: number, limit: number): Promise<ListedTicket[]>
  find(number: number): Promise<TicketDetail | null>
  /** By an operator. `refused`: it is part of another ticket. */
  change(number: number, change: TicketChange, act: Act): Promise<'done' | 'unknown' | 'refused'>
}

const LISTED = { include: { mailbox: { select: { name: true } }, requester: true } } as const
const DETAIL = {
  include: {
    ...LISTED.include,
    _count: { select: { entries: true } },
    linkedTicket: { select: { number: true } },
    mergedInto: { select: { number: true } },
    entries: {
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      include: { attachments: { orderBy: { position: 'asc' } } },
    },
  },
} as const satisfies Prisma.TicketDefaultArgs

export type ListedTicket = Prisma.TicketGetPayload<typeof LISTED> & { readonly _count: { readonly entries: number } }
export type TicketDetail = Prisma.TicketGetPayload<typeof DETAIL>

export function tickets(database: Database): Tickets {
  return {
    viewThread: (...viewed) => viewThread(database, ...viewed),
    finish: (...effect) => finish(database, ...effect),
    list: (...page) => list(database, ...page),
    change: (...change) => changeTicket(database, ...change),
    find: (number) => database.prisma((prisma) => prisma.ticket.findUnique({ where: { number }, ...DETAIL })),
  }
}

/** Counted for these tickets alone: Prisma would count the entries of all there are. */
function list(database: Database, after: number, limit: number): Promise<ListedTicket[]> {
  return database.prisma(async (prisma) => {
    const tickets = await prisma.ticket.findMany({
      ...LISTED,
      where: { number: { gt: after }, status: { not: 'merged' satisfies TicketStatus } },
      orderBy: { number: 'asc' },
      take: limit,
    })
    const ticketId = { in: tickets.map(({ id }) => id) }
    const counts = await prisma.ticketEntry.groupBy({ by: ['ticketId'], where: { ticketId }, _count: true })
    const entries = new Map(counts.map(({ ticketId: id, _count }) => [id, _count]))
    return tickets.map((ticket) => ({ ...ticket, _count: { entries: entries.get(ticket.id) ?? 0 } }))
  })
}
