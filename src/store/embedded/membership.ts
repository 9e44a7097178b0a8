/** Who uses the embedded server: each user holds a shared advisory lock as long as it lives. */
import { Client } from 'pg'
import { type Cluster, readPassword } from './cluster.ts'
import { readServerPid } from './server-pid.ts'

/** 'mailchut' in ASCII. Advisory locks are a database's own: all users connect to `postgres`. */
const USERS_LOCK = '7881702209884288116'

/** null: no server answers here, or it is about to stop. */
export async function tryJoin(cluster: Cluster): Promise<Client | null> {
  if ((await readServerPid(cluster)) === null) return null
  const client = await connect(cluster).catch(() => null)
  if (!client) return null
  try {
    if (await takeSharedLock(client)) return client
  } catch {
    // The server went away in between: as good as none.
  }
  await client.end().catch(() => undefined)
  return null
}

export async function connect(cluster: Cluster): Promise<Client> {
  const port = (await readServerPid(cluster))?.port
  if (!port) throw new Error('no server runs')
  const login = { user: 'mailchute', password: await readPassword(cluster), database: 'postgres' }
  const client = new Client({ host: '127.0.0.1', port, ...login, connectionTimeoutMillis: 5_000 })
  // Whoever holds the client hears of its end; without a listener it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function takeSharedLock(client: Client): Promise<boolean> {
  const query = `SELECT pg_try_advisory_lock_shared(${USERS_LOCK}) AS joined,
    EXISTS (SELECT FROM pg_database WHERE datname = 'mailchute') AS present`
  const { rows } = await client.query<{ joined: boolean; present: boolean }>(query)
  if (!rows[0]?.joined) return false
  if (!rows[0].present) await createDatabase(client)
  return true
}

/** Two first users may both see it missing. */
async function createDatabase(client: Client): Promise<void> {
  try {
    await client.query('CREATE DATABASE mailchute')
  } catch (error) {
    const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'mailchute'`)
    if (rowCount === 0) throw error
  }
}

/** Lays down the membership. true: others stay, or the server is gone; false: it was the last one. */
export async function leaveIfOthers(client: Client): Promise<boolean> {
  try {
    await client.query(`SELECT pg_advisory_unlock_shared(${USERS_LOCK})`)
    const query = `SELECT pg_try_advisory_lock(${USERS_LOCK}) AS last`
    const { rows } = await client.query<{ last: boolean }>(query)
    return rows[0]?.last !== true
  } catch {
    return true
  }
}
