/** One process at a time makes, starts or stops the embedded server. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'

const SQLITE_BUSY = 5
const RETRY_MS = 15

/**
 * The lock is SQLite's on an empty file: taken by the kernel, so it ends with its holder, however that ends.
 * Node has no flock(2) of its own, and a lock file with a pid in it can be neither trusted nor safely removed.
 */
export async function withStartLock<T>(cluster: Cluster, signal: AbortSignal | undefined, work: () => Promise<T>) {
  const { DatabaseSync } = await import('node:sqlite')
  const lock = new DatabaseSync(cluster.lockFile)
  try {
    while (!tryLock(lock)) await delay(RETRY_MS, undefined, { ...(signal && { signal }) })
    return await work()
  } finally {
    lock.close()
  }
}

function tryLock(lock: { exec(sql: string): void }): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false
    throw error
  }
}
