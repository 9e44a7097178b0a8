import type { InboundState } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

/** Another message of the same thread. */
export interface Neighbour {
  readonly id: string
  readonly subject: string | null
  readonly fromAddress: string | null
  readonly state: InboundState
  readonly receivedAt: Date
}

/** The poll that brought a message. */
export interface BroughtBy {
  readonly id: string
  readonly startedAt: Date
}

export interface Neighbours {
  /** Oldest first; the first ones. */
  readonly thread: readonly Neighbour[]
  readonly poll: BroughtBy | null
}

interface Message {
  readonly id: string
  readonly mailboxId: string
  readonly threadId: string | null
  readonly receivedAt: Date
}

const NEIGHBOURS_LIMIT = 50

export async function neighbours(database: Database, message: Message): Promise<Neighbours> {
  const [thread, polls] = await Promise.all([
    message.threadId === null ? [] : inThread(database, message.threadId, message.id),
    // The clock that started the poll is the one that dated the message: the database's.
    database.query<BroughtBy>({
      name: 'browse-brought-by',
      text: `SELECT id::text, started_at AS "startedAt" FROM poll_sessions
             WHERE mailbox_id = $1 AND started_at <= $2 ORDER BY started_at DESC LIMIT 1`,
      values: [message.mailboxId, message.receivedAt],
    }),
  ])
  return { thread, poll: polls[0] ?? null }
}

function inThread(database: Database, threadId: string, id: string): Promise<Neighbour[]> {
  return database.query<Neighbour>({
    name: 'browse-thread',
    text: `SELECT id, subject, from_address AS "fromAddress", state, received_at AS "receivedAt" FROM inbound_messages
           WHERE thread_id = $1 AND id <> $2 ORDER BY received_at LIMIT ${NEIGHBOURS_LIMIT}`,
    values: [threadId, id],
  })
}
