/** What people look at: read-only, in pages, quick at a million messages. */
import type { Database } from '../database.ts'
import { type EntryCursor, type EntryPage, entries } from './entries.ts'
import { lastChange } from './last-change.ts'
import { type MailboxStanding, mailboxStandings } from './mailboxes.ts'
import { type WholeMessage, wholeMessage } from './message.ts'
import { type FoundMessage, type MessageCursor, type MessageSearch, messages } from './messages.ts'
import { type Neighbours, neighbours } from './neighbours.ts'
import { type ListedOutbox, type OutboxFilter, outbox } from './outbox.ts'
import { type ListedPoll, type PollFilter, polls } from './polls.ts'
import { type TicketSheet, ticketSheet, type WholeTicket, wholeTicket } from './ticket.ts'
import { type FoundTicket, type TicketSearch, tickets } from './tickets.ts'

export interface Browse {
  /** Newest first. */
  messages(search: MessageSearch, before: MessageCursor | null, limit: number): Promise<FoundMessage[]>
  message(id: string): Promise<WholeMessage | null>
  neighbours(message: WholeMessage): Promise<Neighbours>
  /** Newest number first. */
  tickets(search: TicketSearch, before: number | null, limit: number): Promise<FoundTicket[]>
  ticket(number: number): Promise<WholeTicket | null>
  ticketSheet(number: number): Promise<TicketSheet | null>
  /** Oldest first: fewer than `limit` where they are long. */
  entries(ticketId: string, after: EntryCursor | null, limit: number): Promise<EntryPage>
  /** Newest first. */
  polls(filter: PollFilter, before: bigint | null, limit: number): Promise<ListedPoll[]>
  /** Newest first. */
  outbox(filter: OutboxFilter, before: bigint | null, limit: number): Promise<ListedOutbox[]>
  /** Of every mailbox, by name. */
  mailboxes(): Promise<MailboxStanding[]>
  /** Another value whenever something has changed. */
  lastChange(): Promise<string>
}

export function browse(database: Database): Browse {
  return {
    messages: (...search) => messages(database, ...search),
    message: (id) => wholeMessage(database, id),
    neighbours: (message) => neighbours(database, message),
    ticket: (number) => wholeTicket(database, number),
    ticketSheet: (number) => ticketSheet(database, number),
    entries: (...page) => entries(database, ...page),
    tickets: (...search) => tickets(database, ...search),
    polls: (...search) => polls(database, ...search),
    outbox: (...search) => outbox(database, ...search),
    mailboxes: () => mailboxStandings(database),
    lastChange: () => lastChange(database),
  }
}
