import type { Polling, RetrievedInMemory, Stored } from '../store/intake.ts'
import type { Store } from '../store/store.ts'

/** Many messages, one transaction, while the next ones are already on their way. One commit at a time. */
export interface GroupCommit {
  /** Resolves when the message is durable; true: it is a new one. */
  add(message: RetrievedInMemory): Promise<boolean>
  /** Resolves once the commit under way, or the one that this call starts, is over. Nothing waits: at once. */
  next(): Promise<void>
}

/** A commit costs an fsync: worth sharing, but not worth waiting for long. */
const BATCH_MESSAGES = 64
const BATCH_BYTES = 4 * 1024 * 1024
const LINGER_MILLISECONDS = 10

interface Waiting {
  readonly message: RetrievedInMemory
  readonly settle: PromiseWithResolvers<boolean>
}

export function createGroupCommit(
  intake: Store['intake'],
  polling: Polling,
  onStored: (stored: readonly Stored[]) => void,
): GroupCommit {
  let waiting: Waiting[] = []
  let waitingBytes = 0
  let committing: Promise<void> | null = null
  let linger: NodeJS.Timeout | null = null

  const isFull = () => waiting.length >= BATCH_MESSAGES || waitingBytes >= BATCH_BYTES
  const start = () => {
    if (linger !== null) clearTimeout(linger)
    linger = null
    if (committing !== null || waiting.length === 0) return
    const batch = waiting
    waiting = []
    waitingBytes = 0
    committing = commit(batch).finally(() => {
      committing = null
      startWhenDue()
    })
  }
  const startWhenDue = () => {
    if (isFull()) start()
    else if (waiting.length > 0) linger ??= setTimeout(start, LINGER_MILLISECONDS)
  }
  const commit = async (batch: readonly Waiting[]) => {
    try {
      const stored = await intake.storeBatch(
        polling,
        batch.map(({ message }) => message),
      )
      onStored(stored)
      const fresh = new Set(stored.map(({ sha256 }) => sha256))
      for (const { message, settle } of batch) settle.resolve(fresh.delete(message.sha256))
    } catch (error) {
      for (const { settle } of batch) settle.reject(error)
    }
  }
  const add = (message: RetrievedInMemory): Promise<boolean> => {
    const settle = Promise.withResolvers<boolean>()
    waiting.push({ message, settle })
    waitingBytes += message.sizeBytes
    startWhenDue()
    return settle.promise
  }
  const next = async () => {
    start()
    await committing
  }
  return { add, next }
}
