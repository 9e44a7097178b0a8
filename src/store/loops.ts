import type { Database } from './database.ts'

/** Similar mails: those with the same `inbound_messages.similarity_sha256`, received within an hour of each other. */
export interface Loops {
  /** How many others were worked before, at most `limit`. */
  countSimilar(inboundMessageId: string, similaritySha256: string, limit: number): Promise<number>
  /** Notes on the message that a loop was found. False: on one like it somebody did so within the hour. */
  noteLoop(inboundMessageId: string, similaritySha256: string): Promise<boolean>
}

export function loops(database: Database): Loops {
  return {
    countSimilar: async (inboundMessageId, similaritySha256, limit) => {
      const [row] = await database.query<{ similar: number }>({
        name: 'loops-count',
        text: `SELECT count(*)::int AS similar FROM (
                 SELECT 1 FROM inbound_messages me JOIN inbound_messages m ON m.similarity_sha256 = $2 AND m.id <> me.id
                   AND m.received_at BETWEEN me.received_at - interval '1 hour' AND me.received_at + interval '1 hour'
                 WHERE me.id = $1 LIMIT $3) AS counted`,
        values: [inboundMessageId, similaritySha256, limit],
      })
      return row?.similar ?? 0
    },
    noteLoop: (inboundMessageId, similaritySha256) =>
      database.transaction(async (query) => {
        await query({
          text: `SELECT pg_advisory_xact_lock(hashtextextended('mailchute loop ' || $1, 0))`,
          values: [similaritySha256],
        })
        const noted = await query({
          text: `INSERT INTO inbound_events (inbound_message_id, mailbox_id, code)
                 SELECT me.id, me.mailbox_id, 'loop/detected' FROM inbound_messages me
                 WHERE me.id = $1 AND NOT EXISTS (
                   SELECT 1 FROM inbound_messages m JOIN inbound_events e ON e.inbound_message_id = m.id
                   WHERE m.similarity_sha256 = $2 AND e.code = 'loop/detected' AND e.at > now() - interval '1 hour')
                 RETURNING id`,
          values: [inboundMessageId, similaritySha256],
        })
        return noted.length === 1
      }),
  }
}
