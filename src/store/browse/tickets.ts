import type { TicketPriority, TicketStatus } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'
import { Conditions } from './conditions.ts'
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

export function tickets(
  database: Database,
  search: TicketSearch,
  before: number | null,
  limit: number,
): Promise<FoundTicket[]> {
  const where = conditions(search)
  if (before !== null) where.add('t.number < $1', before)
  return database.query<FoundTicket>({
    text: `SELECT t.number, left(t.subject, ${SUBJECT_CHARS}) AS subject, t.status, t.priority, t.queue, t.tags, t.assignee, t.created_at AS "createdAt", b.name AS mailbox, c.name AS "requesterName",
             c.address AS "requesterAddress", t.updated_at AS "updatedAt",
             (SELECT count(*)::int FROM ticket_entries e WHERE e.ticket_id = t.id) AS entries
           FROM (SELECT * FROM tickets t WHERE ${where.text()} ORDER BY t.number DESC LIMIT ${Math.trunc(limit)}) t
           JOIN mailboxes b ON b.id = t.mailbox_id JOIN contacts c ON c.id = t.requester_id
           ORDER BY t.number DESC`,
    values: where.values,
  })
}

function conditions({ status, mailbox, queue, address }: TicketSearch): Conditions {
  const all = new Conditions()
  if (status !== undefined) all.add('t.status = $1::ticket_status', status)
  if (mailbox !== undefined) all.add('t.mailbox_id = (SELECT id FROM mailboxes WHERE name = $1)', mailbox)
  if (queue !== undefined) all.add('t.queue = $1', queue)
  if (address !== undefined) {
    all.add(
      `t.requester_id IN (SELECT id FROM contacts WHERE address_sha256 = encode(sha256(convert_to(lower($1), 'UTF8')), 'hex'))`,
      address,
    )
  }
  return all
}
