/** Another connection that holds locks, so that two things really overlap. */
import { Client } from 'pg'

export interface Holding extends AsyncDisposable {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, string>[] }>
  /** How many others wait for a lock in this database. */
  blocked(): Promise<number>
  /** Until so many others wait for a lock in this database, or `unless` has come to its end. */
  untilBlocked(count: number, unless?: Promise<unknown>): Promise<void>
  /** Lets all of them go on. */
  commit(): Promise<void>
}

/** In a transaction that has done `text`. */
export async function hold(databaseUrl: string, text: string): Promise<Holding> {
  const [client, looking] = [databaseUrl, databaseUrl].map((connectionString) => new Client({ connectionString }))
  if (client === undefined || looking === undefined) throw new Error('no client')
  await Promise.all([client.connect(), looking.connect()])
  await client.query('BEGIN')
  await client.query(text)
  const blocked = async (): Promise<number> => (await looking.query(BLOCKED)).rows[0]?.blocked
  return {
    blocked,
    query: (sql, values) => client.query(sql, values),
    untilBlocked: async (count, unless) => {
      let isOver = false
      const over = () => {
        isOver = true
      }
      unless?.then(over, over)
      while (!isOver && (await blocked()) !== count);
    },
    commit: async () => void (await client.query('COMMIT')),
    [Symbol.asyncDispose]: async () => void (await Promise.all([client.end(), looking.end()])),
  }
}

const BLOCKED = `SELECT count(*)::int AS blocked FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'`
