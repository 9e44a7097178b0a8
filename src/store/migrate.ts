/**
 * Brings the database up to date with `prisma/migrations`. Any number of processes may do so at once. Where all
 * is applied already (each start but the first) it costs one query; the engine is loaded only for work to do.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Client, DatabaseError } from 'pg'
import { MailchuteError } from '../errors.ts'

export interface Migration {
  readonly name: string
  readonly sql: string
}

export interface MigrationSource {
  readonly schemaFile: string
  readonly migrationsDir: string
}

/** The package's own, found alike from src/store and from dist/store. */
export const packageMigrations: MigrationSource = {
  schemaFile: path.resolve(import.meta.dirname, '..', '..', 'prisma', 'schema.prisma'),
  migrationsDir: path.resolve(import.meta.dirname, '..', '..', 'prisma', 'migrations'),
}

/** 'mailmigr' in ASCII. */
const MIGRATE_LOCK = '7881702211461081970'
const UNDEFINED_TABLE = '42P01'

/** Throws store/unavailable where no database answers, store/migration-failed where one cannot be brought up. */
export async function migrate(url: string, source = packageMigrations): Promise<{ applied: string[] }> {
  return await withClient(url, async (client) => {
    const migrations = await readMigrations(source.migrationsDir)
    if ((await pending(client, migrations)).length === 0) return { applied: [] }
    await client.query(`SELECT pg_advisory_lock(${MIGRATE_LOCK})`)
    // Another process may have done it while this one waited.
    if ((await pending(client, migrations)).length === 0) return { applied: [] }
    return { applied: await apply(url, source, migrations, await unfinishedMigrations(client)) }
  })
}

/** Names of the migrations that are not applied yet, oldest first. Changes nothing. */
export async function pendingMigrations(url: string, source = packageMigrations): Promise<string[]> {
  const migrations = await readMigrations(source.migrationsDir)
  return await withClient(url, (client) => pending(client, migrations))
}

/** In the order of their names, which begin with their time. */
export async function readMigrations(migrationsDir: string): Promise<Migration[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return await Promise.all(names.sort().map((name) => readMigration(migrationsDir, name)))
}

async function readMigration(migrationsDir: string, name: string): Promise<Migration> {
  return { name, sql: await readFile(path.join(migrationsDir, name, 'migration.sql'), 'utf8') }
}

async function pending(client: Client, migrations: readonly Migration[]): Promise<string[]> {
  const finished = await finishedMigrations(client)
  const changed = migrations.find(({ name, sql }) => finished.has(name) && finished.get(name) !== checksum(sql))
  if (!changed) return migrations.map(({ name }) => name).filter((name) => !finished.has(name))
  const message = `migration ${changed.name} is not the one that was applied to this database`
  throw new MailchuteError('store/migration-failed', message, { hint: 'restore its file; migrations never change' })
}

async function finishedMigrations(client: Client): Promise<Map<string, string>> {
  const rows = await selectMigrations(client, 'finished_at IS NOT NULL AND rolled_back_at IS NULL')
  return new Map(rows.map((row) => [row.migration_name, row.checksum]))
}

/** None where there is no such table yet. */
async function selectMigrations(client: Client, where: string) {
  const query = `SELECT migration_name, checksum FROM _prisma_migrations WHERE ${where}`
  try {
    return (await client.query<{ migration_name: string; checksum: string }>(query)).rows
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNDEFINED_TABLE) return []
    throw error
  }
}

/** As Prisma Migrate has it in `_prisma_migrations`. */
const checksum = (sql: string): string => createHash('sha256').update(sql).digest('hex')

async function unfinishedMigrations(client: Client): Promise<string[]> {
  const where = 'finished_at IS NULL AND rolled_back_at IS NULL'
  const rows = await selectMigrations(client, where)
  return rows.map((row) => row.migration_name)
}

async function apply(url: string, source: MigrationSource, migrations: readonly Migration[], unfinished: string[]) {
  const schema = await readFile(source.schemaFile, 'utf8')
  const { applyMigrations } = await import('./migrate-engine.ts')
  try {
    return await applyMigrations(url, { schema, baseDir: source.migrationsDir, migrations }, unfinished)
  } catch (cause) {
    // Without the cause: its message may quote rows, and causes are logged (I9).
    throw new MailchuteError('store/migration-failed', reasonOf(cause))
  }
}

/** The migration and what the server said, without the engine's own stack and without values, which could be mail. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  const name = /migration_name="([^"]+)"/.exec(message)?.[1]
  const said = message.split(/\n\s+0: /)[0] ?? ''
  const [general = '', ...particular] = said.split('\n').filter((line) => line !== '')
  const reason = (particular.join(' ') || general).replace('Error querying the database: ', '').replace(/: ".*/s, '')
  return name ? `migration ${name} failed: ${reason}` : reason
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } catch (cause) {
    if (cause instanceof MailchuteError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MailchuteError('store/unavailable', `the database does not answer: ${reason}`, { cause })
  } finally {
    await client.end().catch(() => undefined)
  }
}
