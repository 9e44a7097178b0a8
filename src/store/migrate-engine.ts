/**
 * Prisma Migrate in this process: the schema engine as WebAssembly, over a driver adapter. It needs no binary
 * and no download, and writes `_prisma_migrations` exactly as `prisma migrate deploy` does.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type * as Engine from '@prisma/schema-engine-wasm'
import { migrateAdapter } from './migrate-adapter.ts'

export interface MigrationFiles {
  /** The text of schema.prisma. */
  readonly schema: string
  readonly baseDir: string
  /** Oldest first. */
  readonly migrations: readonly { readonly name: string; readonly sql: string }[]
}

const NO_FILTERS = { externalTables: [], externalEnums: [] }

/**
 * Applies what `_prisma_migrations` does not have yet and returns the names. Not safe in two processes at once.
 * `failed`: names that an earlier run began and did not finish. As a migration is one transaction, they left
 * nothing behind, are booked as rolled back, and applied again.
 */
export async function applyMigrations(url: string, files: MigrationFiles, failed: string[]): Promise<string[]> {
  const migrationsList = migrationList(files)
  const input = { migrationsList, filters: NO_FILTERS }
  return await withEngine(url, files, async (engine) => {
    for (const migrationName of failed) await engine.markMigrationRolledBack({ migrationName })
    return (await engine.applyMigrations(input)).appliedMigrationNames
  })
}

/** The SQL that leads from the migrations to the schema. Makes databases: only for a server made for it. */
export async function diffMigrations(url: string, files: MigrationFiles): Promise<string> {
  const from: Engine.DiffTarget = { tag: 'migrations', ...migrationList(files) }
  const to: Engine.DiffTarget = { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: files.schema }] }
  const input: Engine.DiffParams = { from, to, script: true, exitCode: null, filters: NO_FILTERS }
  return await withEngine(url, files, async (engine) => (await engine.diff(input)).stdout ?? '')
}

async function withEngine<T>(
  url: string,
  { schema }: MigrationFiles,
  work: (engine: Engine.SchemaEngine) => Promise<T>,
) {
  loaded ??= loadWasm()
  const { SchemaEngine } = await loaded
  const adapter = migrateAdapter(url)
  const session = async () => {
    const factory = bindMigrationAwareSqlAdapterFactory(adapter.factory)
    const engine = await SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => undefined, factory)
    return await work(engine).finally(() => engine.free())
  }
  return await Promise.race([session(), panic.promise]).finally(() => adapter.end())
}

function migrationList({ baseDir, migrations }: MigrationFiles): Engine.MigrationList {
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  }
}

/** The little of WebAssembly's interface that is needed: Node's types have none of it. */
interface Wasm {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

/** A panic of the engine: it never answers again, so that whoever waits must hear of it here. */
const panic = Promise.withResolvers<never>()
panic.promise.catch(() => undefined)
const reportPanic = (message: string): void => panic.reject(new Error(`the schema engine failed: ${message}`))

/** Once a process: the package's glue knows one instance only. */
let loaded: Promise<typeof Engine> | undefined

/** By hand: the package's own entry imports the .wasm as a module, which is for bundlers. */
async function loadWasm(): Promise<typeof Engine> {
  const glueFile = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const glue: typeof Engine & { __wbg_set_wasm(exports: object): void } = await import(pathToFileURL(glueFile).href)
  const bytes = await readFile(path.join(path.dirname(glueFile), 'schema_engine_bg.wasm'))
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: reportPanic } })
  const { WebAssembly } = globalThis as typeof globalThis & { WebAssembly: Wasm }
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': withIdleTimers(glue) })
  glue.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return glue
}

/** The engine limits the wait for its lock by a timer that it never clears: it must not hold the process for 10 s. */
function withIdleTimers(glue: object): object {
  const idle = Object.entries(glue).map(([name, imported]) => {
    if (!name.startsWith('__wbg_setTimeout_')) return [name, imported]
    return [name, (...args: unknown[]) => imported(...args).unref()]
  })
  return Object.fromEntries(idle)
}
