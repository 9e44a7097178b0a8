/** Once a run: a folder for what test files share. What is in it starts on first use and ends here. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stopClusterIn } from './postgres.ts'

const PREFIX = 'mailchute-tests-'

export default async function setup(): Promise<() => Promise<void>> {
  await removeLeftovers()
  const folder = await mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`))
  process.env['TEST_RUN_FOLDER'] = folder
  return () => remove(folder)
}

/** Of runs that were killed. What cannot be removed, as where a disk is still mounted, is no matter of this run. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (pid && !isAlive(Number(pid))) await remove(path.join(tmpdir(), name)).catch(() => undefined)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function remove(folder: string): Promise<void> {
  await stopClusterIn(folder)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
