import type { OutboxState, Prisma } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

export interface OutboxFilter {
  readonly state?: OutboxState
  readonly mailbox?: string
}

const LISTED = { include: { mailbox: { select: { name: true } }, ticket: { select: { number: true } } } } as const
export type ListedOutbox = Prisma.OutboxGetPayload<typeof LISTED>

export function outbox(
  database: Database,
  { state, mailbox }: OutboxFilter,
  before: bigint | null,
  limit: number,
): Promise<ListedOutbox[]> {
  return database.prisma((prisma) =>
    prisma.outbox.findMany({
      ...LISTED,
      where: {
        ...(state === undefined ? {} : { state }),
        ...(mailbox === undefined ? {} : { mailbox: { name: mailbox } }),
        ...(before === null ? {} : { id: { lt: before } }),
      },
      orderBy: { id: 'desc' },
      take: limit,
    }),
  )
}
