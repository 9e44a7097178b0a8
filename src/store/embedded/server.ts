/** Starting and stopping the server process. Both only under the start lock. */
import type { ChildProcess } from 'node:child_process'
import { chown, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { MailchuteError } from '../../errors.ts'
import { accountFor, giveTo, start } from './account.ts'
import { findBinaries } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import { pidFile, readServerPid } from './server-pid.ts'

const POLL_MS = 10
const MAX_LOG_BYTES = 1024 * 1024
const ATTEMPTS_DEADLINE_MS = 10_000

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // No socket file: its path may not be longer than about 100 characters, data folders are.
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  // The log holds the life of the server and nothing of any statement, which could quote mail (I9).
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
}

/** Returns when the server is ready, or throws store/embedded-failed with the end of its log. */
export async function startServer(cluster: Cluster, signal: AbortSignal | undefined): Promise<void> {
  const deadline = Date.now() + ATTEMPTS_DEADLINE_MS
  for (;;) {
    signal?.throwIfAborted()
    const failure = await attempt(cluster)
    if (failure === null) return
    if (!passes(failure) || Date.now() > deadline) {
      const tail = failure.trim().split('\n').slice(-3).join(' | ')
      throw new MailchuteError('store/embedded-failed', `the embedded PostgreSQL does not start: ${tail}`)
    }
    await delay(5 * POLL_MS)
  }
}

/** Processes of a killed server need a moment to notice; a free port may be gone when it is used. */
const passes = (log: string): boolean => /shared memory block|could not bind|Address already in use/.test(log)

/** null, or what the server wrote before it ended. */
async function attempt(cluster: Cluster): Promise<string | null> {
  // No server runs (the caller has looked, under the lock): the file is a killed one's. PostgreSQL would
  // take it for a rival if the pid is some other program's by now.
  await rm(pidFile(cluster), { force: true })
  const port = await choosePort(cluster)
  const account = await accountFor(cluster.dir)
  if (account) await giveTo(account, cluster.dir)
  const { postgres } = await findBinaries()
  const log = await openLog(cluster, account)
  try {
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const args = ['-D', cluster.pgdata, '-p', String(port), ...settings]
    // A session of its own: neither the terminal's signals nor our end reach it.
    const server = await start(account, postgres, args, { detached: true, stdio: ['ignore', log.file.fd, log.file.fd] })
    if (await becomesReady(cluster, server)) return null
    return (await readFile(cluster.logFile)).subarray(log.sizeBytes).toString('utf8')
  } finally {
    await log.file.close()
  }
}

async function openLog(cluster: Cluster, account: { uid: number; gid: number } | null) {
  const size = await stat(cluster.logFile).then(
    (found) => found.size,
    () => 0,
  )
  if (size > MAX_LOG_BYTES) await truncate(cluster.logFile)
  const file = await open(cluster.logFile, 'a', 0o600)
  if (account) await chown(cluster.logFile, account.uid, account.gid)
  return { file, sizeBytes: (await file.stat()).size }
}

async function becomesReady(cluster: Cluster, server: ChildProcess): Promise<boolean> {
  while (server.exitCode === null && server.signalCode === null) {
    const running = await readServerPid(cluster)
    if (running?.pid === server.pid && running?.ready) {
      server.unref()
      return true
    }
    await delay(POLL_MS)
  }
  return false
}

async function choosePort(cluster: Cluster): Promise<number> {
  const last = Number(await readFile(cluster.portFile, 'utf8').catch(() => '0'))
  const port = (await freePort(last)) ?? (await freePort(0)) ?? 0
  if (port !== last) await writeFile(cluster.portFile, `${port}\n`)
  return port
}

async function freePort(wanted: number): Promise<number | null> {
  const probe = createServer()
  return await new Promise((resolve) => {
    probe.once('error', () => resolve(null))
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : null
      probe.close(() => resolve(port))
    })
  })
}

/** A fast shutdown: ends what is connected, writes all, and waits until the process is gone. */
export async function stopServer(cluster: Cluster): Promise<void> {
  const running = await readServerPid(cluster)
  if (!running) return
  try {
    process.kill(running.pid, 'SIGINT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  while ((await readServerPid(cluster))?.pid === running.pid) await delay(POLL_MS)
}
