import type { Database } from '../database.ts'

/** An index on a column of texts, as `Way` has it, in the order of octets. */
export interface TextIndex {
  readonly table: string
  readonly column: string
  readonly where: string
}

/**
 * The different values that start like this, however often each is there: one look into the index for each. null: more
 * than `limit`.
 */
export async function keysStarting(
  { query }: Database,
  { table, column, where }: TextIndex,
  start: string,
  limit: number,
): Promise<string[] | null> {
  const next = (operator: string, than: string) =>
    `(SELECT ${column} FROM ${table} m WHERE ${where} AND ${column} ${operator} ${than} ORDER BY ${column} LIMIT 1)`
  const rows = await query<{ key: string }>({
    text: `WITH RECURSIVE sought AS (SELECT $1::text AS start), found(key) AS (
             SELECT ${next('>=', 'sought.start')} FROM sought
             UNION ALL
             SELECT ${next('>', 'found.key')} FROM found, sought WHERE starts_with(found.key, sought.start)
           )
           SELECT key FROM found WHERE starts_with(key, $1::text) LIMIT ${limit + 1}`,
    values: [start],
  })
  return rows.length > limit ? null : rows.map(({ key }) => key)
}
