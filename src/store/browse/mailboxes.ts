import type { MailboxState } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

/** How a mailbox stands, in numbers. */
export interface MailboxStanding {
  readonly name: string
  readonly url: string
  readonly state: MailboxState
  readonly pausedReason: string | null
  readonly failures: number
  readonly nextPollAt: Date | null
  readonly lastGoodPollAt: Date | null
  /** Error code of the last poll that ended; null: it was good. */
  readonly lastErrorCode: string | null
  /** On the server and not stored: since when the first of them is known. */
  readonly backlog: number
  readonly backlogSince: Date | null
  /** On the server for a person. */
  readonly held: number
  readonly waiting: number
  readonly oldestWaitingAt: Date | null
  /** Messages that came in, by hour, the last 24: oldest first. */
  readonly storedByHour: readonly number[]
  readonly ticketedToday: number
  readonly suppressedToday: number
  readonly quarantinedToday: number
}

/** Today is the last 24 hours, by the database's clock. */
export function mailboxStandings(database: Database): Promise<MailboxStanding[]> {
  return database.query<MailboxStanding>({
    name: 'browse-mailboxes',
    text: `WITH hourly AS (
             SELECT mailbox_id, state, floor(extract(epoch FROM now() - received_at) / 3600)::int AS hours, count(*)::int AS count
             FROM inbound_messages WHERE received_at > now() - interval '24 hours' GROUP BY 1, 2, 3
           )
           SELECT b.name, b.url, b.state, b.paused_reason AS "pausedReason", b.failures, b.next_poll_at AS "nextPollAt",
             b.last_good_poll_at AS "lastGoodPollAt",
             (SELECT p.error_code FROM poll_sessions p WHERE p.mailbox_id = b.id AND p.ended_at IS NOT NULL
              ORDER BY p.started_at DESC LIMIT 1) AS "lastErrorCode",
             coalesce(remote.backlog, 0) AS backlog, remote.since AS "backlogSince", coalesce(remote.held, 0) AS held,
             coalesce(waiting.count, 0) AS waiting, waiting.oldest AS "oldestWaitingAt",
             today.stored AS "storedByHour", today.ticketed AS "ticketedToday", today.suppressed AS "suppressedToday",
             today.quarantined AS "quarantinedToday"
           FROM mailboxes b
           LEFT JOIN LATERAL (
             SELECT count(*) FILTER (WHERE held_reason IS NULL AND stored_at IS NULL)::int AS backlog,
               count(*) FILTER (WHERE held_reason IS NOT NULL)::int AS held,
               min(first_seen_at) FILTER (WHERE held_reason IS NULL AND stored_at IS NULL) AS since
             FROM remote_messages r WHERE r.mailbox_id = b.id AND r.gone_at IS NULL
           ) remote ON true
           LEFT JOIN LATERAL (
             SELECT count(*)::int AS count, min(received_at) AS oldest FROM inbound_messages m
             WHERE m.state = 'received' AND m.mailbox_id = b.id
           ) waiting ON true
           CROSS JOIN LATERAL (
             SELECT coalesce(sum(h.count) FILTER (WHERE h.state = 'ticketed'), 0)::int AS ticketed,
               coalesce(sum(h.count) FILTER (WHERE h.state = 'suppressed'), 0)::int AS suppressed,
               coalesce(sum(h.count) FILTER (WHERE h.state = 'quarantined'), 0)::int AS quarantined,
               ARRAY(SELECT coalesce(sum(x.count), 0)::int FROM generate_series(23, 0, -1) AS ago(hours)
                     LEFT JOIN hourly x ON x.hours = ago.hours AND x.mailbox_id = b.id
                     GROUP BY ago.hours ORDER BY ago.hours DESC) AS stored
             FROM hourly h WHERE h.mailbox_id = b.id
           ) today
           ORDER BY b.name`,
    values: [],
  })
}
