import { statfs } from 'node:fs/promises'
import { MailchuteError } from '../errors.ts'

/** PostgreSQL needs room for its log, too: it stops working, and then cannot even be cleaned up, on a full disk. */
export const LEAST_FREE_BYTES = 256 * 1024 * 1024

/**
 * Rejects with `store/disk-full` if the disk of that folder has too little room to go on downloading (I7). Only for a
 * database on this machine: of another one PostgreSQL tells when it is full.
 */
export async function assertRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  if (freeBytes >= LEAST_FREE_BYTES) return
  throw new MailchuteError('store/disk-full', `only ${mebibytes(freeBytes)} MiB free for the database`, {
    context: { freeMebibytes: mebibytes(freeBytes), leastMebibytes: mebibytes(LEAST_FREE_BYTES) },
  })
}

const mebibytes = (bytes: number) => Math.floor(bytes / 1024 / 1024)
