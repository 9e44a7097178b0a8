import type { OutboxState, Prisma } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'
import type { Filter } from './filters.ts'
import { mailboxFilter } from './mailbox-filter.ts'
import { type Listing, newest } from './newest.ts'

export interface OutboxFilter {
  readonly state?: OutboxState
  readonly mailbox?: string
}

const LISTED = { include: { mailbox: { select: { name: true } }, ticket: { select: { number: true } } } } as const
export type ListedOutbox = Prisma.OutboxGetPayload<typeof LISTED>

const LISTING: Listing = { table: 'outbox', order: { id: 'bigint' } }

/** Rejects with `store/search-too-wide`. */
export async function outbox(
  database: Database,
  { state, mailbox }: OutboxFilter,
  before: bigint | null,
  limit: number,
): Promise<ListedOutbox[]> {
  const ofMailbox = mailbox === undefined ? [] : await mailboxFilter(database, mailbox)
  if (ofMailbox === null) return []
  const filters: Filter[] = [...ofMailbox]
  if (state !== undefined) filters.push({ text: 'm.state = $1::outbox_state', values: [state] })
  const ids = await newest(database, LISTING, filters, before === null ? {} : { before: [before] }, limit)
  return await database.prisma((prisma) =>
    prisma.outbox.findMany({ ...LISTED, where: { id: { in: ids.map(BigInt) } }, orderBy: { id: 'desc' } }),
  )
}
