import type { Query } from './database.ts'
import { CHUNK_BYTES } from './raw.ts'

/** Writes octets of any lengths as rows of `CHUNK_BYTES` under this name, one row in memory. `end` writes what is left. */
export function chunkWriter(query: Query, sha256: string) {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let seq = 0
  const flush = async () => {
    if (waitingBytes === 0) return
    const octets = Buffer.concat(waiting, waitingBytes)
    waiting = []
    waitingBytes = 0
    await query({
      name: 'chunk-append',
      text: 'INSERT INTO raw_chunks (sha256, seq, octets) VALUES ($1, $2, $3)',
      values: [sha256, seq++, octets],
    })
  }
  return {
    put: async (octets: Buffer) => {
      for (let from = 0; from < octets.length; ) {
        const piece = octets.subarray(from, from + CHUNK_BYTES - waitingBytes)
        waiting.push(piece)
        waitingBytes += piece.length
        from += piece.length
        if (waitingBytes === CHUNK_BYTES) await flush()
      }
    },
    end: flush,
  }
}
