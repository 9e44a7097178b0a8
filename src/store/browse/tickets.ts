import type { TicketPriority, TicketStatus } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'
import type { Filter } from './filters.ts'
import { mailboxFilter } from './mailbox-filter.ts'
import { type Listing, newest } from './newest.ts'
import { SUBJECT_CHARS } from './ticket.ts'

export interface TicketSearch {
  readonly status?: TicketStatus
  readonly mailbox?: string
  readonly queue?: string
  /** Of the requester, whole. */
  readonly address?: string
}

export interface FoundTicket {
  readonly number: number
  /** Its start: some are megabytes long. */
  readonly subject: string
  readonly status: TicketStatus
  readonly priority: TicketPriority
  readonly queue: string | null
  readonly mailbox: string
  readonly requesterName: string
  readonly requesterAddress: string
  readonly entries: number
  readonly tags: readonly string[]
  readonly assignee: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
}

const LISTING: Listing = { table: 'tickets', order: { number: 'int' } }

/** Rejects with `store/search-too-wide`. */
export async function tickets(
  database: Database,
  search: TicketSearch,
  before: number | null,
  limit: number,
): Promise<FoundTicket[]> {
  const filters = await filtersOf(database, search)
  if (filters === null) return []
  const range = before === null ? {} : { before: [before] }
  const numbers = await newest(database, LISTING, filters, range, Math.trunc(limit))
  return numbers.length === 0 ? [] : await database.query<FoundTicket>({ ...FOUND, values: [numbers] })
}

const FOUND = {
  name: 'browse-tickets',
  text: `SELECT t.number, left(t.subject, ${SUBJECT_CHARS}) AS subject, t.status, t.priority, t.queue, t.tags, t.assignee, t.created_at AS "createdAt", b.name AS mailbox, c.name AS "requesterName",
           c.address AS "requesterAddress", t.updated_at AS "updatedAt",
           (SELECT count(*)::int FROM ticket_entries e WHERE e.ticket_id = t.id) AS entries
         FROM tickets t JOIN mailboxes b ON b.id = t.mailbox_id JOIN contacts c ON c.id = t.requester_id
         WHERE t.number = ANY ($1::int[]) ORDER BY t.number DESC`,
}

/** In the order in which they lead to few. null: nothing can meet them all. */
async function filtersOf(database: Database, search: TicketSearch): Promise<Filter[] | null> {
  const { address, queue, mailbox, status } = search
  const filters = await Promise.all([
    address === undefined ? [] : ofRequester(database, address),
    queue === undefined ? [] : [same('m.queue', 'text', queue)],
    mailbox === undefined ? [] : mailboxFilter(database, mailbox),
    status === undefined ? [] : [same('m.status', 'ticket_status', status)],
  ])
  return filters.includes(null) ? null : filters.flatMap((each) => each ?? [])
}

async function ofRequester({ query }: Database, address: string): Promise<[Filter] | null> {
  const [requester] = await query<{ id: string }>({
    name: 'browse-requester',
    text: `SELECT id FROM contacts WHERE address_sha256 = encode(sha256(convert_to(lower($1), 'UTF8')), 'hex')`,
    values: [address],
  })
  return requester === undefined ? null : [same('m.requester_id', 'uuid', requester.id)]
}

const same = (column: string, type: string, value: string): Filter => ({
  text: `${column} = $1::${type}`,
  values: [value],
  way: { column, type, keys: [value] },
})
