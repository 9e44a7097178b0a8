import {
  closeSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
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
      writeThrough(temporary, text, owner)
      renameSync(temporary, target)
    } finally {
      rmSync(temporary, { force: true })
    }
  } catch (error) {
    throw unwritable(file, error)
  }
}

function writeThrough(file: string, text: string, owner: Stats | undefined): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    // Whole or not at all: a disk that is nearly full takes a part.
    writeFileSync(descriptor, text)
    // What an administrator edits for a service stays the service's. By its descriptor, for the name may lead elsewhere.
    if (owner && process.getuid?.() === 0) fchownSync(descriptor, owner.uid, owner.gid)
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
