/** A disk of its own, small enough to be filled: a tmpfs, which only root may mount, and not in every container. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

export interface SmallDisk extends AsyncDisposable {
  readonly folder: string
  /** Until only so many octets are free. */
  fill(freeBytes: number): Promise<void>
  makeRoom(): Promise<void>
}

const mount = (...parameters: readonly string[]) => promisify(execFile)('mount', parameters)
const unmount = (folder: string) => promisify(execFile)('umount', ['--lazy', folder])

/** null where it is not allowed. */
export async function mountSmallDisk(sizeBytes: number): Promise<SmallDisk | null> {
  const folder = mkdtempSync(path.join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'disk-'))
  try {
    await mount('-t', 'tmpfs', '-o', `size=${sizeBytes},mode=755`, 'tmpfs', folder)
  } catch {
    rmdirSync(folder)
    return null
  }
  const ballast = path.join(folder, 'ballast')
  mkdirSync(path.join(folder, 'files'))
  return {
    folder: path.join(folder, 'files'),
    fill: async (freeBytes) => {
      const { bavail, bsize } = await statfs(folder)
      await using file = await open(ballast, 'w')
      await file.write(Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)))
    },
    makeRoom: () => rm(ballast, { force: true }),
    [Symbol.asyncDispose]: async () => {
      await unmount(folder)
    },
  }
}
