import type { OctetSink, RetrievedMessage } from '../source/source.ts'
import type { Polling, RetrievedInMemory, Stored } from '../store/intake.ts'
import type { RemoteEntry } from '../store/ledger.ts'
import type { Store } from '../store/store.ts'
import { type Streamed, streamInto } from './streamed.ts'

/**
 * Group commit: many messages, one transaction, while the next ones are already on their way.
 *
 * `retrieve` resolves when the message is durable (I1), with whether it is new; only then may DELE go out (I2).
 * What waits in memory is bounded in octets: above that the sink asks the server to wait.
 */
export interface Collector {
  retrieve(entry: RemoteEntry, download: (sink: OctetSink) => Promise<RetrievedMessage>): Promise<Committed>
}

export interface Committed {
  readonly isNew: boolean
  readonly sizeBytes: number
  readonly sha256: string
}

/** A commit costs an fsync: worth sharing, but not worth waiting for long. */
const BATCH_MESSAGES = 64
const BATCH_BYTES = 4 * 1024 * 1024
const LINGER_MILLISECONDS = 10
/** Downloaded and not yet durable. */
const IN_MEMORY_BYTES = 16 * 1024 * 1024
/** A message that grows beyond this streams into a transaction of its own. */
const STREAM_ABOVE_BYTES = 4 * 1024 * 1024

interface Waiting {
  readonly message: RetrievedInMemory
  readonly settle: PromiseWithResolvers<Committed>
}

export function createCollector(
  intake: Store['intake'],
  polling: Polling,
  onStored: (stored: readonly Stored[]) => void,
): Collector {
  let waiting: Waiting[] = []
  let waitingBytes = 0
  let inMemoryBytes = 0
  let committing: Promise<void> | null = null
  let linger: NodeJS.Timeout | null = null

  const commitNow = () => {
    if (linger !== null) clearTimeout(linger)
    linger = null
    if (committing !== null || waiting.length === 0) return
    const batch = waiting
    waiting = []
    waitingBytes = 0
    committing = commit(batch).finally(() => {
      inMemoryBytes -= batch.reduce((sum, { message }) => sum + message.sizeBytes, 0)
      committing = null
      if (isFull()) commitNow()
      else if (waiting.length > 0) commitSoon()
    })
  }
  const commitSoon = () => {
    linger ??= setTimeout(commitNow, LINGER_MILLISECONDS)
  }
  const isFull = () => waiting.length >= BATCH_MESSAGES || waitingBytes >= BATCH_BYTES

  const commit = async (batch: readonly Waiting[]) => {
    try {
      const stored = await intake.storeBatch(
        polling,
        batch.map(({ message }) => message),
      )
      onStored(stored)
      const fresh = new Set(stored.map(({ sha256 }) => sha256))
      for (const { message, settle } of batch) {
        settle.resolve({ isNew: fresh.delete(message.sha256), sizeBytes: message.sizeBytes, sha256: message.sha256 })
      }
    } catch (error) {
      for (const { settle } of batch) settle.reject(error)
    }
  }

  const room = async () => {
    while (inMemoryBytes > IN_MEMORY_BYTES && (committing !== null || waiting.length > 0)) {
      commitNow()
      await committing
    }
  }

  const keep = (message: RetrievedInMemory): Promise<Committed> => {
    const settle = Promise.withResolvers<Committed>()
    waiting.push({ message, settle })
    waitingBytes += message.sizeBytes
    if (isFull()) commitNow()
    else commitSoon()
    return settle.promise
  }

  const retrieve: Collector['retrieve'] = async (entry, download) => {
    const octets: Buffer[] = []
    let bytes = 0
    let stream: Streamed | null = null
    const sink: OctetSink = (piece) => {
      if (stream !== null) return stream.put(piece)
      octets.push(piece)
      bytes += piece.length
      if (bytes > STREAM_ABOVE_BYTES) {
        inMemoryBytes -= bytes - piece.length
        bytes = 0
        stream = streamInto(intake, polling, octets.splice(0))
        return stream.started
      }
      inMemoryBytes += piece.length
      return inMemoryBytes > IN_MEMORY_BYTES ? room() : undefined
    }
    try {
      const retrieved = { ...(await download(sink)), remoteId: entry.id, uniqueId: entry.uniqueId }
      if (stream === null) return keep({ ...retrieved, octets })
      const stored = await (stream as Streamed).finish(retrieved)
      onStored(stored)
      return { isNew: stored.length > 0, sizeBytes: retrieved.sizeBytes, sha256: retrieved.sha256 }
    } catch (error) {
      inMemoryBytes -= bytes
      if (stream !== null) await (stream as Streamed).abandon(error)
      throw error
    }
  }
  return { retrieve }
}
