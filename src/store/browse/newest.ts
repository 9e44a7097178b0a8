/**
 * The newest rows that meet what people look for, quick whether there are many of them, few or none, and wherever they
 * are. Trusted to itself the planner guesses how many there are, from figures that know nothing of where, and of what
 * is asked for together: a wrong guess reads the whole table. So it is asked for two things that leave no choice:
 *
 * 1. Walk: along one index in the order of the list, a bounded number of rows. Finds what is frequent, and all of what
 *    one filter alone lets through.
 * 2. Gather: where that was not enough, all rows that meet everything, by whichever indexes, to be sorted then. There
 *    are not many as a rule, for else the walk had met them; what takes too long all the same is given up.
 */
import { MailchuteError } from '../../errors.ts'
import type { Database, Query } from '../database.ts'
import { isCancelled } from '../pg-errors.ts'
import { type Filter, Values, type Way } from './filters.ts'

/** A list, newest first: `order` are its columns and their types, together unique, the last one its key. */
export interface Listing {
  readonly table: string
  readonly order: Readonly<Record<string, string>>
}

export interface Range {
  /** Rows before this one: a value for each column of the order. */
  readonly before?: readonly unknown[] | undefined
  /** The lowest value of the order's first column. */
  readonly from?: unknown
}

/** Rows that a walk reads at most: about 20 ms. */
const WALKED_ROWS = 5000
const STEP_MILLISECONDS = 10_000

/** Nothing of this is worth to be compiled first, and no search reads a table from end to end while there is an index. */
const FENCED = (milliseconds: number) =>
  `SET LOCAL statement_timeout = ${milliseconds}; SET LOCAL jit = off; SET LOCAL enable_seqscan = off`
/** In the order of the list, or not at all: a bitmap has no order, and is all that there is. */
const TO_WALK = 'SET LOCAL enable_bitmapscan = off'
const TO_GATHER = 'SET LOCAL enable_bitmapscan = on'

/** Their keys, newest first. Rejects with `store/search-too-wide` when a step takes longer than `stepMilliseconds`. */
export async function newest(
  database: Database,
  listing: Listing,
  filters: readonly Filter[],
  range: Range,
  limit: number,
  stepMilliseconds = STEP_MILLISECONDS,
): Promise<string[]> {
  const find = async (query: Query) => {
    await query({ text: `${FENCED(stepMilliseconds)}; ${TO_WALK}`, values: [] })
    if (!filters.some(({ isRare }) => isRare)) {
      const walked = await walk(query, listing, filters, range, limit)
      if (walked.isWhole || walked.keys.length === limit) return walked.keys
    }
    await query({ text: TO_GATHER, values: [] })
    return await gather(query, listing, filters, range, limit)
  }
  return await database.transaction(find).catch((thrown: unknown) => {
    if (!isCancelled(thrown)) throw thrown
    throw new MailchuteError('store/search-too-wide', 'too much was found to be put in order', { cause: thrown })
  })
}

interface Walked {
  /** None that were not read could come before any of these. */
  readonly keys: string[]
  /** All there are. */
  readonly isWhole: boolean
}

/** Past the last row of a list that was not read to its end, another one may come first: it is the horizon. */
async function walk(
  query: Query,
  listing: Listing,
  filters: readonly Filter[],
  range: Range,
  limit: number,
): Promise<Walked> {
  const along = filters.find(({ way }) => way !== undefined)
  const others = filters.filter((filter) => filter !== along)
  const lists = along?.way?.keys.length ?? 1
  const rows = others.length === 0 ? limit : Math.max(limit, Math.ceil(WALKED_ROWS / lists))
  const values = new Values()
  const { columns, key, descending } = namesOf(listing)
  const [walked] = await query<Walked>({
    text: `WITH walked AS MATERIALIZED (
             SELECT list.* FROM ${listsOf(along?.way, values)} CROSS JOIN LATERAL (
               SELECT *, row_number() OVER () AS place FROM (
                 SELECT ${columns}, (${values.all(others)}) AS fits FROM ${listing.table} m
                 WHERE ${bounds(listing, along?.way, range, values)}
                 ORDER BY ${along?.way ? `${along.way.column} DESC, ` : ''}${descending} LIMIT ${rows}) m) list
           ), horizon AS (
             SELECT ${columns} FROM walked m WHERE place = ${rows} ORDER BY ${descending} LIMIT 1
           )
           SELECT NOT EXISTS (SELECT FROM horizon) AS "isWhole",
             ARRAY(SELECT ${key} FROM walked m
               WHERE fits AND (NOT EXISTS (SELECT FROM horizon) OR (${columns}) >= (SELECT ${columns} FROM horizon m))
               ORDER BY ${descending} LIMIT ${limit})::text[] AS keys`,
    values: values.list,
  })
  return walked ?? { keys: [], isWhole: true }
}

function namesOf({ order }: Listing) {
  const names = Object.keys(order).map((name) => `m.${name}`)
  return { columns: names.join(', '), key: names.at(-1), descending: names.map((name) => `${name} DESC`).join(', ') }
}

const listsOf = (way: Way | undefined, values: Values): string =>
  way === undefined ? '(SELECT) one' : values.put(`unnest($1::${way.type}[]) AS sought(key)`, way.keys)

/**
 * A key is given as two bounds, never as equal: of rows with equal keys the index on the order alone is in order, too,
 * and the planner may take that one and read all there is.
 */
function bounds({ order }: Listing, way: Way | undefined, { before, from }: Range, values: Values): string {
  const types = Object.entries(order)
  const columns = types.map(([name]) => `m.${name}`)
  const row = (parts: readonly (string | undefined)[]) => `(${parts.filter((part) => part !== undefined).join(', ')})`
  const key = way && 'sought.key'
  const upper = before?.map((value, index) => values.put(`$1::${types[index]?.[1]}`, value)) ?? []
  const lower = from === undefined ? [] : [values.put(`$1::${types[0]?.[1]}`, from)]
  const compared = (operator: string, bound: readonly string[]) =>
    `${row([way?.column, ...columns.slice(0, bound.length)])} ${operator} ${row([key, ...bound])}`
  const conditions = [
    ...(way || upper.length > 0 ? [compared(upper.length > 0 ? '<' : '<=', upper)] : []),
    ...(way || lower.length > 0 ? [compared('>=', lower)] : []),
    ...(way?.where ? [way.where] : []),
  ]
  return conditions.length === 0 ? 'true' : conditions.join(' AND ')
}

/** OFFSET 0 keeps the planner from reading in the order of the list until enough turn up. */
async function gather(
  query: Query,
  listing: Listing,
  filters: readonly Filter[],
  range: Range,
  limit: number,
): Promise<string[]> {
  const values = new Values()
  const { columns, key, descending } = namesOf(listing)
  const where = `${values.all(filters)} AND ${bounds(listing, undefined, range, values)}`
  const rows = await query<{ key: string }>({
    text: `SELECT ${key}::text AS key FROM (SELECT ${columns} FROM ${listing.table} m WHERE ${where} OFFSET 0) m
           ORDER BY ${descending} LIMIT ${limit}`,
    values: values.list,
  })
  return rows.map((row) => row.key)
}
