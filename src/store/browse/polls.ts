import type { Prisma } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

export interface PollFilter {
  readonly mailbox?: string
  /** Only those that ended with an error, or do not add up (I5). */
  readonly isTroubled?: boolean
}

const LISTED = { include: { mailbox: { select: { name: true } } } } as const
export type ListedPoll = Prisma.PollSessionGetPayload<typeof LISTED>

export function polls(
  database: Database,
  filter: PollFilter,
  before: bigint | null,
  limit: number,
): Promise<ListedPoll[]> {
  const { mailbox, isTroubled } = filter
  return database.prisma((prisma) =>
    prisma.pollSession.findMany({
      ...LISTED,
      where: {
        ...(mailbox === undefined ? {} : { mailbox: { name: mailbox } }),
        ...(isTroubled === true ? { errorCode: { not: null } } : {}),
        ...(before === null ? {} : { id: { lt: before } }),
      },
      orderBy: { id: 'desc' },
      take: limit,
    }),
  )
}
