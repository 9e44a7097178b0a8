import type { Database } from './database.ts'

/** How things stand, in numbers. No content, no names of people. */
export interface Figures {
  /** In `received`. */
  readonly waiting: number
  readonly oldestWaitingSeconds: number
  readonly quarantined: number
  /** Of these, held as part of a loop. */
  readonly looping: number
  /** On the server, for a person. */
  readonly held: number
  readonly outboxWaiting: number
  readonly outboxFailed: number
}

export async function figures(database: Database): Promise<Figures> {
  const [row] = await database.query<Figures>({
    name: 'figures',
    text: `WITH waiting AS (SELECT count(*)::int AS count, min(received_at) AS oldest FROM inbound_messages WHERE state = 'received')
           SELECT waiting.count AS waiting,
             coalesce(extract(epoch FROM clock_timestamp() - waiting.oldest), 0)::float8 AS "oldestWaitingSeconds",
             (SELECT count(*)::int FROM inbound_messages WHERE state = 'quarantined') AS quarantined,
             (SELECT count(*)::int FROM inbound_messages WHERE state = 'quarantined' AND reason = 'loop/similar') AS looping,
             (SELECT count(*)::int FROM mailboxes m JOIN remote_messages r ON r.mailbox_id = m.id AND r.gone_at IS NULL
              WHERE r.held_reason IS NOT NULL) AS held,
             (SELECT count(*)::int FROM outbox WHERE state = 'waiting') AS "outboxWaiting",
             (SELECT count(*)::int FROM outbox WHERE state = 'failed') AS "outboxFailed"
           FROM waiting`,
    values: [],
  })
  return row ?? NOTHING
}

const NOTHING: Figures = {
  waiting: 0,
  oldestWaitingSeconds: 0,
  quarantined: 0,
  looping: 0,
  held: 0,
  outboxWaiting: 0,
  outboxFailed: 0,
}
