import { randomBytes } from 'node:crypto'
import pLimit from 'p-limit'
import { chunkWriter } from './chunk-writer.ts'
import type { Database, Query } from './database.ts'
import { CHUNK_BYTES } from './raw.ts'

/** A message as downloaded and digested, with its octets where they are in memory. */
export interface Retrieved {
  readonly remoteId: bigint
  readonly uniqueId: string
  readonly sha256: string
  readonly headerSha256: string
  readonly sizeBytes: number
  /** What was stored under its unique-id when the poll looked; null: nothing. */
  readonly storedBefore: string | null
}

export interface RetrievedInMemory extends Retrieved {
  /** Any lengths; stored in rows of `CHUNK_BYTES`. */
  readonly octets: readonly Buffer[]
}

/**
 * A new message. Retrieved messages whose octets the mailbox had before make none: they are booked as an alias. So are
 * those that another poll has stored meanwhile, with the same header and in other octets, where a server makes them anew
 * at each download (I3).
 */
export interface Stored {
  readonly inboundMessageId: string
  readonly sha256: string
}

/** On whose behalf: the mailbox, and the poll that the events name. */
export interface Polling {
  readonly mailboxId: string
  readonly pollId: bigint
  /** Where it polls, as in `mailboxes.source`. */
  readonly source: string
}

/** Makes what was downloaded durable: raw octets, row, ledger and event in one commit (I1, I2). */
export interface Intake {
  /** Many messages, one commit. Resolves when it is durable. */
  storeBatch(polling: Polling, batch: readonly RetrievedInMemory[]): Promise<Stored[]>
  /**
   * One message too large for memory: `write` is given the place to put its octets, in order, and resolves with
   * its digest. All in one transaction: if `write` rejects, nothing happened.
   */
  storeStreamed(
    polling: Polling,
    write: (put: (octets: Buffer) => Promise<void>) => Promise<Retrieved>,
  ): Promise<Stored[]>
}

/**
 * Each holds a connection for as long as its download takes, and over HTTP a poll has several under way: more of them
 * wait, so that the locks of polls and short transactions always find one (see HELD_CONNECTIONS).
 */
const STREAMED_AT_ONCE = 12

export function intake(database: Database): Intake {
  const streams = pLimit(STREAMED_AT_ONCE)
  return {
    storeBatch: async (polling, batch) => {
      const stored: Stored[] = []
      for (const part of withoutRepeats(batch))
        stored.push(...(await insert(database.query, polling, part, rowsOf(part))))
      return stored
    },
    storeStreamed: (polling, write) =>
      streams(() => database.transaction((query) => storeStreamed(query, polling, write))),
  }
}

/** One statement cannot see the rows it inserts: the same octets twice go into two. */
function withoutRepeats<M extends Retrieved>(batch: readonly M[]): M[][] {
  const parts: Map<string, M>[] = []
  for (const message of batch) {
    const part = parts.find((candidate) => !candidate.has(message.sha256))
    if (part === undefined) parts.push(new Map([[message.sha256, message]]))
    else part.set(message.sha256, message)
  }
  return parts.map((part) => [...part.values()])
}

interface ChunkRow {
  readonly sha256: string
  readonly seq: number
  readonly octets: Buffer
}

function rowsOf(batch: readonly RetrievedInMemory[]): ChunkRow[] {
  return batch.flatMap(({ sha256, octets, sizeBytes }) => {
    const whole = octets.length === 1 && octets[0] !== undefined ? octets[0] : Buffer.concat(octets, sizeBytes)
    const count = Math.ceil(sizeBytes / CHUNK_BYTES)
    return Array.from({ length: count }, (_, seq) => ({
      sha256,
      seq,
      octets: whole.subarray(seq * CHUNK_BYTES, (seq + 1) * CHUNK_BYTES),
    }))
  })
}

/** Whoever comes second waits for the first one here, and then sees what it has stored. */
const OVERTAKEN = `
  SELECT b.remote_id, b.unique_id, b.sha256, coalesce(r.header_sha256 = b.header_sha256
    AND r.sha256 <> b.sha256 AND r.sha256 IS DISTINCT FROM b.stored_before, false) AS is_overtaken
  FROM remote_messages r JOIN retrieved b ON b.remote_id = r.id ORDER BY r.id FOR UPDATE OF r`

/** The digest ties the octets to the audit log. */
const DETAIL = `jsonb_build_object('uniqueId', unique_id, 'poll', $7::text, 'sha256', sha256)`

/** Octets that were purged are stored anew where a mailbox gets them that did not have them before; erased ones never. */
const COMES_AGAIN = (mailboxId: string) => `ON CONFLICT (sha256) DO UPDATE SET purged_at = NULL
  WHERE raw_messages.purged_at IS NOT NULL AND raw_messages.erased_at IS NULL AND NOT EXISTS (
    SELECT FROM inbound_messages m WHERE m.mailbox_id = ${mailboxId} AND m.sha256 = raw_messages.sha256)`

const FIXED_VALUES = 9

function insert(
  query: Query,
  polling: Polling,
  batch: readonly Retrieved[],
  chunks: readonly ChunkRow[],
): Promise<Stored[]> {
  return query<Stored>({
    text: `
      WITH retrieved AS (
        SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::int[], $9::text[])
          AS b(remote_id, unique_id, sha256, header_sha256, size_bytes, stored_before)
      ), overtaken AS MATERIALIZED (
        ${OVERTAKEN}
      ), batch AS (
        SELECT * FROM retrieved WHERE (remote_id, sha256) NOT IN (SELECT remote_id, sha256 FROM overtaken WHERE is_overtaken)
      ), raws AS (
        INSERT INTO raw_messages (sha256, size_bytes) SELECT sha256, size_bytes FROM batch
        ORDER BY sha256 ${COMES_AGAIN('$1')} RETURNING sha256
      ), ${
        chunks.length === 0
          ? ''
          : `chunks AS (
        INSERT INTO raw_chunks (sha256, seq, octets)
        SELECT c.sha256, c.seq, c.octets FROM (VALUES ${places(chunks.length)}) AS c(sha256, seq, octets) JOIN raws USING (sha256)
      ),`
      } known AS (
        SELECT m.id, b.unique_id, b.sha256 FROM batch b
        JOIN inbound_messages m ON m.mailbox_id = $1 AND m.sha256 = b.sha256
      ), created AS (
        INSERT INTO inbound_messages (mailbox_id, sha256, unique_id, source, received_at)
        SELECT $1, sha256, unique_id, $8, clock_timestamp() FROM batch
        ON CONFLICT (mailbox_id, sha256) DO NOTHING RETURNING id, sha256, unique_id
      ), remembered AS (
        UPDATE remote_messages r SET sha256 = b.sha256, header_sha256 = b.header_sha256, 
          stored_at = CASE WHEN r.sha256 = b.sha256 THEN r.stored_at ELSE now() END,
          held_reason = NULL, held_above_bytes = NULL, refusals = 0, delete_asked_at = NULL, gone_at = NULL
        FROM batch b WHERE r.id = b.remote_id
        RETURNING r.id
      ), told AS (
        INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
        SELECT id, $1, 'intake/stored', ${DETAIL} FROM created
        UNION ALL
        SELECT id, $1, 'intake/alias', ${DETAIL} FROM known
        UNION ALL
        SELECT NULL, $1, 'intake/alias', ${DETAIL} FROM overtaken
        WHERE is_overtaken
      )
      SELECT id AS "inboundMessageId", sha256 FROM created`,
    values: [
      polling.mailboxId,
      batch.map(({ remoteId }) => remoteId),
      batch.map(({ uniqueId }) => uniqueId),
      batch.map(({ sha256 }) => sha256),
      batch.map(({ headerSha256 }) => headerSha256),
      batch.map(({ sizeBytes }) => sizeBytes),
      polling.pollId.toString(),
      polling.source,
      batch.map(({ storedBefore }) => storedBefore),
      ...chunks.flatMap(({ sha256, seq, octets }) => [sha256, seq, octets]),
    ],
  })
}

function places(rows: number): string {
  return Array.from({ length: rows }, (_, row) => {
    const first = FIXED_VALUES + 1 + 3 * row
    return `($${first}::text, $${first + 1}::int, $${first + 2}::bytea)`
  }).join()
}

/**
 * The digest is known only at the end, so the octets are put under a name made at random, which the digest then
 * replaces; PostgreSQL does not copy their octets for it.
 */
async function storeStreamed(
  query: Query,
  polling: Polling,
  write: (put: (octets: Buffer) => Promise<void>) => Promise<Retrieved>,
): Promise<Stored[]> {
  const provisional = `streaming-${randomBytes(16).toString('hex')}`
  await query({ text: 'INSERT INTO raw_messages (sha256, size_bytes) VALUES ($1, 0)', values: [provisional] })
  const chunks = chunkWriter(query, provisional)
  const message = await write(chunks.put)
  await chunks.end()
  if (!(await isOvertaken(query, message))) await rename(query, provisional, message, polling.mailboxId)
  // With what chunks it still has: then another transaction has stored the same octets, or the same message.
  await query({ text: 'DELETE FROM raw_messages WHERE sha256 = $1', values: [provisional] })
  return insert(query, polling, [message], [])
}

async function isOvertaken(query: Query, message: Retrieved): Promise<boolean> {
  const { remoteId, uniqueId, sha256, headerSha256, storedBefore } = message
  const [row] = await query<{ is_overtaken: boolean }>({
    text: `WITH retrieved AS (SELECT $1::bigint AS remote_id, $2::text AS unique_id, $3::text AS sha256,
             $4::text AS header_sha256, $5::text AS stored_before) ${OVERTAKEN}`,
    values: [remoteId, uniqueId, sha256, headerSha256, storedBefore],
  })
  return row?.is_overtaken ?? false
}

async function rename(
  query: Query,
  provisional: string,
  { sha256, sizeBytes }: Retrieved,
  mailboxId: string,
): Promise<void> {
  const [isNew] = await query({
    text: `INSERT INTO raw_messages (sha256, size_bytes) VALUES ($1, $2) ${COMES_AGAIN('$3')} RETURNING sha256`,
    values: [sha256, sizeBytes, mailboxId],
  })
  if (isNew === undefined) return
  await query({ text: 'UPDATE raw_chunks SET sha256 = $2 WHERE sha256 = $1', values: [provisional, sha256] })
}
