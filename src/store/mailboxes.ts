import type { Mailbox } from '../generated/prisma/client.ts'
import { type Act, toldOf } from './act.ts'
import type { Database } from './database.ts'
import { storeError } from './pg-errors.ts'

export type { Mailbox }

/** Of a mailbox that is set; see MailboxConfig. */
export interface Named {
  readonly name: string
  readonly url: string
  readonly source: string
}

/** What is known of a mailbox beside its settings. */
export interface Mailboxes {
  /** Makes the row of each mailbox that is set; rows of others stay, for their messages. */
  ensure(mailboxes: readonly Named[]): Promise<Map<string, Mailbox>>
  all(): Promise<Mailbox[]>
  find(name: string): Promise<Mailbox | null>
  /** A good poll: back-off is over, and so is a pause for refused credentials. */
  recordSuccess(id: string): Promise<void>
  recordFailure(id: string, failures: number, nextPollAt: Date, pausedReason: string | null): Promise<void>
  pause(id: string, act: Act): Promise<void>
  /** Polls again at once, and tries again what was held on the server. */
  resume(id: string, act: Act): Promise<void>
  /** Books that an operator asked for a poll, which then does not wait until the back-off is over. */
  askForPoll(id: string, act: Act): Promise<void>
  /**
   * Books an event of a mailbox unless one of that code, about the same `what`, stands for that day (UTC) already.
   * True: it was booked.
   */
  noteOnceADay(id: string, code: string, detail: { what: string; daysLeft: number }, now: Date): Promise<boolean>
  /**
   * At most one poll per mailbox over all processes. Null: another holds the lock. It is a session-level advisory
   * lock: whatever ends this process or its connection releases it. Saves work only; what makes two polls at once
   * harmless are the unique keys (I3) and the commit before DELE (I2).
   */
  tryLock(id: string): Promise<{ release(): Promise<void> } | null>
}

export const OPERATOR = 'operator'

export function mailboxes(database: Database): Mailboxes {
  return {
    ensure: (named) => ensure(database, named),
    all: () => database.prisma((prisma) => prisma.mailbox.findMany({ orderBy: { name: 'asc' } })),
    find: (name) => database.prisma((prisma) => prisma.mailbox.findUnique({ where: { name } })),
    recordSuccess: (id) => recordSuccess(database, id),
    recordFailure: (...failure) => recordFailure(database, ...failure),
    pause: (id, act) => pause(database, id, act),
    resume: (id, act) => resume(database, id, act),
    askForPoll: (id, act) => askForPoll(database, id, act),
    noteOnceADay: (...note) => noteOnceADay(database, ...note),
    tryLock: (id) => tryLock(database, id),
  }
}

async function ensure(database: Database, named: readonly Named[]) {
  const names = named.map(({ name }) => name)
  await database.query({
    text: `INSERT INTO mailboxes AS m (name, url, source) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
           ON CONFLICT (name) DO UPDATE SET url = excluded.url, source = excluded.source,
             source_changed_at = CASE WHEN m.source = excluded.source THEN m.source_changed_at ELSE now() END,
             list_cursor = CASE WHEN m.source = excluded.source THEN m.list_cursor END
           WHERE (m.url, m.source) <> (excluded.url, excluded.source)`,
    values: [names, named.map(({ url }) => url), named.map(({ source }) => source)],
  })
  const rows = await database.prisma((prisma) => prisma.mailbox.findMany({ where: { name: { in: names } } }))
  return new Map(rows.map((row) => [row.name, row]))
}

const PAUSED = 'mailbox/paused'
const RESUMED = 'mailbox/resumed'

/** Of the mailbox's `id` in `changed`, unless that changed nothing; its detail is an SQL expression. */
const booked = (code: string, detail: string) => `
  INSERT INTO inbound_events (mailbox_id, code, detail) SELECT id, '${code}', ${detail} FROM changed`

async function pause(database: Database, id: string, act: Act): Promise<void> {
  await database.query({
    text: `WITH changed AS (
             UPDATE mailboxes SET state = 'paused', paused_reason = $2, paused_at = now()
             WHERE id = $1 AND paused_reason IS DISTINCT FROM $2 RETURNING id)
           ${booked(PAUSED, `jsonb_build_object('reason', $2::text) || $3::jsonb`)}`,
    values: [id, OPERATOR, toldOf(act)],
  })
}

/** What was held is told of by the event, too. */
async function resume(database: Database, id: string, act: Act): Promise<void> {
  await database.query({
    text: `WITH released AS (
             UPDATE remote_messages SET held_reason = NULL, held_above_bytes = NULL, refusals = 0
             WHERE mailbox_id = $1 AND held_reason IS NOT NULL AND gone_at IS NULL RETURNING id
           ), before AS (
             SELECT id, state, paused_reason FROM mailboxes WHERE id = $1 FOR NO KEY UPDATE
           ), changed AS (
             UPDATE mailboxes m SET state = 'active', paused_reason = NULL, paused_at = NULL, failures = 0, next_poll_at = NULL
             FROM before WHERE m.id = before.id RETURNING m.id, before.state, before.paused_reason)
           ${booked(
             RESUMED,
             `jsonb_strip_nulls(jsonb_build_object('was', paused_reason,
             'released', (SELECT nullif(count(*), 0) FROM released))) || $2::jsonb`,
           )}
           WHERE state = 'paused' OR EXISTS (SELECT FROM released)`,
    values: [id, toldOf(act)],
  })
}

/** The failures stay counted: if it fails again, the pause after it is as long as it would have been. */
async function askForPoll(database: Database, id: string, act: Act): Promise<void> {
  await database.query({
    text: `WITH changed AS (UPDATE mailboxes SET next_poll_at = NULL WHERE id = $1 RETURNING id)
           ${booked('operator/poll', '$2::jsonb')}`,
    values: [id, toldOf(act)],
  })
}

async function recordSuccess(database: Database, id: string): Promise<void> {
  await database.query({
    text: `WITH before AS (
             SELECT id, paused_reason FROM mailboxes WHERE id = $1 FOR NO KEY UPDATE
           ), changed AS (
             UPDATE mailboxes m SET failures = 0, next_poll_at = NULL, last_good_poll_at = now(),
               state = CASE WHEN m.paused_reason = $2 THEN m.state ELSE 'active' END,
               paused_at = CASE WHEN m.paused_reason = $2 THEN m.paused_at END,
               paused_reason = CASE WHEN m.paused_reason = $2 THEN m.paused_reason END
             FROM before WHERE m.id = before.id RETURNING m.id, before.paused_reason)
           ${booked(RESUMED, `jsonb_build_object('was', paused_reason)`)} WHERE paused_reason <> $2`,
    values: [id, OPERATOR],
  })
}

/** A pause that an operator asked for meanwhile stays. */
async function recordFailure(
  database: Database,
  id: string,
  failures: number,
  nextPollAt: Date,
  pausedReason: string | null,
): Promise<void> {
  await database.query({
    text: `WITH before AS (
             SELECT id, paused_reason FROM mailboxes WHERE id = $1 FOR NO KEY UPDATE
           ), changed AS (
             UPDATE mailboxes m SET failures = $2, next_poll_at = $3,
               state = CASE WHEN $4::text IS NULL THEN m.state ELSE 'paused' END,
               paused_at = CASE WHEN $4 IS NULL OR m.paused_reason IS NOT NULL THEN m.paused_at ELSE now() END,
               paused_reason = CASE WHEN m.paused_reason = $5 THEN m.paused_reason ELSE coalesce($4, m.paused_reason) END
             FROM before WHERE m.id = before.id RETURNING m.id, before.paused_reason)
           ${booked(PAUSED, `jsonb_build_object('reason', $4::text)`)} WHERE $4 IS NOT NULL AND paused_reason IS NULL`,
    values: [id, failures, nextPollAt, pausedReason, OPERATOR],
  })
}

/** The row of the mailbox is locked first: of two processes that look at once, the second sees what the first booked. */
async function noteOnceADay(
  database: Database,
  id: string,
  code: string,
  detail: { what: string; daysLeft: number },
  now: Date,
): Promise<boolean> {
  return await database.transaction(async (query) => {
    await query({ text: 'SELECT 1 FROM mailboxes WHERE id = $1 FOR NO KEY UPDATE', values: [id] })
    const booked = await query({
      text: `INSERT INTO inbound_events (mailbox_id, code, detail, at) SELECT $1, $2, $3, $4
             WHERE NOT EXISTS (
               SELECT FROM inbound_events WHERE inbound_message_id IS NULL AND mailbox_id = $1 AND code = $2
                 AND detail->>'what' = $3::jsonb->>'what'
                 AND (at AT TIME ZONE 'UTC')::date = ($4::timestamptz AT TIME ZONE 'UTC')::date)
             RETURNING id`,
      values: [id, code, detail, now],
    })
    return booked.length === 1
  })
}

async function tryLock(database: Database, id: string) {
  const client = await database.connection()
  const key = `mailchute poll ${id}`
  try {
    const { rows } = await client.query<{ ok: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS ok', [
      key,
    ])
    if (rows[0]?.ok === true) return { release: () => unlock(client) }
    client.release()
    return null
  } catch (thrown) {
    client.release(true)
    throw storeError(thrown)
  }
}

/** Closing the connection would do as well, but only some time later: whoever polls next would find it busy. */
async function unlock(client: Awaited<ReturnType<Database['connection']>>): Promise<void> {
  const isUnlocked = await client.query('SELECT pg_advisory_unlock_all()').then(
    () => true,
    () => false,
  )
  client.release(!isUnlocked)
}
