import { createHash } from 'node:crypto'
import { MailchuteError } from '../errors.ts'
import type { Database } from './database.ts'

/** The exact octets of stored messages (I1), read back and proved. */
export interface Raw {
  /**
   * All octets in order, in chunks, in constant memory. Ends with `store/raw-damaged` where they no longer match
   * their digest, and with `store/purged` where they were removed.
   */
  octets(sha256: string): AsyncGenerator<Buffer>
}

/** One row of `raw_chunks`: small enough to stream, large enough that a usual mail is one row. */
export const CHUNK_BYTES = 256 * 1024
const CHUNKS_A_READ = 4

export function raw(database: Database): Raw {
  return { octets: (sha256) => octets(database, sha256) }
}

async function* octets(database: Database, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  for (let seq = 0, more = true; more; seq += CHUNKS_A_READ) {
    const chunks = await database.query<{ octets: Buffer }>({
      name: 'raw-read',
      text: 'SELECT octets FROM raw_chunks WHERE sha256 = $1 AND seq >= $2 ORDER BY seq LIMIT $3',
      values: [sha256, seq, CHUNKS_A_READ],
    })
    for (const chunk of chunks) {
      hash.update(chunk.octets)
      yield chunk.octets
    }
    more = chunks.length === CHUNKS_A_READ
  }
  const computed = hash.digest('hex')
  if (computed !== sha256) await assertNotPurged(database, sha256)
  assertDigest(sha256, computed)
}

/** Asked only where the octets are not all there: reading stays one statement. */
async function assertNotPurged(database: Database, sha256: string): Promise<void> {
  const [row] = await database.query<{ purgedAt: Date }>({
    name: 'raw-purged',
    text: 'SELECT purged_at AS "purgedAt" FROM raw_messages WHERE sha256 = $1 AND purged_at IS NOT NULL',
    values: [sha256],
  })
  if (row === undefined) return
  throw new MailchuteError(
    'store/purged',
    `the octets of raw message ${sha256} were removed on ${dayOf(row.purgedAt)}`,
    {
      context: { sha256 },
    },
  )
}

const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10)

/** As the keys have it: SHA-256, hex. */
export function digestOf(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('hex')
}

/** Throws `store/raw-damaged` unless both are the same. */
export function assertDigest(stored: string, computed: string): void {
  if (stored === computed) return
  throw new MailchuteError('store/raw-damaged', `raw message ${stored} has octets of digest ${computed}`, {
    context: { sha256: stored },
  })
}
