import { createHash } from 'node:crypto'
import { MailchuteError } from '../errors.ts'
import type { Database } from './database.ts'

/** The exact octets of stored messages (I1), read back and proved. */
export interface Raw {
  /**
   * All octets in order, in chunks, in constant memory. Ends with `store/raw-damaged` where they no longer match
   * their digest.
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
  assertDigest(sha256, hash.digest('hex'))
}

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
