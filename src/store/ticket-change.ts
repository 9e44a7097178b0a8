import type { TicketPriority, TicketStatus } from '../generated/prisma/client.ts'
import { type Act, toldOf } from './act.ts'
import type { Database } from './database.ts'

/** What is left out stays. */
export interface TicketChange {
  readonly status?: Exclude<TicketStatus, 'merged'>
  readonly queue?: string | null
  readonly priority?: TicketPriority
  readonly tags?: readonly string[]
  readonly assignee?: string | null
}

/** The event tells what was changed, and the values of those that are ours: names of people are in no event. */
export async function changeTicket(
  database: Database,
  number: number,
  change: TicketChange,
  act: Act,
): Promise<'done' | 'unknown' | 'refused'> {
  const { status, queue, priority, tags, assignee } = change
  const told = { ...(status === undefined ? {} : { status }), ...(priority === undefined ? {} : { priority }) }
  const [row] = await database.query<{ known: boolean; changed: boolean }>({
    text: `WITH before AS (
             SELECT id, status FROM tickets WHERE number = $1 AND status <> 'merged' FOR NO KEY UPDATE
           ), changed AS (
             UPDATE tickets t SET status = coalesce($2::ticket_status, t.status),
               priority = coalesce($3::ticket_priority, t.priority), tags = coalesce($4::text[], t.tags),
               queue = CASE WHEN $5 THEN $6 ELSE t.queue END, assignee = CASE WHEN $7 THEN $8 ELSE t.assignee END
             FROM before WHERE t.id = before.id
             RETURNING t.mailbox_id, before.status = 'closed' AND t.status <> 'closed' AS reopened
           ), told AS (
             INSERT INTO inbound_events (mailbox_id, code, detail)
             SELECT mailbox_id, 'operator/ticket', jsonb_build_object('ticket', $1::int) || $9::jsonb
               || CASE WHEN reopened THEN '{"reopened": true}'::jsonb ELSE '{}' END FROM changed)
           SELECT EXISTS (SELECT FROM tickets WHERE number = $1) AS known, EXISTS (SELECT FROM changed) AS changed`,
    values: [
      number,
      status ?? null,
      priority ?? null,
      tags ?? null,
      queue !== undefined,
      queue ?? null,
      assignee !== undefined,
      assignee ?? null,
      { changed: Object.keys(change), ...told, ...toldOf(act) },
    ],
  })
  if (row?.changed === true) return 'done'
  return row?.known === true ? 'refused' : 'unknown'
}
