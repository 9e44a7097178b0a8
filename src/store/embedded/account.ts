/**
 * As whom the server runs. PostgreSQL refuses root, so root hands it to an unprivileged account; where a folder
 * on the way is closed to that account (a checkout below /root or a 0700 folder), it gets the one capability
 * it needs to pass.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { access, lchown, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { MailchuteError } from '../../errors.ts'

export interface Account {
  readonly uid: number
  readonly gid: number
}

export const isRoot = (): boolean => process.getuid?.() === 0

/** null: as whoever we are. Root takes the owner of `dir`, else `postgres`, else `nobody`. */
export async function accountFor(dir: string): Promise<Account | null> {
  if (!isRoot()) return null
  const owner = await stat(dir).catch(() => null)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return passwdEntry(passwd, 'postgres') ?? passwdEntry(passwd, 'nobody') ?? { uid: 65534, gid: 65534 }
}

function passwdEntry(passwd: string, name: string): Account | null {
  const fields = passwd
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':')
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])]
  return uid > 0 && gid >= 0 ? { uid, gid } : null
}

/** A folder of root's, such as a backup that root has copied back, is handed to the account with all that is in it. */
export async function giveTo(account: Account, dir: string): Promise<void> {
  if ((await stat(dir)).uid !== 0) return
  const entries = await readdir(dir, { recursive: true })
  for (const entry of entries) await lchown(path.join(dir, entry), account.uid, account.gid)
  await lchown(dir, account.uid, account.gid)
}

/** Starts a program of PostgreSQL. `args` must name its data as an absolute path after `=` or by itself. */
export async function start(account: Account | null, file: string, args: readonly string[], options: SpawnOptions) {
  const env = serverEnvironment()
  const cwd = '/'
  if (!account) return launched(spawn(file, args, { ...options, env, cwd }))
  const paths = [file, ...args.map((arg) => arg.replace(/^--\w+=/, '')).filter((arg) => path.isAbsolute(arg))]
  if (await allReachable(account, paths)) return launched(spawn(file, args, { ...options, env, cwd, ...account }))
  const passing = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override']
  // PostgreSQL asks access(2), which counts no capability of another uid unless the fix-up of uids is off.
  const wrapped = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', ...passing]
  wrapped.push('--securebits=+no_setuid_fixup', file, ...args)
  return launched(spawn(await findSetpriv(file), wrapped, { ...options, env, cwd }))
}

export async function run(account: Account | null, file: string, args: readonly string[]) {
  const child = await start(account, file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output: Buffer.concat(chunks).toString('utf8') }
}

/** PG* settings of the caller are not for this server; a named time zone spares initdb a search. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|TZ)/.test(name))
  return { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC' }
}

async function launched(child: ChildProcess): Promise<ChildProcess> {
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  return child
}

async function allReachable(account: Account, paths: readonly string[]): Promise<boolean> {
  const folders = new Set(paths.flatMap(ancestors))
  const passable = await Promise.all([...folders].map((folder) => isPassable(account, folder)))
  return passable.every(Boolean)
}

function ancestors(file: string): string[] {
  const parent = path.dirname(file)
  return parent === file ? [] : [parent, ...ancestors(parent)]
}

async function isPassable({ uid, gid }: Account, folder: string): Promise<boolean> {
  const { mode, uid: owner, gid: group } = await stat(folder)
  if (owner === uid) return (mode & 0o100) !== 0
  return (mode & (group === gid ? 0o010 : 0o001)) !== 0
}

async function findSetpriv(file: string): Promise<string> {
  for (const candidate of ['/usr/bin/setpriv', '/bin/setpriv']) {
    if (
      await access(candidate).then(
        () => true,
        () => false,
      )
    )
      return candidate
  }
  const message = `the folder of ${path.basename(file)} or the data folder is closed to the account that PostgreSQL runs as`
  const hint = 'move it out of the closed folder, do not run as root, or set DATABASE_URL'
  throw new MailchuteError('store/embedded-failed', message, { hint })
}
