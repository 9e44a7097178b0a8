import type { Prisma } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'
import type { Filter } from './filters.ts'
import { mailboxFilter } from './mailbox-filter.ts'
import { type Listing, newest } from './newest.ts'

export interface PollFilter {
  readonly mailbox?: string
  /** Only those that ended with an error, or do not add up (I5). */
  readonly isTroubled?: boolean
}

const LISTED = { include: { mailbox: { select: { name: true } } } } as const
export type ListedPoll = Prisma.PollSessionGetPayload<typeof LISTED>

const LISTING: Listing = { table: 'poll_sessions', order: { id: 'bigint' } }
const TROUBLED: Filter = { text: 'm.error_code IS NOT NULL', values: [] }

/** Rejects with `store/search-too-wide`. */
export async function polls(
  database: Database,
  { mailbox, isTroubled }: PollFilter,
  before: bigint | null,
  limit: number,
): Promise<ListedPoll[]> {
  const ofMailbox = mailbox === undefined ? [] : await mailboxFilter(database, mailbox)
  if (ofMailbox === null) return []
  const filters = [...ofMailbox, ...(isTroubled === true ? [TROUBLED] : [])]
  const ids = await newest(database, LISTING, filters, before === null ? {} : { before: [before] }, limit)
  return await database.prisma((prisma) =>
    prisma.pollSession.findMany({ ...LISTED, where: { id: { in: ids.map(BigInt) } }, orderBy: { id: 'desc' } }),
  )
}
