/** The running server, by its pid file. */
import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Cluster } from './cluster.ts'

export interface ServerPid {
  readonly pid: number
  readonly port: number | null
  readonly ready: boolean
}

export const pidFile = (cluster: Cluster): string => path.join(cluster.pgdata, 'postmaster.pid')

/** null: no server. A pid file that a reboot or a kill has left behind is no server either. */
export async function readServerPid(cluster: Cluster): Promise<ServerPid | null> {
  const text = await readFile(pidFile(cluster), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  // Lines of PostgreSQL's pidfile.h: pid, data directory, start time, port, socket folder, address, key, status.
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  if (!(pid > 0) || !(await isServer(pid, cluster))) return null
  return { pid, port: Number(lines[3]) || null, ready: lines[7] === 'ready' }
}

/** The pid alone says nothing: after a reboot another program may have it. */
async function isServer(pid: number, cluster: Cluster): Promise<boolean> {
  if (process.platform !== 'linux') return (await psCommand(pid)).includes(cluster.pgdata)
  // The server works in its data directory, under whatever path that is reached.
  const [cwd, pgdata] = await Promise.all([stat(`/proc/${pid}/cwd`).catch(() => null), stat(cluster.pgdata)])
  return cwd !== null && cwd.ino === pgdata.ino && cwd.dev === pgdata.dev
}

async function psCommand(pid: number): Promise<string> {
  const ps = promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
  return ps.then(({ stdout }) => stdout).catch(() => '')
}
