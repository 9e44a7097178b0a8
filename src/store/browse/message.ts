import type { Prisma, RemoteMessage } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

const WHOLE = {
  include: {
    mailbox: { select: { name: true } },
    rawMessage: { select: { sizeBytes: true, purgedAt: true, erasedAt: true } },
    events: { orderBy: { id: 'asc' } },
    ticket: { select: { number: true } },
    entry: { include: { ticket: { select: { number: true } }, attachments: { orderBy: { position: 'asc' } } } },
    outbox: { orderBy: { id: 'asc' } },
  },
} as const satisfies Prisma.InboundMessageDefaultArgs

/** A message with its whole way: each listing on a server that brought these octets, and every event. */
export type WholeMessage = Prisma.InboundMessageGetPayload<typeof WHOLE> & { readonly remote: readonly RemoteMessage[] }

export async function wholeMessage(database: Database, id: string): Promise<WholeMessage | null> {
  return database.prisma(async (prisma) => {
    const message = await prisma.inboundMessage.findUnique({ where: { id }, ...WHOLE })
    if (message === null) return null
    const { mailboxId, sha256 } = message
    const remote = await prisma.remoteMessage.findMany({ where: { mailboxId, sha256 }, orderBy: { id: 'asc' } })
    return { ...message, remote }
  })
}
