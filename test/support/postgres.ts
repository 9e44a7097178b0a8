/**
 * A real PostgreSQL for tests: the one of this machine where there is one, else the embedded binaries. One cluster
 * serves the whole run and starts on first use; tests that stop their server in the middle have one of their own.
 */
import { randomUUID } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { openQueue } from '../../src/queue/queue.ts'
import { accountFor, run, start } from '../../src/store/embedded/account.ts'
import { findBinaries } from '../../src/store/embedded/binaries.ts'
import { clusterIn } from '../../src/store/embedded/cluster.ts'
import { withStartLock } from '../../src/store/embedded/start-lock.ts'
import { migrate } from '../../src/store/migrate.ts'

export interface TestCluster {
  readonly port: number
  url(database: string): string
  /** Empty, and of this test alone. */
  createEmptyDatabase(): Promise<string>
  /** Brought up to date, and of this test alone. */
  createDatabase(): Promise<string>
  /** On the same port, with what was committed. */
  start(): Promise<void>
  /** `immediate` is a crash: no clean shutdown, recovery at the next start. */
  stop(mode: 'fast' | 'immediate'): Promise<void>
  /** Every process of it stands still: connections are open, and nobody answers. Linux only. */
  freeze(): Promise<void>
  /** It goes on as if nothing had been. */
  thaw(): Promise<void>
  /** Stops it and removes its files. */
  dispose(): Promise<void>
}

const TEMPLATE = 'mailchute_template'
const STOP_SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const
/** Tests survive the death of processes, not of the machine. */
const SETTINGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'fsync=off']

/** A fresh database of the shared cluster, brought up to date. Returns its URL. */
export async function createDatabase(): Promise<string> {
  return await (await sharedCluster()).createDatabase()
}

/** A fresh database of the shared cluster with nothing in it. Returns its URL. */
export async function createEmptyDatabase(): Promise<string> {
  return await (await sharedCluster()).createEmptyDatabase()
}

/** A server of the caller's own, to be stopped and started at will. `settings` as in postgresql.conf: `fsync=on`. */
export async function startCluster(settings: readonly string[] = []): Promise<TestCluster> {
  const cluster = await makeCluster(path.join(runFolder(), `private-${randomUUID()}`), settings)
  await cluster.start()
  return cluster
}

let shared: Promise<TestCluster> | undefined

function sharedCluster(): Promise<TestCluster> {
  shared ??= openShared()
  return shared
}

/** Test files run in processes of their own: the first one starts the server, under a lock. */
async function openShared(): Promise<TestCluster> {
  const folder = path.join(runFolder(), 'shared')
  return await withStartLock(clusterIn(runFolder()), undefined, async () => {
    const cluster = await makeCluster(folder)
    if ((await postmasterPid(folder)) === null) await cluster.start()
    return cluster
  })
}

function runFolder(): string {
  const folder = process.env['TEST_RUN_FOLDER']
  if (!folder) throw new Error('test/support/global-setup.ts has not run')
  return folder
}

async function makeCluster(folder: string, settings: readonly string[] = []): Promise<TestCluster> {
  const binFolder = await findBinFolder()
  const pgdata = path.join(folder, 'data')
  const port = await initialise(folder, binFolder)
  const url = (database: string) => `postgresql://postgres@127.0.0.1:${port}/${database}`
  const template = onceReady(async () => await ensureTemplate(url))
  return {
    port,
    url,
    createEmptyDatabase: () => create(url, 'template0'),
    createDatabase: async () => {
      await template()
      return await create(url, TEMPLATE)
    },
    start: () => startServer(folder, binFolder, port, settings),
    stop: (mode) => stopServer(folder, mode),
    freeze: () => signalAll(folder, 'SIGSTOP'),
    thaw: () => signalAll(folder, 'SIGCONT'),
    dispose: async () => {
      await signalAll(folder, 'SIGCONT')
      await stopServer(folder, 'immediate')
      await rm(path.dirname(pgdata), { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function findBinFolder(): Promise<string> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => [])
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0]
  return newest ? `/usr/lib/postgresql/${newest}/bin` : path.dirname((await findBinaries()).initdb)
}

/** Returns the port, which stays the cluster's own. */
async function initialise(folder: string, binFolder: string): Promise<number> {
  const portFile = path.join(folder, 'port')
  const known = Number(await readFile(portFile, 'utf8').catch(() => '0'))
  if (known > 0) return known
  await mkdir(folder, { recursive: true })
  const account = await accountFor(folder)
  // The run's folder is mkdtemp's and closed to others; its owner passes.
  if (account) for (const owned of [path.dirname(folder), folder]) await chown(owned, account.uid, account.gid)
  const args = ['--no-sync', '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C']
  const pgdata = path.join(folder, 'data')
  const { code, output } = await run(account, path.join(binFolder, 'initdb'), [`--pgdata=${pgdata}`, ...args])
  if (code !== 0) throw new Error(`initdb failed: ${output}`)
  const port = await freePort()
  await writeFile(portFile, String(port))
  return port
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function startServer(
  folder: string,
  binFolder: string,
  port: number,
  settings: readonly string[],
): Promise<void> {
  const pgdata = path.join(folder, 'data')
  const args = ['-D', pgdata, '-p', String(port), ...[...SETTINGS, ...settings].flatMap((setting) => ['-c', setting])]
  const account = await accountFor(folder)
  for (let tries = 1; ; tries++) {
    const server = await start(account, path.join(binFolder, 'postgres'), args, { detached: true, stdio: 'ignore' })
    server.unref()
    if (await becomesReady(folder, port, () => server.exitCode !== null)) return
    if (tries === STARTS_LIMIT) throw new Error(`PostgreSQL ended with code ${server.exitCode} (port ${port})`)
  }
}

/** One that has crashed may still be ending when the next one starts, which then ends at once. */
const STARTS_LIMIT = 5

/** False: it has ended. A crash leaves a status file that says ready, so that the server's own word counts, too. */
async function becomesReady(folder: string, port: number, hasEnded: () => boolean): Promise<boolean> {
  while ((await postmasterStatus(path.join(folder, 'data'))) !== 'ready' || !(await accepts(port))) {
    if (hasEnded() && (await postmasterPid(folder)) === null) return false
    await delay(10)
  }
  return true
}

async function accepts(port: number): Promise<boolean> {
  const client = new Client({ connectionString: `postgresql://postgres@127.0.0.1:${port}/postgres` })
  // Without a listener a connection that is refused twice over would end the process.
  client.on('error', () => undefined)
  return await client.connect().then(
    () => client.end().then(() => true),
    () => false,
  )
}

async function stopServer(folder: string, mode: keyof typeof STOP_SIGNALS): Promise<void> {
  const pid = await postmasterPid(folder)
  if (pid === null) return
  process.kill(pid, STOP_SIGNALS[mode])
  while ((await postmasterPid(folder)) !== null) await delay(10)
}

/** The server first, so that it starts no other meanwhile. A child may end at any moment. */
async function signalAll(folder: string, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  const pid = await postmasterPid(folder)
  if (pid === null) return
  tell(pid, signal)
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  for (const child of children.split(' ').map(Number)) if (child > 0) tell(child, signal)
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** For the end of the run. */
export async function stopClusterIn(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) await stopServer(path.join(folder, name), 'immediate')
}

async function postmasterPid(folder: string): Promise<number | null> {
  const pgdata = path.join(folder, 'data')
  const text = await readFile(path.join(pgdata, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  const isThere = pid > 0 && (await stat(`/proc/${pid}`).catch(() => null)) !== null
  return isThere || (pid > 0 && process.platform !== 'linux') ? pid : null
}

async function postmasterStatus(pgdata: string): Promise<string | undefined> {
  const text = await readFile(path.join(pgdata, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')[7]?.trim()
}

/** Made once a cluster, whoever asks first; an advisory lock lets the others wait. */
async function ensureTemplate(url: TestCluster['url']): Promise<void> {
  await withClient(url('postgres'), async (client) => {
    await client.query('SELECT pg_advisory_lock(1)')
    const { rows } = await client.query<{ done: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate) AS done`,
      [TEMPLATE],
    )
    if (rows[0]?.done) return
    await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE}`)
    await client.query(`CREATE DATABASE ${TEMPLATE} TEMPLATE template0`)
    await migrate(url(TEMPLATE))
    await makeQueueTables(url(TEMPLATE))
    await client.query(`ALTER DATABASE ${TEMPLATE} IS_TEMPLATE true`)
  })
}

/** The first to open the queue makes them: half a second of each test. */
async function makeQueueTables(databaseUrl: string): Promise<void> {
  const queue = openQueue({ databaseUrl }, { onTrouble: () => undefined })
  await queue.check().finally(queue.close)
}

async function create(url: TestCluster['url'], template: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await withClient(url('postgres'), (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`))
  return url(name)
}

async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await work(client).finally(() => client.end())
}

function onceReady(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
