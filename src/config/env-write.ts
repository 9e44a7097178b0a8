import {
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { MailchuteError } from '../errors.ts'

/** '' where there is none. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw unwritable(file, error)
  }
}

/**
 * Replaces the file in one step: whoever reads it meanwhile, and whoever comes after a crash, finds the old one or the
 * new one. Its owner alone may read it: it holds secrets.
 */
export function writeSecretFile(file: string, text: string): void {
  try {
    const target = realOf(file)
    const owner = statSync(target, { throwIfNoEntry: false })
    const temporary = `${target}.${process.pid}.new`
    try {
      writeThrough(temporary, text)
      // What an administrator edits for a service stays the service's.
      if (owner && process.getuid?.() === 0) chownSync(temporary, owner.uid, owner.gid)
      renameSync(temporary, target)
    } finally {
      rmSync(temporary, { force: true })
    }
  } catch (error) {
    throw unwritable(file, error)
  }
}

function writeThrough(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** A link stays a link. */
function realOf(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown'

function unwritable(file: string, cause: unknown): MailchuteError {
  return new MailchuteError('config/not-written', `${file} cannot be changed (${codeOf(cause)})`, { cause })
}
