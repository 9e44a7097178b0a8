/** A file with a secret in one line: there whole or not at all, readable by nobody else, and made once. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rm } from 'node:fs/promises'
import path from 'node:path'

/**
 * Where the file is there already it stays: whoever comes second uses the first one's. True: it is ours. Rejects with
 * what the file system says.
 */
export async function makeOnce(file: string, secret: string): Promise<boolean> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const fresh = temporary(file)
  const handle = await open(fresh, 'wx', 0o600)
  try {
    await handle.writeFile(`${secret}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  // `link` fails where the name is taken.
  const isOurs = await link(fresh, file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      return false
    },
  )
  await rm(fresh)
  await syncFolder(path.dirname(file))
  return isOurs
}

export const temporary = (file: string) => `${file}.${randomBytes(4).toString('hex')}.tmp`

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}
