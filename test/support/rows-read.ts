import type { Database, Query } from '../../src/store/database.ts'

interface Plan {
  readonly 'Node Type': string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly Plan[]
}

/** The same database, and how many rows and entries of indexes its statements have read: by their own account. */
export function countingRows(database: Database): { database: Database; rows: () => number } {
  let rows = 0
  const counted =
    (query: Query): Query =>
    async (statement) => {
      if (/^\s*(SELECT|WITH)/.test(statement.text)) {
        const { text, values } = statement
        const [explained] = await query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>({
          text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
          values,
        })
        for (const { Plan: plan } of explained?.['QUERY PLAN'] ?? []) rows += rowsOf(plan)
      }
      return await query(statement)
    }
  return {
    rows: () => rows,
    database: {
      ...database,
      query: counted(database.query),
      transaction: (work) => database.transaction((query) => work(counted(query))),
    },
  }
}

function rowsOf(plan: Plan): number {
  const removed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0)
  const read = /^(Seq|Index|Index Only|Bitmap Index|Bitmap Heap) Scan$/.test(plan['Node Type'])
    ? (plan['Actual Rows'] + removed) * plan['Actual Loops']
    : 0
  return (plan.Plans ?? []).reduce((sum, child) => sum + rowsOf(child), read)
}
