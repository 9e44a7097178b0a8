import type { Database } from './database.ts'

/** A message on a server as our book has it. */
export interface RemoteEntry {
  readonly id: bigint
  readonly uniqueId: string
  /** null: not stored yet. */
  readonly stored: { readonly sha256: string; readonly headerSha256: string; readonly at: Date } | null
  readonly heldReason: string | null
  readonly heldAboveBytes: number | null
  readonly refusals: number
  readonly lastRefusedAt: Date | null
  /** It was gone, or had another size: perhaps another message under a unique-id that is used again. */
  readonly isSuspect: boolean
}

export interface RememberedList {
  readonly cursor: string | null
  /** What was booked as present, in the order in which it was first listed; nothing without a cursor. */
  readonly present: readonly { readonly uniqueId: string; readonly sizeBytes: number }[]
}

/** What became of every message that a server ever listed (I5). */
export interface Ledger {
  /**
   * Compares a complete list with the book: what is new is entered, what is missing is booked as gone, the only
   * proof that a server forgot it. Returns the entry of every unique-id listed.
   */
  census(
    mailboxId: string,
    source: string,
    listed: readonly { uniqueId: string; sizeBytes: number }[],
  ): Promise<Map<string, RemoteEntry>>
  /** What the last list left behind, for a source that is told changes only. */
  remembered(mailboxId: string, source: string): Promise<RememberedList>
  /**
   * Where the list that was just booked ended; null: a full list is due. So it is where the cursor is not any more the
   * one that the list began from: somebody else has booked another list meanwhile.
   */
  remember(mailboxId: string, cursor: { readonly from: string | null; readonly to: string | null }): Promise<void>
  /** Its octets or its header have shown which message it is: it is no longer suspect. */
  identified(id: bigint, sizeBytes: number): Promise<void>
  /** DELE was acknowledged for these and QUIT is next. */
  deleteAsked(ids: readonly bigint[]): Promise<void>
  /** It stays on the server for a person; `aboveBytes` is the size limit it went over. True: it was not held so far. */
  hold(id: bigint, reason: string, aboveBytes?: number): Promise<boolean>
  /** The server would not hand it over. */
  refused(id: bigint): Promise<void>
}

export function ledger(database: Database): Ledger {
  return {
    census: (mailboxId, source, listed) => census(database, mailboxId, source, listed),
    remembered: (mailboxId, source) => remembered(database, mailboxId, source),
    remember: async (mailboxId, { from, to }) => {
      await database.query({
        text: `UPDATE mailboxes SET list_cursor = CASE WHEN list_cursor IS NOT DISTINCT FROM $2 THEN $3 END WHERE id = $1`,
        values: [mailboxId, from, to],
      })
    },
    identified: async (id, sizeBytes) => {
      await database.query({
        text: 'UPDATE remote_messages SET gone_at = NULL, size_bytes = $2 WHERE id = $1',
        values: [id, sizeBytes],
      })
    },
    deleteAsked: async (ids) => {
      await database.query({
        text: 'UPDATE remote_messages SET delete_asked_at = now() WHERE id = ANY($1::bigint[])',
        values: [ids],
      })
    },
    hold: (id, reason, aboveBytes) => hold(database, id, reason, aboveBytes ?? null),
    refused: async (id) => {
      await database.query({
        text: 'UPDATE remote_messages SET refusals = refusals + 1, last_refused_at = now() WHERE id = $1',
        values: [id],
      })
    },
  }
}

interface Row {
  id: string
  unique_id: string
  sha256: string | null
  header_sha256: string | null
  stored_at: Date | null
  held_reason: string | null
  held_above_bytes: number | null
  refusals: number
  last_refused_at: Date | null
  size_bytes: number
  gone_at: Date | null
}

const COLUMNS =
  'id, unique_id, sha256, header_sha256, stored_at, held_reason, held_above_bytes, refusals, last_refused_at, size_bytes, gone_at'

async function census(
  database: Database,
  mailboxId: string,
  source: string,
  listed: readonly { uniqueId: string; sizeBytes: number }[],
) {
  const sizes = new Map(listed.map(({ uniqueId, sizeBytes }) => [uniqueId, sizeBytes]))
  const present = await database.query<Row>({
    name: 'census-present',
    text: `SELECT ${COLUMNS} FROM remote_messages WHERE mailbox_id = $1 AND source = $2 AND gone_at IS NULL`,
    values: [mailboxId, source],
  })
  const { listed: known = [], gone = [] } = Object.groupBy(present, (row) =>
    sizes.has(row.unique_id) ? 'listed' : 'gone',
  )
  for (const row of known) sizes.delete(row.unique_id)
  await bookGone(database, gone)
  const entered = sizes.size === 0 ? [] : await enter(database, mailboxId, source, sizes)
  const listedSizes = new Map(listed.map(({ uniqueId, sizeBytes }) => [uniqueId, sizeBytes]))
  return new Map([...known, ...entered].map((row) => [row.unique_id, remoteEntry(row, listedSizes)]))
}

async function remembered(database: Database, mailboxId: string, source: string): Promise<RememberedList> {
  const [row] = await database.query<{ cursor: string | null }>({
    text: 'SELECT list_cursor AS cursor FROM mailboxes WHERE id = $1',
    values: [mailboxId],
  })
  if (row?.cursor == null) return { cursor: null, present: [] }
  const present = await database.query<{ uniqueId: string; sizeBytes: number }>({
    text: `SELECT unique_id AS "uniqueId", size_bytes AS "sizeBytes" FROM remote_messages
           WHERE mailbox_id = $1 AND source = $2 AND gone_at IS NULL ORDER BY id`,
    values: [mailboxId, source],
  })
  return { cursor: row.cursor, present }
}

async function bookGone(database: Database, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  await database.query({
    text: 'UPDATE remote_messages SET gone_at = now() WHERE id = ANY($1::bigint[])',
    values: [rows.map(({ id }) => id)],
  })
}

/**
 * A unique-id that comes back after it was gone keeps its row, and stays suspect until it is identified: where nothing
 * was stored under it there is nothing that it could be mistaken for.
 */
function enter(
  database: Database,
  mailboxId: string,
  source: string,
  sizes: ReadonlyMap<string, number>,
): Promise<Row[]> {
  return database.query<Row>({
    text: `INSERT INTO remote_messages AS r (mailbox_id, source, unique_id, size_bytes)
           SELECT $1, $2, * FROM unnest($3::text[], $4::int[])
           ON CONFLICT (mailbox_id, source, unique_id) DO UPDATE
             SET gone_at = CASE WHEN r.sha256 IS NOT NULL THEN r.gone_at END
           RETURNING ${COLUMNS}`,
    values: [mailboxId, source, [...sizes.keys()], [...sizes.values()]],
  })
}

function remoteEntry(row: Row, listedSizes: ReadonlyMap<string, number>): RemoteEntry {
  const { sha256, header_sha256: headerSha256, stored_at: at } = row
  return {
    id: BigInt(row.id),
    uniqueId: row.unique_id,
    stored: sha256 === null || headerSha256 === null || at === null ? null : { sha256, headerSha256, at },
    heldReason: row.held_reason,
    heldAboveBytes: row.held_above_bytes,
    refusals: row.refusals,
    lastRefusedAt: row.last_refused_at,
    isSuspect: row.gone_at !== null || row.size_bytes !== listedSizes.get(row.unique_id),
  }
}

async function hold(database: Database, id: bigint, reason: string, aboveBytes: number | null): Promise<boolean> {
  const rows = await database.query({
    text: `WITH held AS (
             UPDATE remote_messages SET held_reason = $2, held_above_bytes = $3
             WHERE id = $1 AND (held_reason, held_above_bytes) IS DISTINCT FROM ($2, $3)
             RETURNING mailbox_id, unique_id, size_bytes)
           INSERT INTO inbound_events (mailbox_id, code, detail)
           SELECT mailbox_id, 'intake/held', jsonb_build_object('uniqueId', unique_id, 'sizeBytes', size_bytes, 'reason', $2::text)
           FROM held RETURNING id`,
    values: [id, reason, aboveBytes],
  })
  return rows.length === 1
}
