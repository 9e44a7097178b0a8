import type { Config } from '../config.ts'
import { openEmbedded } from '../store/embedded/embedded.ts'
import { migrate } from '../store/migrate.ts'
import { print } from './terminal.ts'

/** Brings the database up to date, whatever MAILCHUTE_MIGRATE says. */
export async function migrateDatabase(config: Config): Promise<void> {
  const embedded = config.databaseUrl === null ? await openEmbedded(config.dataDir) : null
  try {
    const { applied } = await migrate(embedded?.url ?? config.databaseUrl ?? '')
    print(applied.length === 0 ? 'the database is up to date\n' : `applied: ${applied.join(', ')}\n`)
  } finally {
    await embedded?.close()
  }
}
