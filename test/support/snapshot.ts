import { unguarded } from './append-only.ts'

type Query = <Row extends object>(text: string) => Promise<Row[]>

/**
 * Keeps what all tables hold, and returns what puts it back, as often as wanted: cheaper than taking mail in anew. `query`
 * must be one connection's. Sequences go on.
 */
export async function snapshot(query: Query): Promise<() => Promise<void>> {
  const rows = await query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_prisma_migrations'`,
  )
  const all = (sql: (name: string) => string) => rows.map(({ name }) => sql(name)).join(';')
  await query(all((name) => `CREATE TEMPORARY TABLE kept_${name} AS TABLE ${name}`))
  const back = all((name) => `DELETE FROM ${name}; INSERT INTO ${name} SELECT * FROM kept_${name}`)
  return async () => void (await query(quietly(back)))
}

/** Without foreign keys and guards, as whoever owns the tables can. */
export const quietly = (sql: string): string =>
  `SET session_replication_role = replica; ${unguarded(sql)}; RESET session_replication_role`
