import type { OctetSink, RetrievedMessage } from '../source/source.ts'
import type { Polling, Stored } from '../store/intake.ts'
import type { RemoteEntry } from '../store/ledger.ts'
import type { Store } from '../store/store.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { type Streamed, streamInto } from './streamed.ts'

/**
 * Takes downloads and makes them durable: small ones many at a time, large ones each in a transaction of its own.
 *
 * `retrieve` resolves when the message is durable (I1); only then may DELE go out (I2). What waits in memory is
 * bounded in octets: above that the sink asks the server to wait.
 */
export interface Collector {
  retrieve(entry: RemoteEntry, download: (sink: OctetSink) => Promise<RetrievedMessage>): Promise<Committed>
}

export interface Committed {
  readonly isNew: boolean
  readonly sizeBytes: number
  readonly sha256: string
}

/** Downloaded and not yet durable. */
const IN_MEMORY_BYTES = 16 * 1024 * 1024
/** What a download may grow to before it streams, unless `PollDeps` says otherwise. */
const STREAM_ABOVE_BYTES = 4 * 1024 * 1024

export function createCollector(
  intake: Store['intake'],
  polling: Polling,
  onStored: (stored: readonly Stored[]) => void,
  streamAboveBytes = STREAM_ABOVE_BYTES,
): Collector {
  const group = createGroupCommit(intake, polling, onStored)
  const memory = createBudget(group)
  return {
    retrieve: async (entry, download) => {
      const place = createPlace(memory, streamAboveBytes, (first) => streamInto(intake, polling, first))
      try {
        const { sizeBytes, sha256, headerSha256 } = await download(place.sink)
        const storedBefore = entry.stored?.sha256 ?? null
        const message = { remoteId: entry.id, uniqueId: entry.uniqueId, sizeBytes, sha256, headerSha256, storedBefore }
        const { streamed, octets } = place.taken()
        if (streamed === null) return { isNew: await group.add({ ...message, octets }), sizeBytes, sha256 }
        const stored = await streamed.finish(message)
        onStored(stored)
        return { isNew: stored.length > 0, sizeBytes, sha256 }
      } catch (error) {
        await place.taken().streamed?.abandon(error)
        throw error
      } finally {
        place.release()
      }
    },
  }
}

interface Budget {
  /** A promise where it is spent: settles when there is room again. */
  take(bytes: number): undefined | Promise<void>
  give(bytes: number): void
}

function createBudget(group: GroupCommit): Budget {
  let inMemoryBytes = 0
  let waiters: (() => void)[] = []
  const room = async () => {
    // What waits for company is committed now; and what others are still downloading ends by itself.
    const given = new Promise<void>((resolve) => waiters.push(resolve))
    await Promise.race([group.next(), given])
  }
  return {
    take: (bytes) => {
      inMemoryBytes += bytes
      return inMemoryBytes > IN_MEMORY_BYTES ? room() : undefined
    },
    give: (bytes) => {
      inMemoryBytes -= bytes
      const told = waiters
      waiters = []
      for (const tell of told) tell()
    },
  }
}

/** Where the octets of one message go as they come: into memory, and once they are too many, into the store. */
function createPlace(memory: Budget, streamAboveBytes: number, stream: (first: readonly Buffer[]) => Streamed) {
  let octets: Buffer[] = []
  let bytes = 0
  let streamed: Streamed | null = null
  const release = () => {
    memory.give(bytes)
    bytes = 0
  }
  const sink: OctetSink = (piece) => {
    if (streamed !== null) return streamed.put(piece)
    octets.push(piece)
    bytes += piece.length
    const wait = memory.take(piece.length)
    if (bytes <= streamAboveBytes) return wait
    streamed = stream(octets)
    octets = []
    return streamed.started.finally(release)
  }
  return { sink, release, taken: () => ({ streamed, octets }) }
}
