/**
 * The embedded PostgreSQL: the database where none is named. A real server from npm packages, below the
 * data folder, listening on 127.0.0.1 with a random password.
 *
 * It belongs to no process. The first command starts it, others find it by its pid file and share it, the
 * last one to close stops it; whoever dies without closing leaves it running for the next command. Who uses
 * it is told by a shared advisory lock on a connection of its own (released by the kernel with the process);
 * who starts or stops it, by a lock on a file. If the server itself dies, every user tries to start it again
 * on the same port.
 */
import { realpath } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { MailchuteError } from '../../errors.ts'
import { type Cluster, clusterIn, initialise, makeDataDir, readPassword } from './cluster.ts'
import { connect, leaveIfOthers, tryJoin } from './membership.ts'
import { startServer, stopServer } from './server.ts'
import { readServerPid } from './server-pid.ts'
import { withStartLock } from './start-lock.ts'

const JOIN_DEADLINE_MS = 60_000
const REJOIN_PAUSE_MS = 250

export interface EmbeddedDatabase {
  /** Of the database, with its password: never to be shown. */
  readonly url: string
  /** Call it last, after every other connection is closed. The last user of all stops the server. */
  close(): Promise<void>
}

/** Starts the server below `dataDir`, or joins the one that runs. Throws store/embedded-failed. */
export async function openEmbedded(dataDir: string, signal?: AbortSignal): Promise<EmbeddedDatabase> {
  signal?.throwIfAborted()
  const cluster = await openCluster(dataDir)
  const leave = new AbortController()
  let member = await join(cluster, signal)
  const url = await databaseUrl(cluster)
  const watching = watch()
  return { url, close }

  async function watch(): Promise<void> {
    while (!leave.signal.aborted) {
      await ended(member, leave.signal)
      if (leave.signal.aborted) return
      await delay(REJOIN_PAUSE_MS)
      member = await join(cluster, leave.signal).catch(() => member)
    }
  }

  async function close(): Promise<void> {
    if (leave.signal.aborted) return
    leave.abort()
    await watching
    await withStartLock(cluster, undefined, async () => {
      const last = !(await leaveIfOthers(member))
      await member.end().catch(() => undefined)
      if (last) await stopServer(cluster)
    })
  }
}

/** By its real path: whoever reaches the folder through a link must find the same server. */
async function openCluster(dataDir: string): Promise<Cluster> {
  try {
    await makeDataDir(dataDir)
    return clusterIn(await realpath(dataDir))
  } catch (cause) {
    throw embeddedFailed('its data folder cannot be used', cause)
  }
}

function embeddedFailed(what: string, cause: unknown): MailchuteError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new MailchuteError('store/embedded-failed', `the embedded PostgreSQL: ${what}: ${reason}`, { cause })
}

/** Joining needs no lock where the server answers; everything else happens under the start lock. */
async function join(cluster: Cluster, signal: AbortSignal | undefined): Promise<Client> {
  try {
    return (await tryJoin(cluster)) ?? (await withStartLock(cluster, signal, () => startAndJoin(cluster, signal)))
  } catch (cause) {
    if (cause instanceof MailchuteError || signal?.aborted) throw cause
    throw embeddedFailed('it does not start', cause)
  }
}

async function startAndJoin(cluster: Cluster, signal: AbortSignal | undefined): Promise<Client> {
  const deadline = Date.now() + JOIN_DEADLINE_MS
  await initialise(cluster)
  for (;;) {
    signal?.throwIfAborted()
    const member = await tryJoin(cluster)
    if (member) return member
    // A server that is there but does not answer is starting, recovering or stopping: it is waited for.
    if ((await readServerPid(cluster)) === null) await startServer(cluster, signal)
    else if (Date.now() > deadline) return await connect(cluster)
    else await delay(20)
  }
}

async function databaseUrl(cluster: Cluster): Promise<string> {
  const running = await readServerPid(cluster)
  if (!running?.port) throw new MailchuteError('store/embedded-failed', 'the embedded PostgreSQL ended at once')
  return `postgresql://mailchute:${await readPassword(cluster)}@127.0.0.1:${running.port}/mailchute`
}

function ended(member: Client, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  member.once('end', () => resolve())
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (signal.aborted) resolve()
  return promise
}
