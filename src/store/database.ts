import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../generated/prisma/client.ts'
import { settlesWithin } from '../shutdown.ts'
import { storeError } from './pg-errors.ts'

/** A statement with its values; with a name it is prepared once a connection. */
export interface Statement {
  readonly text: string
  readonly values: unknown[]
  readonly name?: string
  /** Rows as arrays: half as dear, where there are millions of them. */
  readonly rowMode?: 'array'
  /** Milliseconds, where it must not take as long as any may. */
  readonly query_timeout?: number
}

export type Query = <Row extends object>(statement: Statement) => Promise<Row[]>

/**
 * The database, reached in two ways: Prisma for what is rare, plain SQL where thousands a second go through (measured:
 * a batched row costs 0.05 to 0.1 ms of CPU plain, 0.36 ms and more through Prisma). Every failure leaves here as a
 * `store/*` error.
 */
export interface Database {
  readonly query: Query
  /** All or nothing, on one connection. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>
  /** Prisma, with its errors translated. */
  prisma<T>(work: (prisma: PrismaClient) => Promise<T>): Promise<T>
  /** A connection of its own, for locks that live as long as it. */
  connection(): Promise<pg.PoolClient>
  close(): Promise<void>
}

const CONNECT_TIMEOUT_MILLISECONDS = 10_000
const IDLE_TIMEOUT_MILLISECONDS = 30_000
/** Far longer than any statement takes: a server that is cut off must not hold a poll, or the shutdown, for ever. */
const QUERY_TIMEOUT_MILLISECONDS = 120_000

/** A server that is cut off does not say goodbye. */
const CLOSE_MILLISECONDS = 5_000

/**
 * Statements share few connections: each costs the server a process and a plan a statement (measured: 20 of them
 * cost a drain of 1,000 mails 0.3 s of its CPU). What holds a connection for long, the locks of polls and the
 * transactions of large messages, has others, so that neither ever waits for the other.
 */
const STATEMENT_CONNECTIONS = 6
const HELD_CONNECTIONS = 24

export function openDatabase(url: string): Database {
  const statements = openPool(url, STATEMENT_CONNECTIONS)
  const held = openPool(url, HELD_CONNECTIONS)
  const prisma = new PrismaClient({ adapter: new PrismaPg(statements) })
  return {
    query: (statement) => run(statements, statement),
    transaction: (work) => inTransaction(held, work),
    prisma: (work) => work(prisma).catch(rethrow),
    connection: () => connect(held),
    close: async () => {
      const ended = prisma.$disconnect().then(() => Promise.all([statements.end(), held.end()]))
      if (await settlesWithin(ended, CLOSE_MILLISECONDS)) await ended
    },
  }
}

function openPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
    idleTimeoutMillis: IDLE_TIMEOUT_MILLISECONDS,
    query_timeout: QUERY_TIMEOUT_MILLISECONDS,
    keepAlive: true,
    application_name: 'mailchute',
    // Without a listener a connection that breaks between two queries would end the process.
    onConnect: (client) => client.on('error', () => undefined),
  })
  // An idle connection that breaks is replaced at the next query, which reports what is wrong if it still is.
  pool.on('error', () => undefined)
  return pool
}

async function run<Row extends object>(on: pg.Pool | pg.PoolClient, statement: Statement): Promise<Row[]> {
  try {
    return (await on.query<Row>(statement)).rows
  } catch (thrown) {
    throw storeError(thrown)
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (query: Query) => Promise<T>): Promise<T> {
  const client = await connect(pool)
  try {
    await run(client, { text: 'BEGIN', values: [] })
    const result = await work((statement) => run(client, statement))
    await run(client, { text: 'COMMIT', values: [] })
    client.release()
    return result
  } catch (thrown) {
    // Closing the connection rolls back whatever state it is in, also when it is broken.
    client.release(true)
    throw thrown
  }
}

function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  return pool.connect().catch(rethrow)
}

function rethrow(thrown: unknown): never {
  throw storeError(thrown)
}
