import type { Prisma, TicketPriority, TicketStatus } from '../generated/prisma/client.ts'
import type { Authenticity } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Database } from './database.ts'
import { addressKey } from './threads.ts'
import { finish } from './ticket-finish.ts'

/** An entry of a ticket in a message's thread, seen from that message. */
export interface Relative {
  readonly ticketId: string
  readonly ticketNumber: number
  /** Where the message refers to this entry's message: 1 is the newest reference. Null: it does not. */
  readonly position: number | null
  /** This entry's message refers to the message: it was waiting for it. */
  readonly awaits: boolean
  /** The sender takes part in the ticket. */
  readonly senderTakesPart: boolean
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
  /** For a new ticket: the one it refers to without its sender taking part. */
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

/** `done`: written. `stale`: thread or ticket are no longer as seen, look again. `gone`: it had left `received`. */
export type Finished =
  | { readonly outcome: 'done'; readonly ticketNumber: number; readonly isNew: boolean }
  | { readonly outcome: 'stale' }
  | { readonly outcome: 'gone' }

export interface Tickets {
  /** The tickets in the message's thread, as of one instant. */
  viewThread(inboundMessageId: string, senderAddress: string): Promise<ThreadView | null>
  /**
   * Ticket, entry, attachments, contact, participants and event, and the message out of `received`: one statement,
   * so all or nothing (I3), and only if thread and message are still as they were seen. With a new ticket goes the
   * acknowledgement that is to be sent of it.
   */
  finish(
    inboundMessageId: string,
    view: ThreadView,
    place: TicketPlace,
    entry: NewEntry,
    acknowledgement?: Acknowledgement,
  ): Promise<Finished>
  list(after: number, limit: number): Promise<ListedTicket[]>
  find(number: number): Promise<TicketDetail | null>
}

const LISTED = {
  include: { mailbox: { select: { name: true } }, requester: true, _count: { select: { entries: true } } },
} as const
const DETAIL = {
  include: {
    ...LISTED.include,
    linkedTicket: { select: { number: true } },
    mergedInto: { select: { number: true } },
    entries: {
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      include: { attachments: { orderBy: { position: 'asc' } } },
    },
  },
} as const satisfies Prisma.TicketDefaultArgs

export type ListedTicket = Prisma.TicketGetPayload<typeof LISTED>
export type TicketDetail = Prisma.TicketGetPayload<typeof DETAIL>

export function tickets(database: Database): Tickets {
  return {
    viewThread: (inboundMessageId, senderAddress) => viewThread(database, inboundMessageId, senderAddress),
    finish: (...effect) => finish(database, ...effect),
    list: (after, limit) =>
      database.prisma((prisma) =>
        prisma.ticket.findMany({
          ...LISTED,
          where: { number: { gt: after }, status: { not: 'merged' satisfies TicketStatus } },
          orderBy: { number: 'asc' },
          take: limit,
        }),
      ),
    find: (number) => database.prisma((prisma) => prisma.ticket.findUnique({ where: { number }, ...DETAIL })),
  }
}

/** More relatives than this only a forger has. */
const RELATIVES_LIMIT = 1000

async function viewThread(
  database: Database,
  inboundMessageId: string,
  senderAddress: string,
): Promise<ThreadView | null> {
  const rows = await database.query<{ threadId: string; version: number } & (Relative | { ticketId: null })>({
    name: 'ticket-view',
    text: `SELECT th.id AS "threadId", th.version, relative.*
           FROM inbound_messages me JOIN threads th ON th.id = me.thread_id
           LEFT JOIN LATERAL (
             SELECT t.id AS "ticketId", t.number AS "ticketNumber",
               (SELECT min(mine.position) FROM message_references mine
                  JOIN message_references own ON own.msg_id_sha256 = mine.msg_id_sha256 AND own.position <= 0
                  WHERE mine.inbound_message_id = me.id AND mine.position > 0 AND own.inbound_message_id = m.id) AS position,
               EXISTS (SELECT 1 FROM message_references mine
                  JOIN message_references theirs ON theirs.msg_id_sha256 = mine.msg_id_sha256 AND theirs.position > 0
                  WHERE mine.inbound_message_id = me.id AND mine.position = 0 AND theirs.inbound_message_id = m.id) AS awaits,
               EXISTS (SELECT 1 FROM ticket_participants p
                  WHERE p.ticket_id = t.id AND p.address_sha256 = $2) AS "senderTakesPart",
               coalesce(m.message_id = me.message_id, false) AS "sameMessageId"
             FROM inbound_messages m
             JOIN ticket_entries e ON e.inbound_message_id = m.id JOIN tickets t ON t.id = e.ticket_id
             WHERE m.thread_id = th.id AND m.id <> me.id
             ORDER BY position, awaits DESC, t.number LIMIT ${RELATIVES_LIMIT}
           ) relative ON true
           WHERE me.id = $1`,
    values: [inboundMessageId, addressKey(senderAddress)],
  })
  const [first] = rows
  if (first === undefined) return null
  return {
    threadId: first.threadId,
    version: first.version,
    relatives: rows.filter((row) => row.ticketId !== null),
  }
}
