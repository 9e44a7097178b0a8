import type { InboundState } from '../generated/prisma/client.ts'
import type { Database } from './database.ts'

/** A message that may be the same mail as another one, got from another source in other octets. */
export interface Copy {
  readonly id: string
  readonly state: InboundState
  readonly reason: string | null
  /** It was received first: an order that never changes. Otherwise it is on a ticket already. */
  readonly isEarlier: boolean
  /** Both have a Message-ID, and it is the same; otherwise neither has one. */
  readonly hasMessageId: boolean
  /** See `inbound_messages.identity_sha256`. */
  readonly identitySha256: string | null
  /** The start of its octets, where it was indexed before identities were kept. */
  readonly head: Buffer | null
}

/** For mailboxes that were polled elsewhere before. */
export interface Copies {
  /**
   * Messages of the mailbox with the same Message-ID (or without one, from the same sender at the same instant) that
   * came from another source, if they were received earlier or are on a ticket. Earliest first. None once an operator
   * has decided that this message is to be worked nevertheless.
   */
  find(inboundMessageId: string): Promise<Copy[]>
}

/** What is held or suppressed as a copy has a reason that starts with it. */
export const COPY_REASONS = 'duplicate/'
/** More copies of one mail only a forger makes. */
const COPIES_LIMIT = 50

export function copies(database: Database): Copies {
  return {
    find: (inboundMessageId) =>
      database.query<Copy>({
        name: 'copies-find',
        text: `SELECT c.id, c.state, c.reason, (c.received_at, c.id) < (me.received_at, me.id) AS "isEarlier",
                 own.position = 0 AS "hasMessageId", c.identity_sha256 AS "identitySha256",
                 CASE WHEN c.identity_sha256 IS NULL THEN chunk.octets END AS head
               FROM inbound_messages me
               JOIN message_references mine ON mine.inbound_message_id = me.id AND mine.position <= 0
               JOIN message_references own ON own.mailbox_id = me.mailbox_id AND own.msg_id_sha256 = mine.msg_id_sha256
                 AND own.position = mine.position AND own.inbound_message_id <> me.id
               JOIN inbound_messages c ON c.id = own.inbound_message_id AND c.source <> me.source
               LEFT JOIN raw_chunks chunk ON c.identity_sha256 IS NULL AND chunk.sha256 = c.sha256 AND chunk.seq = 0
               WHERE me.id = $1 AND ((c.received_at, c.id) < (me.received_at, me.id) OR c.state = 'ticketed')
                 AND NOT EXISTS (SELECT 1 FROM inbound_events e WHERE e.inbound_message_id = me.id
                   AND e.code = 'operator/reprocess' AND starts_with(e.detail->>'reason', $2))
               ORDER BY c.received_at, c.id LIMIT ${COPIES_LIMIT}`,
        values: [inboundMessageId, COPY_REASONS],
      }),
  }
}
