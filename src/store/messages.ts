import type { InboundState, Prisma } from '../generated/prisma/client.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Act } from './act.ts'
import type { Database } from './database.ts'
import { dismiss, judgeAgain, reprocess, wasReleased } from './operator.ts'

/** A message that waits, with the start of its octets: all of them where it is one chunk, as most are. */
export interface Waiting {
  readonly id: string
  readonly mailboxId: string
  readonly sha256: string
  readonly sizeBytes: number
  readonly threadId: string | null
  /** Its mailbox was polled elsewhere before: it may be a copy of what came from there. */
  readonly sourceHasChanged: boolean
  /** Its octets were erased for good before it came to this mailbox: there is nothing to be worked. */
  readonly isErased: boolean
  readonly firstChunk: Buffer
}

/** What is known of a message that becomes no ticket. */
export interface Understood {
  readonly kind?: ParsedMessage['kind']
  /** The ticket that it answers or reports on. */
  readonly ticketId?: string | null
  /** See `inbound_messages.similarity_sha256`. */
  readonly similaritySha256?: string | null
  /** First From and subject, for whoever searches. */
  readonly fromAddress?: string
  readonly subject?: string
}

/** Sets what people search by (browse/messages.ts), to what an index can take: senders choose how long it is. */
export const searchable = (from: string, subject: string): string =>
  `from_address = left(${from}, 320), subject = left(${subject}, 1000)`

/** As parameters: kind, ticket, similarity, From, subject. */
export const understoodValues = (about: Understood): unknown[] =>
  [about.kind, about.ticketId, about.similaritySha256, about.fromAddress, about.subject].map((value) => value ?? null)

export interface MessageFilter {
  readonly state?: InboundState | undefined
  readonly mailbox?: string | undefined
}

/** Received messages and what became of them. */
export interface Messages {
  /** null: no such message waits (any more), so there is nothing to do. */
  findWaiting(id: string): Promise<Waiting | null>
  /** Ids of the messages in `received`, oldest first. */
  waitingIds(options: { limit: number; mailboxIds?: readonly string[]; receivedBefore?: Date }): Promise<string[]>
  countWaiting(mailboxIds?: readonly string[]): Promise<number>
  /** Books that a process ended while at work on it; returns how often that happened. */
  recordStall(id: string): Promise<number>
  /** Out of `received`, for a person, with the reason. False: it had left `received` already. */
  quarantine(id: string, reason: string, detail?: Prisma.InputJsonObject, about?: Understood): Promise<boolean>
  /** Out of `received`, understood, and rightly no ticket. False: it had left `received` already. */
  suppress(id: string, reason: string, detail?: Prisma.InputJsonObject, about?: Understood): Promise<boolean>
  /** Something worth knowing that changes no state. */
  note(id: string, code: string, detail?: Prisma.InputJsonObject): Promise<void>
  /**
   * Back to `received`, by an operator, from `quarantined` or `suppressed`; the event keeps what it was so for, and
   * what an operator has let through as no copy stays let through. False: it is in another state, or its octets were purged.
   */
  reprocess(id: string, act: Act): Promise<boolean>
  /** The same, but nothing counts as let through: the rules and judgements of today may hold it again. */
  judgeAgain(id: string, act: Act): Promise<boolean>
  /** No ticket, an operator says of what was kept for a person. False: it is in another state. */
  dismiss(id: string, act: Act): Promise<boolean>
  /** An operator has let it through what it was held or suppressed for, with this reason. */
  wasReleased(id: string, reason: string): Promise<boolean>
  list(filter: MessageFilter, after: string | null, limit: number): Promise<ListedMessage[]>
  find(idOrPrefix: string): Promise<MessageDetail | null>
  countByState(mailboxIds?: readonly string[]): Promise<Record<InboundState, number>>
}

const LISTED = {
  include: {
    mailbox: { select: { name: true } },
    rawMessage: { select: { sizeBytes: true, purgedAt: true } },
    entry: { select: { ticket: { select: { number: true } } } },
    ticket: { select: { number: true } },
  },
} as const
const DETAIL = { include: { ...LISTED.include, events: { orderBy: { id: 'asc' } } } } as const

export type ListedMessage = Prisma.InboundMessageGetPayload<typeof LISTED>
export type MessageDetail = Prisma.InboundMessageGetPayload<typeof DETAIL>

export function messages(database: Database): Messages {
  return {
    findWaiting: (id) => findWaiting(database, id),
    waitingIds: (options) => waitingIds(database, options),
    countWaiting: (mailboxIds) => countWaiting(database, mailboxIds),
    recordStall: (id) => recordStall(database, id),
    quarantine: (id, reason, detail = {}, about = {}) => leave(database, id, 'quarantined', reason, detail, about),
    suppress: (id, reason, detail = {}, about = {}) => leave(database, id, 'suppressed', reason, detail, about),
    note: async (id, code, detail = {}) => {
      await database.query({
        text: `INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
               SELECT id, mailbox_id, $2, $3 FROM inbound_messages WHERE id = $1`,
        values: [id, code, detail],
      })
    },
    reprocess: (id, act) => reprocess(database, id, act),
    judgeAgain: (id, act) => judgeAgain(database, id, act),
    dismiss: (id, act) => dismiss(database, id, act),
    wasReleased: (id, reason) => wasReleased(database, id, reason),
    list: (filter, after, limit) => list(database, filter, after, limit),
    find: (idOrPrefix) => find(database, idOrPrefix),
    countByState: (mailboxIds) => countByState(database, mailboxIds),
  }
}

const among = (mailboxIds?: readonly string[]) => (mailboxIds ? { mailboxId: { in: [...mailboxIds] } } : {})

async function findWaiting(database: Database, id: string): Promise<Waiting | null> {
  const [row] = await database.query<Waiting>({
    name: 'message-waiting',
    text: `SELECT m.id, m.mailbox_id AS "mailboxId", m.sha256, r.size_bytes AS "sizeBytes", m.thread_id AS "threadId",
             b.source_changed_at IS NOT NULL AS "sourceHasChanged", r.erased_at IS NOT NULL AS "isErased", coalesce(c.octets, ''::bytea) AS "firstChunk"
           FROM inbound_messages m JOIN raw_messages r USING (sha256) JOIN mailboxes b ON b.id = m.mailbox_id
           LEFT JOIN raw_chunks c ON c.sha256 = m.sha256 AND c.seq = 0
           WHERE m.id = $1 AND m.state = 'received'`,
    values: [id],
  })
  return row ?? null
}

async function waitingIds(
  database: Database,
  options: { limit: number; mailboxIds?: readonly string[]; receivedBefore?: Date },
): Promise<string[]> {
  const rows = await database.query<{ id: string }>({
    text: `SELECT id FROM inbound_messages
           WHERE state = 'received' AND ($2::uuid[] IS NULL OR mailbox_id = ANY($2)) AND ($3::timestamptz IS NULL OR received_at < $3)
           ORDER BY received_at LIMIT $1`,
    values: [options.limit, options.mailboxIds ?? null, options.receivedBefore ?? null],
  })
  return rows.map(({ id }) => id)
}

async function countWaiting(database: Database, mailboxIds?: readonly string[]): Promise<number> {
  const [row] = await database.query<{ waiting: number }>({
    name: 'messages-count-waiting',
    text: `SELECT count(*)::int AS waiting FROM inbound_messages
           WHERE state = 'received' AND ($1::uuid[] IS NULL OR mailbox_id = ANY($1))`,
    values: [mailboxIds ?? null],
  })
  return row?.waiting ?? 0
}

async function recordStall(database: Database, id: string): Promise<number> {
  const [row] = await database.query<{ stalls: number }>({
    text: 'UPDATE inbound_messages SET stalls = stalls + 1 WHERE id = $1 RETURNING stalls',
    values: [id],
  })
  return row?.stalls ?? 0
}

async function leave(
  database: Database,
  id: string,
  state: 'quarantined' | 'suppressed',
  reason: string,
  detail: Prisma.InputJsonObject,
  about: Understood,
): Promise<boolean> {
  const rows = await database.query({
    name: 'message-leave',
    text: `WITH left_received AS (
             UPDATE inbound_messages SET state = $2::inbound_state, reason = $3, finished_at = now(),
               kind = $5::mail_kind, ticket_id = $6, similarity_sha256 = $7, ${searchable('$8', '$9')}
             WHERE id = $1 AND state = 'received' RETURNING id, mailbox_id)
           INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
           SELECT id, mailbox_id, 'work/' || $2::text, $4::jsonb || jsonb_build_object('reason', $3::text) FROM left_received
           RETURNING id`,
    values: [id, state, reason, detail, ...understoodValues(about)],
  })
  return rows.length === 1
}

const LOWEST_ID = '00000000-0000-0000-0000-000000000000'

/** Each page begins where the last one ended, by an index: Prisma would read all before it again. */
async function list(
  database: Database,
  { state, mailbox }: MessageFilter,
  after: string | null,
  limit: number,
): Promise<ListedMessage[]> {
  const rows = await database.query<{ id: string }>({
    text: `SELECT id FROM inbound_messages
           WHERE (received_at, id) > (coalesce((SELECT received_at FROM inbound_messages WHERE id = $1::uuid), '-infinity'), $2::uuid)
             AND ($3::inbound_state IS NULL OR state = $3)
             AND ($4::text IS NULL OR mailbox_id = (SELECT id FROM mailboxes WHERE name = $4))
           ORDER BY received_at, id LIMIT $5`,
    values: [after, after ?? LOWEST_ID, state ?? null, mailbox ?? null, limit],
  })
  return await database.prisma((prisma) =>
    prisma.inboundMessage.findMany({
      ...LISTED,
      where: { id: { in: rows.map(({ id }) => id) } },
      orderBy: [{ receivedAt: 'asc' }, { id: 'asc' }],
    }),
  )
}

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const ID_PREFIX = /^[0-9a-f-]{4,36}$/

/** People type the first characters that the list shows; an ambiguous prefix finds nothing. */
async function find(database: Database, idOrPrefix: string): Promise<MessageDetail | null> {
  const wanted = idOrPrefix.toLowerCase()
  if (!ID_PREFIX.test(wanted)) return null
  const ids = FULL_ID.test(wanted) ? [{ id: wanted }] : await withPrefix(database, wanted)
  const [only] = ids
  if (only === undefined || ids.length > 1) return null
  return database.prisma((prisma) => prisma.inboundMessage.findUnique({ where: { id: only.id }, ...DETAIL }))
}

function withPrefix(database: Database, prefix: string): Promise<{ id: string }[]> {
  return database.query<{ id: string }>({
    text: `SELECT id FROM inbound_messages
           WHERE id BETWEEN $2::uuid AND $3::uuid AND id::text LIKE $1 || '%' LIMIT 2`,
    values: [prefix, ...['0', 'f'].map((digit) => filledUp(prefix, digit))],
  })
}

/** The lowest or the highest id that can start like that. Where a hyphen is misplaced none does. */
function filledUp(prefix: string, digit: string): string {
  const digits = prefix.replaceAll('-', '').padEnd(32, digit).slice(0, 32)
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

async function countByState(database: Database, mailboxIds?: readonly string[]): Promise<Record<InboundState, number>> {
  const groups = await database.prisma((prisma) =>
    prisma.inboundMessage.groupBy({ by: ['state'], where: among(mailboxIds), _count: true }),
  )
  const counts = { received: 0, ticketed: 0, suppressed: 0, quarantined: 0 }
  for (const group of groups) counts[group.state] = group._count
  return counts
}
