import { createHash } from 'node:crypto'
import type { Database, Query } from './database.ts'

/** A waiting message that belongs to no thread yet. */
export interface Unthreaded {
  readonly id: string
  /** The start of its octets; holds the whole header unless that is longer than a chunk. */
  readonly head: Buffer
}

export interface Linked {
  readonly id: string
  readonly messageId: string | null
  /** The msg-ids it refers to, newest first, each once. */
  readonly refersTo: readonly string[]
}

export interface Threaded extends Linked {
  /** Who wrote it when, as far as its header tells. */
  readonly identity: string | null
}

/** A group of messages that belong together, with the threads they were known to belong to. */
export interface ThreadGroup {
  readonly threadIds: readonly string[]
  readonly messageIds: readonly string[]
}

export interface Threads {
  /** Messages that this one refers to and that still wait, oldest reference first. */
  waitingAncestors(inboundMessageId: string): Promise<string[]>
  /**
   * Puts waiting messages of the mailbox into threads, oldest first, at most `limit`; returns how many. `read` gets
   * their thread fields, `group` joins them with the threads that already know one of their msg-ids. One at a time
   * per mailbox, over all processes, so that what waits is always grouped as a whole.
   */
  assign(
    mailboxId: string,
    limit: number,
    read: (message: Unthreaded) => Threaded,
    group: (messages: readonly Threaded[], known: ReadonlyMap<string, string>) => readonly ThreadGroup[],
  ): Promise<number>
}

/** SHA-256 of a msg-id or of another text that a sender chose, as the keys have it. */
export function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Addresses are compared without regard to case: no mail system in use tells local-parts apart by it. */
export const addressKey = (address: string): string => keyOf(address.toLowerCase())

/** Most headers end within these; a longer one costs a second look. */
const HEAD_BYTES = 8192
const EMPTY_LINE = /\r?\n\r?\n/

export function threads(database: Database): Threads {
  return {
    waitingAncestors: (inboundMessageId) => waitingAncestors(database, inboundMessageId),
    assign: (mailboxId, limit, read, group) =>
      database.transaction(async (query) => {
        await query({
          name: 'threads-lock',
          text: `SELECT pg_advisory_xact_lock(hashtextextended('mailchute threads ' || $1, 0))`,
          values: [mailboxId],
        })
        const messages = (await unthreaded(query, mailboxId, limit)).map(read)
        if (messages.length === 0) return 0
        const groups = group(messages, await knownThreads(query, mailboxId, messages))
        await write(query, mailboxId, messages, groups)
        return messages.length
      }),
  }
}

async function waitingAncestors(database: Database, inboundMessageId: string): Promise<string[]> {
  const rows = await database.query<{ id: string }>({
    name: 'threads-ancestors',
    text: `SELECT waiting.id FROM message_references mine
           JOIN message_references own ON own.mailbox_id = mine.mailbox_id AND own.msg_id_sha256 = mine.msg_id_sha256
             AND own.position = 0
           JOIN inbound_messages waiting ON waiting.id = own.inbound_message_id AND waiting.state = 'received'
           WHERE mine.inbound_message_id = $1 AND mine.position > 0 AND waiting.id <> $1
           ORDER BY mine.position DESC`,
    values: [inboundMessageId],
  })
  return rows.map(({ id }) => id)
}

async function unthreaded(query: Query, mailboxId: string, limit: number): Promise<Unthreaded[]> {
  const rows = await query<{ id: string; head: Buffer; sha256: string }>({
    name: 'threads-waiting',
    text: `SELECT m.id, m.sha256, coalesce(substring(c.octets FROM 1 FOR ${HEAD_BYTES}), ''::bytea) AS head
           FROM inbound_messages m LEFT JOIN raw_chunks c ON c.sha256 = m.sha256 AND c.seq = 0
           WHERE m.mailbox_id = $1 AND m.state = 'received' AND m.thread_id IS NULL
           ORDER BY m.received_at LIMIT $2`,
    values: [mailboxId, limit],
  })
  const messages: Unthreaded[] = []
  for (const { id, sha256, head } of rows) messages.push({ id, head: await wholeHead(query, sha256, head) })
  return messages
}

async function wholeHead(query: Query, sha256: string, head: Buffer): Promise<Buffer> {
  if (head.length < HEAD_BYTES || EMPTY_LINE.test(head.toString('latin1'))) return head
  const [chunk] = await query<{ octets: Buffer }>({
    text: 'SELECT octets FROM raw_chunks WHERE sha256 = $1 AND seq = 0',
    values: [sha256],
  })
  return chunk?.octets ?? head
}

/** By msg-id: the thread of a message that carries or refers to it. */
async function knownThreads(
  query: Query,
  mailboxId: string,
  messages: readonly Threaded[],
): Promise<Map<string, string>> {
  const keys = new Map(messages.flatMap(msgIds).map((msgId) => [keyOf(msgId), msgId]))
  const rows = await query<{ key: string; threadId: string }>({
    name: 'threads-known',
    text: `SELECT DISTINCT ON (r.msg_id_sha256) r.msg_id_sha256 AS key, m.thread_id AS "threadId"
           FROM message_references r JOIN inbound_messages m ON m.id = r.inbound_message_id
           WHERE r.mailbox_id = $1 AND r.msg_id_sha256 = ANY($2::text[]) AND m.thread_id IS NOT NULL`,
    values: [mailboxId, [...keys.keys()]],
  })
  return new Map(rows.map(({ key, threadId }) => [keys.get(key) ?? '', threadId]))
}

const msgIds = ({ messageId, refersTo }: Linked) => (messageId === null ? refersTo : [messageId, ...refersTo])

async function write(query: Query, mailboxId: string, messages: readonly Threaded[], groups: readonly ThreadGroup[]) {
  const ids = await makeThreads(query, mailboxId, groups.filter(({ threadIds }) => threadIds.length === 0).length)
  const placed = groups.map((group) => ({ ...group, threadId: group.threadIds[0] ?? ids.pop() ?? '' }))
  for (const { threadId, threadIds } of placed) await unite(query, threadId, threadIds.slice(1))
  await place(query, messages, placed)
  await remember(query, mailboxId, messages)
}

async function makeThreads(query: Query, mailboxId: string, count: number): Promise<string[]> {
  const rows = await query<{ id: string }>({
    name: 'threads-make',
    text: 'INSERT INTO threads (mailbox_id) SELECT $1::uuid FROM generate_series(1, $2::int) RETURNING id',
    values: [mailboxId, count],
  })
  return rows.map(({ id }) => id)
}

/** Both versions rise: whoever decided on a ticket by the old threads finds that out and decides again. */
async function unite(query: Query, threadId: string, others: readonly string[]): Promise<void> {
  if (others.length === 0) return
  const all = [threadId, ...others].toSorted()
  await query({ text: 'SELECT 1 FROM threads WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE', values: [all] })
  await query({ text: 'UPDATE threads SET version = version + 1 WHERE id = ANY($1::uuid[])', values: [all] })
  await query({
    text: 'UPDATE inbound_messages SET thread_id = $1 WHERE thread_id = ANY($2::uuid[])',
    values: [threadId, others],
  })
}

/** What was erased since it was read stays without its Message-ID. */
async function place(
  query: Query,
  messages: readonly Threaded[],
  placed: readonly { threadId: string; messageIds: readonly string[] }[],
): Promise<void> {
  const threadOf = new Map(placed.flatMap(({ threadId, messageIds }) => messageIds.map((id) => [id, threadId])))
  await query({
    name: 'threads-place',
    text: `UPDATE inbound_messages m
           SET thread_id = p.thread_id, message_id = p.message_id, identity_sha256 = p.identity_sha256
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS p(id, thread_id, message_id, identity_sha256)
           WHERE m.id = p.id AND m.content_purged_at IS NULL`,
    values: [
      messages.map(({ id }) => id),
      messages.map(({ id }) => threadOf.get(id)),
      messages.map(({ messageId }) => messageId),
      messages.map(({ identity }) => (identity === null ? null : keyOf(identity))),
    ],
  })
}

/** Who wrote when, for a message without a Message-ID. */
const IN_PLACE_OF_AN_ID = -1

async function remember(query: Query, mailboxId: string, messages: readonly Threaded[]): Promise<void> {
  const rows = messages.flatMap(({ id, messageId, identity, refersTo }) => [
    ...(messageId === null ? [] : [{ id, key: keyOf(messageId), position: 0 }]),
    ...(messageId === null && identity !== null ? [{ id, key: keyOf(identity), position: IN_PLACE_OF_AN_ID }] : []),
    ...refersTo.map((msgId, index) => ({ id, key: keyOf(msgId), position: index + 1 })),
  ])
  await query({
    name: 'threads-remember',
    text: `INSERT INTO message_references (inbound_message_id, mailbox_id, msg_id_sha256, position)
           SELECT r.id, $1, r.key, r.position FROM unnest($2::uuid[], $3::text[], $4::int[]) AS r(id, key, position)
           ON CONFLICT DO NOTHING`,
    values: [mailboxId, rows.map(({ id }) => id), rows.map(({ key }) => key), rows.map(({ position }) => position)],
  })
}
