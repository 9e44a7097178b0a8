/**
 * The key of the embedded database: a file beside it, made on first need.
 *
 * Guarantees: it is there whole or not at all; of several that make it at once all get the same one; a key that has
 * sealed anything stays on the disk until everything is sealed anew with the next one and that one has its place.
 */
import { randomBytes } from 'node:crypto'
import { copyFile, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { MailchuteError } from '../errors.ts'
import { makeOnce, syncFolder, temporary } from './secret-file.ts'

export const KEY_BYTES = 32

export interface KeyFile {
  /** Made where there is none. */
  current(): Promise<Buffer>
  /** Those that may have sealed something too: the one before, and one whose turn has not quite come. */
  others(): Promise<Buffer[]>
  /** A new one, or the one of a rotation that did not come to its end. Seals nothing yet. */
  next(): Promise<Buffer>
  /** The next one is the current one from now on. */
  adoptNext(): Promise<void>
}

export function keyFileIn(dataDir: string): KeyFile {
  const file = path.join(dataDir, 'secret.key')
  const [nextFile, oldFile] = [`${file}.new`, `${file}.old`]
  return {
    current: () => readOrMake(file),
    others: async () => (await Promise.all([file, nextFile, oldFile].map(read))).filter((key) => key !== null),
    next: () => readOrMake(nextFile),
    adoptNext: async () => {
      const copy = temporary(oldFile)
      await copyFile(file, copy)
      await rename(copy, oldFile)
      await rename(nextFile, file).catch((error: NodeJS.ErrnoException) => {
        // Another rotation with the same key came first.
        if (error.code !== 'ENOENT') throw unusable(nextFile, `cannot be renamed (${error.code})`)
      })
      await syncFolder(dataDir)
    },
  }
}

async function readOrMake(file: string): Promise<Buffer> {
  return (await read(file)) ?? (await make(file))
}

async function read(file: string): Promise<Buffer | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw unusable(file, `cannot be read (${error.code})`)
  })
  if (text === null) return null
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) throw unusable(file, 'is damaged')
  return key
}

async function make(file: string): Promise<Buffer> {
  await makeOnce(file, randomBytes(KEY_BYTES).toString('base64')).catch((error: NodeJS.ErrnoException) => {
    throw unusable(file, `cannot be made (${error.code})`)
  })
  const made = await read(file)
  if (made === null) throw unusable(file, 'vanished')
  return made
}

const unusable = (file: string, what: string) =>
  new MailchuteError('config/secret-key-wrong', `the key file ${file} ${what}`, {
    hint: 'restore it from a backup, or remove it and log in again: `mailchute mailbox login NAME`',
  })
