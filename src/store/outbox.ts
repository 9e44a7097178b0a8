import type { Database, Query } from './database.ts'
import { COMPLAINT } from './reports.ts'
import { addressKey, keyOf } from './threads.ts'

/** An acknowledgement that is to go out now, and belongs to whoever claimed it until its lease ends. */
export interface Claimed {
  readonly id: string
  readonly mailboxId: string
  readonly ticketId: string | null
  readonly ticketNumber: number
  readonly inboundMessageId: string
  readonly recipient: string
  readonly language: string | null
  /** How often it was begun, this time included: only this attempt may book how it ended. */
  readonly attempts: number
  readonly createdAt: Date
  /** Of the mail that goes out: the same at each attempt. */
  readonly messageId: string
  readonly ticketSubject: string
  /** Display name of who wrote. */
  readonly name: string
  /** The start of the octets of the mail it answers. */
  readonly answeredHead: Buffer
}

export type Claim =
  | { readonly outcome: 'claimed'; readonly mail: Claimed }
  /** The next one was skipped: no more place in the hour of its recipient, or mail to there came back meanwhile. */
  | { readonly outcome: 'skipped'; readonly id: string; readonly reason: string }
  | { readonly outcome: 'none' }

export interface ClaimOptions {
  /** Of one recipient, over all mailboxes and processes. */
  readonly perRecipientAndHour: number
  /** Longer than any attempt takes: after it another may take it for given up. */
  readonly leaseSeconds: number
  readonly messageIdOf: (row: { readonly id: string; readonly ticketNumber: number }) => string
}

/** What is to go out, written in the transaction of its cause (tickets.ts). */
export interface Outbox {
  /** Mailboxes for which something is due. */
  dueMailboxes(): Promise<string[]>
  /**
   * Takes the acknowledgement of this mailbox that has waited longest. Whoever claims, from whatever process: a row is
   * in one pair of hands at a time, and no recipient gets more than its share. The Message-ID it will go out with is
   * known to threading from here on, so that an answer finds its ticket however fast it is.
   */
  claim(mailboxId: string, options: ClaimOptions): Promise<Claim>
  sent(mail: Claimed): Promise<void>
  /** Waits again, for so long by the database's clock, which is the one that says what is due; the error's code is kept. */
  retryLater(mail: Claimed, reason: string, pauseSeconds: number): Promise<void>
  failed(mail: Claimed, reason: string): Promise<void>
  skipped(mail: Claimed, reason: string): Promise<void>
  /** All that is due for this mailbox. Returns how many that were. */
  skipDue(mailboxId: string, reason: string): Promise<number>
  /** What is older than this is not sent any more. Returns how many that were. */
  expire(olderThanSeconds: number): Promise<number>
}

export const ACKNOWLEDGEMENT = 'acknowledgement'
const OF_ACKNOWLEDGEMENTS = `target = '${ACKNOWLEDGEMENT}'`
const RATE_LIMITED = 'outbound/rate-limited'
const STALE = 'outbound/stale'

export function outbox(database: Database): Outbox {
  return {
    dueMailboxes: () => dueMailboxes(database),
    claim: (mailboxId, options) => database.transaction((query) => claim(query, mailboxId, options)),
    sent: (mail) => leave(database, mail, 'sent', null),
    retryLater: (mail, reason, pauseSeconds) => retryLater(database, mail, reason, pauseSeconds),
    failed: (mail, reason) => leave(database, mail, 'failed', reason),
    skipped: (mail, reason) => leave(database, mail, 'skipped', reason),
    skipDue: (mailboxId, reason) => skipDue(database, mailboxId, reason),
    expire: (olderThanSeconds) => expire(database, olderThanSeconds),
  }
}

async function dueMailboxes(database: Database): Promise<string[]> {
  const rows = await database.query<{ id: string }>({
    name: 'outbox-due',
    text: `SELECT DISTINCT mailbox_id AS id FROM outbox WHERE state = 'waiting' AND next_attempt_at <= now() AND ${OF_ACKNOWLEDGEMENTS}`,
    values: [],
  })
  return rows.map(({ id }) => id)
}

type Row = Omit<Claimed, 'messageId' | 'answeredHead' | 'name' | 'ticketSubject' | 'ticketNumber'> & {
  readonly recipientSha256: string
  readonly messageId: string | null
}

async function claim(query: Query, mailboxId: string, options: ClaimOptions): Promise<Claim> {
  const row = await nextDue(query, mailboxId)
  if (row === null) return { outcome: 'none' }
  const reason = await refusalOf(query, row, options.perRecipientAndHour)
  if (reason !== null) {
    await finish(query, row, 'skipped', reason)
    return { outcome: 'skipped', id: row.id, reason }
  }
  const context = await contextOf(query, row)
  const messageId = row.messageId ?? options.messageIdOf({ id: row.id, ticketNumber: context.ticketNumber })
  await begin(query, row, messageId, options.leaseSeconds)
  return { outcome: 'claimed', mail: { ...row, ...context, messageId, attempts: row.attempts + 1 } }
}

async function nextDue(query: Query, mailboxId: string): Promise<Row | null> {
  const [row] = await query<Row>({
    name: 'outbox-next',
    text: `SELECT id, mailbox_id AS "mailboxId", ticket_id AS "ticketId", inbound_message_id AS "inboundMessageId",
             recipient, recipient_sha256 AS "recipientSha256", language, attempts, created_at AS "createdAt",
             message_id AS "messageId"
           FROM outbox WHERE state = 'waiting' AND next_attempt_at <= now() AND mailbox_id = $1 AND ${OF_ACKNOWLEDGEMENTS}
           ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    values: [mailboxId],
  })
  return row ?? null
}

/**
 * One at a time a recipient. What was begun and has not ended counts as sent: it may have been, and will be. So at no
 * instant more than so many were sent within an hour.
 */
async function refusalOf(
  query: Query,
  { recipient, recipientSha256, attempts }: Row,
  perHour: number,
): Promise<string | null> {
  await query({
    name: 'outbox-lock',
    text: `SELECT pg_advisory_xact_lock(hashtextextended('mailchute outbox ' || $1, 0))`,
    values: [recipientSha256],
  })
  const [row] = await query<{ taken: number; silence: string | null }>({
    name: 'outbox-count',
    text: `SELECT count(*)::int AS taken, (
             SELECT CASE WHEN undeliverable_status = '${COMPLAINT}' THEN 'complained' ELSE 'undeliverable' END
             FROM contacts WHERE address_sha256 = $2 AND undeliverable_at IS NOT NULL) AS silence
           FROM outbox WHERE recipient_sha256 = $1
             AND (state = 'sent' AND finished_at > now() - interval '1 hour' OR state = 'waiting' AND attempts > 0)`,
    values: [recipientSha256, addressKey(recipient)],
  })
  const { taken = 0, silence = null } = row ?? {}
  if (silence !== null) return `acknowledge/${silence}`
  return attempts === 0 && taken >= perHour ? RATE_LIMITED : null
}

type Context = Pick<Claimed, 'ticketNumber' | 'ticketSubject' | 'name' | 'answeredHead'>

async function contextOf(query: Query, { ticketId, inboundMessageId }: Row): Promise<Context> {
  const [context] = await query<Context>({
    name: 'outbox-context',
    text: `SELECT t.number AS "ticketNumber", t.subject AS "ticketSubject", coalesce(e.from_name, '') AS name,
             coalesce(c.octets, ''::bytea) AS "answeredHead"
           FROM tickets t JOIN inbound_messages m ON m.id = $2
           LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id
           LEFT JOIN raw_chunks c ON c.sha256 = m.sha256 AND c.seq = 0
           WHERE t.id = $1`,
    values: [ticketId, inboundMessageId],
  })
  return context ?? { ticketNumber: 0, ticketSubject: '', name: '', answeredHead: Buffer.alloc(0) }
}

/** Where `message_references` has the msg-id of our answer, below a message's own (0) and what stands for it (-1). */
const OUR_ANSWER = -2

async function begin(query: Query, row: Row, messageId: string, leaseSeconds: number): Promise<void> {
  await query({
    name: 'outbox-begin',
    text: `WITH begun AS (
             UPDATE outbox SET attempts = attempts + 1, message_id = $2, next_attempt_at = now() + $3 * interval '1 second'
             WHERE id = $1 RETURNING mailbox_id, inbound_message_id)
           INSERT INTO message_references (inbound_message_id, mailbox_id, msg_id_sha256, position)
           SELECT inbound_message_id, mailbox_id, $4, ${OUR_ANSWER} FROM begun WHERE inbound_message_id IS NOT NULL
           ON CONFLICT DO NOTHING`,
    values: [row.id, messageId, leaseSeconds, keyOf(messageId)],
  })
}

type End = 'sent' | 'failed' | 'skipped'

async function leave(database: Database, mail: Claimed, end: End, reason: string | null): Promise<void> {
  await finish(database.query, mail, end, reason)
}

export interface Attempt {
  readonly id: string
  readonly attempts: number
}

/** Only the attempt that is under way: one that outlived its lease has nothing to say any more. */
export async function finish(query: Query, { id, attempts }: Attempt, end: End, reason: string | null): Promise<void> {
  await query({
    name: 'outbox-finish',
    text: `WITH ended AS (
             UPDATE outbox SET state = $2::outbox_state, reason = $3, finished_at = now()
             WHERE id = $1 AND state = 'waiting' AND attempts = $4 RETURNING *)
           ${ENDED_EVENT}`,
    values: [id, end, reason, attempts],
  })
}

/** Of the rows in `ended`. */
export const ENDED_EVENT = `
  INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
  SELECT inbound_message_id, mailbox_id,
    CASE WHEN target LIKE 'webhook:%' THEN 'webhook/' ELSE 'outbound/' END || state, jsonb_strip_nulls(jsonb_build_object(
    'target', target, 'outbox', id::text, 'reason', reason, 'attempts', attempts)) FROM ended`

export async function retryLater(
  database: Database,
  { id, attempts }: Attempt,
  reason: string,
  pauseSeconds: number,
): Promise<void> {
  await database.query({
    name: 'outbox-retry',
    text: `UPDATE outbox SET next_attempt_at = now() + $3 * interval '1 second', reason = $2
           WHERE id = $1 AND state = 'waiting' AND attempts = $4`,
    values: [id, reason, pauseSeconds, attempts],
  })
}

async function skipDue(database: Database, mailboxId: string, reason: string): Promise<number> {
  const rows = await database.query({
    name: 'outbox-skip-due',
    text: `WITH ended AS (
             UPDATE outbox SET state = 'skipped', reason = $2, finished_at = now()
             WHERE state = 'waiting' AND next_attempt_at <= now() AND mailbox_id = $1 AND ${OF_ACKNOWLEDGEMENTS} RETURNING *)
           ${ENDED_EVENT} RETURNING id`,
    values: [mailboxId, reason],
  })
  return rows.length
}

/** One that was tried has failed with its last error; one that never was is no longer of use to anybody. */
async function expire(database: Database, olderThanSeconds: number): Promise<number> {
  const rows = await database.query({
    name: 'outbox-expire',
    text: `WITH ended AS (
             UPDATE outbox SET finished_at = now(), reason = coalesce(reason, $2),
               state = CASE WHEN reason IS NULL THEN 'skipped' ELSE 'failed' END::outbox_state
             WHERE state = 'waiting' AND next_attempt_at <= now() AND created_at < now() - $1 * interval '1 second'
               AND ${OF_ACKNOWLEDGEMENTS}
             RETURNING *)
           ${ENDED_EVENT} RETURNING id`,
    values: [olderThanSeconds, STALE],
  })
  return rows.length
}
