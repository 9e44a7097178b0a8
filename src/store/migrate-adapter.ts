/** Prisma's driver adapter for PostgreSQL, mended for what the schema engine asks of it (7.10.0). */
import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
} from '@prisma/driver-adapter-utils'
import { DatabaseError, Pool, type QueryConfig } from 'pg'

/** PostgreSQL's internal one-octet "char", which the adapter does not know, and text, which it does. */
const OID_CHAR = 18
const OID_TEXT = 25

export interface MigrateAdapter {
  readonly factory: SqlMigrationAwareDriverAdapterFactory
  /** Ends every connection: an idle pool would keep the process alive. */
  end(): Promise<void>
}

export function migrateAdapter(url: string): MigrateAdapter {
  const pools: Pool[] = []
  const connect = (to: string): Promise<SqlDriverAdapter> => {
    const pool = openPool(to)
    pools.push(pool)
    return adapterOver(pool)
  }
  const connectToShadowDb = async () => await connect(await createShadow(url))
  const factory = { provider: 'postgres', adapterName: '@prisma/adapter-pg', connectToShadowDb } as const
  return {
    factory: { ...factory, connect: () => connect(url) },
    end: async () => {
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

function openPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 4, connectionTimeoutMillis: 10_000 })
  // The connection that fails is the engine's to report; without a listener it would end the process.
  pool.on('error', () => undefined)
  return pool
}

async function adapterOver(pool: Pool): Promise<SqlDriverAdapter> {
  const charColumns = noteCharColumns(pool)
  const adapter = await new PrismaPg(pool).connect()
  const originalQueryRaw = adapter.queryRaw.bind(adapter)
  const queryRaw = async (query: SqlQuery) => {
    const result = await originalQueryRaw(query)
    for (const index of charColumns.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character
    return result
  }
  // The adapter's own splits at every semicolon, also those in function bodies, strings and comments. Sent whole
  // it is one implicit transaction besides: a migration that fails leaves nothing behind.
  const executeScript = async (sql: string) => {
    await pool.query({ text: sql }).catch((error: unknown) => {
      throw error instanceof DatabaseError ? asAdapterError(error) : error
    })
  }
  return Object.assign(adapter, { queryRaw, executeScript })
}

/** The adapter's own names kinds of errors that the engine does not know. DETAIL is left out: it quotes rows. */
function asAdapterError({ code, severity, message, column, hint }: DatabaseError): DriverAdapterError {
  const error = { code: code ?? 'N/A', severity: severity ?? 'N/A', message, column, hint, detail: undefined }
  return new DriverAdapterError({ kind: 'postgres', ...error })
}

/** The engine insists on characters where the catalogue has them; the adapter would refuse the column. */
function noteCharColumns(pool: Pool): WeakMap<object, readonly number[]> {
  const noted = new WeakMap<object, readonly number[]>()
  const query = pool.query.bind(pool)
  const noting = async (config: QueryConfig) => {
    const result = await query(config)
    const fields = result.fields ?? []
    noted.set(
      result.rows ?? [],
      [...fields.keys()].filter((index) => fields[index]?.dataTypeID === OID_CHAR),
    )
    for (const field of fields) if (field.dataTypeID === OID_CHAR) field.dataTypeID = OID_TEXT
    return result
  }
  Object.assign(pool, { query: noting })
  return noted
}

/** A database to replay migrations in. It stays: whoever diffs does so on a server made for it. */
async function createShadow(url: string): Promise<string> {
  const name = `mailchute_shadow_${randomUUID().replaceAll('-', '')}`
  const pool = openPool(url)
  await pool.query(`CREATE DATABASE ${name}`).finally(() => pool.end())
  const shadow = new URL(url)
  shadow.pathname = `/${name}`
  return shadow.href
}
