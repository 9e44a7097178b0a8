import type { InboundState, MailboxState } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

/** How many messages of a time are in which state by now. */
export type Sheet = Readonly<Record<InboundState, number>>

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
  readonly byHour: readonly Sheet[]
  readonly ticketedToday: number
  readonly suppressedToday: number
  readonly quarantinedToday: number
}

const HOURS = 24

/** Today is the last 24 hours, by the database's clock. */
export async function mailboxStandings(database: Database): Promise<MailboxStanding[]> {
  const rows = await database.query<Row>({ name: 'browse-mailboxes', text: STANDINGS, values: [] })
  return rows.map(({ hourly, ...standing }) => {
    const byHour = sheets(hourly ?? [])
    const today = (state: InboundState) => byHour.reduce((sum, sheet) => sum + sheet[state], 0)
    return {
      ...standing,
      byHour,
      ticketedToday: today('ticketed'),
      suppressedToday: today('suppressed'),
      quarantinedToday: today('quarantined'),
    }
  })
}

interface Row extends Omit<MailboxStanding, 'byHour' | 'ticketedToday' | 'suppressedToday' | 'quarantinedToday'> {
  readonly hourly: readonly Counted[] | null
}

type Counted = readonly [hoursAgo: number, state: InboundState, count: number]

function sheets(counts: readonly Counted[]): Sheet[] {
  const byHour = Array.from({ length: HOURS }, () => ({ received: 0, ticketed: 0, suppressed: 0, quarantined: 0 }))
  for (const [hoursAgo, state, count] of counts) {
    const sheet = byHour[HOURS - 1 - hoursAgo]
    if (sheet !== undefined) sheet[state] += count
  }
  return byHour
}

/** What is asked of all messages is asked once, whatever the number of mailboxes. */
const STANDINGS = `
  WITH hourly AS (
    SELECT mailbox_id, floor(extract(epoch FROM now() - received_at) / 3600)::int AS hours, state, count(*)::int AS count
    FROM inbound_messages WHERE received_at > now() - interval '${HOURS} hours' GROUP BY 1, 2, 3
  ), today AS (
    SELECT mailbox_id, jsonb_agg(jsonb_build_array(hours, state, count)) AS hourly FROM hourly GROUP BY 1
  ), waiting AS (
    SELECT mailbox_id, count(*)::int AS count, min(received_at) AS oldest FROM inbound_messages WHERE state = 'received' GROUP BY 1
  )
  SELECT b.name, b.url, b.state, b.paused_reason AS "pausedReason", b.failures, b.next_poll_at AS "nextPollAt",
    b.last_good_poll_at AS "lastGoodPollAt",
    (SELECT p.error_code FROM poll_sessions p WHERE p.mailbox_id = b.id AND p.ended_at IS NOT NULL
     ORDER BY p.started_at DESC LIMIT 1) AS "lastErrorCode",
    coalesce(remote.backlog, 0) AS backlog, remote.since AS "backlogSince", coalesce(remote.held, 0) AS held,
    coalesce(waiting.count, 0) AS waiting, waiting.oldest AS "oldestWaitingAt", today.hourly
  FROM mailboxes b
  LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE held_reason IS NULL AND stored_at IS NULL)::int AS backlog,
      count(*) FILTER (WHERE held_reason IS NOT NULL)::int AS held,
      min(first_seen_at) FILTER (WHERE held_reason IS NULL AND stored_at IS NULL) AS since
    FROM remote_messages r WHERE r.mailbox_id = b.id AND r.gone_at IS NULL
  ) remote ON true
  LEFT JOIN waiting ON waiting.mailbox_id = b.id LEFT JOIN today ON today.mailbox_id = b.id
  ORDER BY b.name`
