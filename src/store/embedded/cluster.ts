/** The files of the embedded PostgreSQL below the data folder, and their first making. */
import { randomBytes } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MailchuteError } from '../../errors.ts'
import { accountFor, isRoot, run } from './account.ts'
import { findBinaries } from './binaries.ts'

export interface Cluster {
  readonly dataDir: string
  /** Holds all below; is complete as soon as it exists. */
  readonly dir: string
  readonly pgdata: string
  readonly passwordFile: string
  /** The port of last time: taken again where it is free, so that URLs survive a restart. */
  readonly portFile: string
  readonly logFile: string
  readonly lockFile: string
}

export function clusterIn(dataDir: string): Cluster {
  const dir = path.join(dataDir, 'postgres')
  const files = { logFile: path.join(dataDir, 'postgres.log'), lockFile: path.join(dataDir, 'postgres.lock') }
  return { dataDir, ...clusterFiles(dir), ...files }
}

function clusterFiles(dir: string) {
  return {
    dir,
    pgdata: path.join(dir, 'data'),
    passwordFile: path.join(dir, 'password'),
    portFile: path.join(dir, 'port'),
  }
}

export async function readPassword(cluster: Cluster): Promise<string> {
  return (await readFile(cluster.passwordFile, 'utf8')).trim()
}

/** Made aside and renamed into place: a start that was killed leaves nothing that looks whole. */
export async function initialise(cluster: Cluster): Promise<void> {
  if (await exists(cluster.dir)) return
  await removeUnfinished(cluster)
  // A name of its own: the initdb of a killed start may still be writing into the other one.
  const fresh = clusterFiles(`${cluster.dir}.new-${randomBytes(4).toString('hex')}`)
  await mkdir(fresh.dir, { recursive: true, mode: 0o700 })
  await writeFile(fresh.passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  const account = await accountFor(cluster.dir)
  if (account) await Promise.all([fresh.dir, fresh.passwordFile].map((file) => chown(file, account.uid, account.gid)))
  await initdb(fresh, account)
  await rename(fresh.dir, cluster.dir)
}

async function removeUnfinished({ dataDir, dir }: Cluster): Promise<void> {
  const unfinished = (await readdir(dataDir)).filter((name) => name.startsWith(`${path.basename(dir)}.new-`))
  const options = { recursive: true, force: true, maxRetries: 5 }
  await Promise.all(unfinished.map((name) => rm(path.join(dataDir, name), options).catch(() => undefined)))
}

async function initdb(fresh: ReturnType<typeof clusterFiles>, account: Awaited<ReturnType<typeof accountFor>>) {
  const binaries = await findBinaries()
  // Code point order with Unicode case mapping: the same on every machine, whatever its libc.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8']
  const login = ['--username=mailchute', '--auth=scram-sha-256', `--pwfile=${fresh.passwordFile}`]
  const { code, output } = await run(account, binaries.initdb, [`--pgdata=${fresh.pgdata}`, ...locale, ...login])
  if (code === 0) return
  const reason = output.trim().split('\n').slice(-3).join(' | ')
  throw new MailchuteError('store/embedded-failed', `initdb failed: ${reason}`)
}

/** Root's data folder stays passable for the account that the server runs as; what is in it is closed. */
export async function makeDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: isRoot() ? 0o711 : 0o700 })
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}
