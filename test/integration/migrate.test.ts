import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import {
  type MigrationSource,
  migrate,
  packageMigrations,
  pendingMigrations,
  readMigrations,
} from '../../src/store/migrate.ts'
import { applyMigrations, diffMigrations } from '../../src/store/migrate-engine.ts'
import { createDatabase, createEmptyDatabase } from '../support/postgres.ts'

const SCHEMA = `datasource db {
  provider = "postgresql"
}

model Thing {
  id   Int    @id
  name String
}
`
const FIRST = 'CREATE TABLE "Thing" ("id" INTEGER NOT NULL, CONSTRAINT "Thing_pkey" PRIMARY KEY ("id"));'
/** Semicolons that end no statement: in a function, a string and a comment. */
const SECOND = `-- a name; later it is used
ALTER TABLE "Thing" ADD COLUMN "name" TEXT NOT NULL DEFAULT 'a;b';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'append only; no update'; RETURN NULL;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE ON "Thing" FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE "Thing" ADD CONSTRAINT "name_given" CHECK ("name" <> '');
ALTER TABLE "Thing" ALTER COLUMN "name" DROP DEFAULT;`

let source: MigrationSource
let url: string

beforeEach(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'mailchute-migrate-'))
  source = { schemaFile: path.join(folder, 'schema.prisma'), migrationsDir: path.join(folder, 'migrations') }
  await writeFile(source.schemaFile, SCHEMA)
  await addMigration('1_first', FIRST)
  await addMigration('2_second', SECOND)
  url = await createEmptyDatabase()
})

afterEach(() => rm(path.dirname(source.schemaFile), { recursive: true }))

describe('migrate', () => {
  test('brings an empty database up to date, and a second run finds nothing to do', async () => {
    expect(await pendingMigrations(url, source)).toEqual(['1_first', '2_second'])
    expect(await migrate(url, source)).toEqual({ applied: ['1_first', '2_second'] })
    expect(await pendingMigrations(url, source)).toEqual([])
    expect(await migrate(url, source)).toEqual({ applied: [] })
    await query(`INSERT INTO "Thing" VALUES (1, 'x')`)
    await expect(query(`UPDATE "Thing" SET name = 'y'`)).rejects.toThrow('append only; no update')
  })

  test('_prisma_migrations reads as `prisma migrate deploy` writes it', async () => {
    await migrate(url, source)
    const rows = await query('SELECT * FROM _prisma_migrations ORDER BY migration_name')
    const expected = (name: string, sql: string) => ({
      migration_name: name,
      checksum: createHash('sha256').update(sql).digest('hex'),
      finished_at: expect.any(Date),
      rolled_back_at: null,
      logs: null,
      applied_steps_count: 1,
    })
    expect(rows).toMatchObject([expected('1_first', FIRST), expected('2_second', SECOND)])
  })

  test('what is up to date is known without the engine', async () => {
    await migrate(url, source)
    const script = `
      import { migrate } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../src/store/migrate.ts'))}
      console.log(JSON.stringify(await migrate(...JSON.parse(process.argv[1]))))
      console.log('PRISMA_WASM_PANIC_REGISTRY' in globalThis)`
    const args = ['--input-type=module', '--eval', script, JSON.stringify([url, source])]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(stdout).toBe('{"applied":[]}\nfalse\n')
  })

  test('later migrations are applied to what is there', async () => {
    await rm(path.join(source.migrationsDir, '2_second'), { recursive: true })
    await migrate(url, source)
    await addMigration('2_second', SECOND)
    expect(await migrate(url, source)).toEqual({ applied: ['2_second'] })
  })

  test('several processes at once apply each migration once', async () => {
    const results = await Promise.all(Array.from({ length: 4 }, () => migrate(url, source)))
    expect(results.flatMap(({ applied }) => applied)).toEqual(['1_first', '2_second'])
    expect(await query('SELECT * FROM _prisma_migrations')).toHaveLength(2)
  })

  test('a migration that another process is at is waited for, and not taken for a failed one', async () => {
    await addMigration('3_slow', 'SELECT pg_sleep(0.5);')
    const first = migrate(url, source)
    const unfinished = `SELECT FROM _prisma_migrations WHERE migration_name = '3_slow' AND finished_at IS NULL`
    await expect.poll(() => query(unfinished).catch(() => []), { interval: 10 }).toHaveLength(1)
    expect(await migrate(url, source)).toEqual({ applied: [] })
    expect(await first).toEqual({ applied: ['1_first', '2_second', '3_slow'] })
    expect(await query('SELECT FROM _prisma_migrations WHERE rolled_back_at IS NOT NULL')).toEqual([])
  })

  test('it ends at once: nothing keeps the process alive', async () => {
    const script = `
      import { migrate } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../src/store/migrate.ts'))}
      await migrate(...JSON.parse(process.argv[1]))
      const done = performance.now()
      process.once('exit', () => console.log(Math.round(performance.now() - done)))`
    const args = ['--input-type=module', '--eval', script, JSON.stringify([url, source])]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(Number(stdout)).toBeLessThan(2_000)
  })

  test('a migration that fails leaves nothing behind, names itself, and is applied once it is mended', async () => {
    await addMigration('3_third', `CREATE TABLE half (n int); SELECT 'private words'::int;`)
    const failure = await migrate(url, source).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'store/migration-failed',
      message: 'migration 3_third failed: ERROR: invalid input syntax for type integer',
    })
    expect(await query(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }])

    await addMigration('3_third', 'CREATE TABLE half (n int);')
    expect(await migrate(url, source)).toEqual({ applied: ['3_third'] })
    expect(await query(`SELECT to_regclass('half')::text AS half`)).toEqual([{ half: 'half' }])
  })

  test('a migration changed after it was applied is an error, not a surprise', async () => {
    await migrate(url, source)
    await addMigration('1_first', `${FIRST}\n-- changed`)
    await expect(migrate(url, source)).rejects.toMatchObject({
      code: 'store/migration-failed',
      message: expect.stringContaining('1_first'),
    })
  })

  test('a database that does not answer is store/unavailable', async () => {
    await expect(migrate('postgresql://nobody@127.0.0.1:1/none', source)).rejects.toMatchObject({
      code: 'store/unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('new migrations', () => {
  test('the diff leads from the migrations to the schema', async () => {
    const schema = SCHEMA.replace('name String', 'name String\n  size Int?')
    const migrations = [
      { name: '1_first', sql: FIRST },
      { name: '2_second', sql: SECOND },
    ]
    const sql = await diffMigrations(url, { schema, baseDir: source.migrationsDir, migrations })
    expect(sql).toContain('ALTER TABLE "Thing" ADD COLUMN     "size" INTEGER')
    const files = { schema, baseDir: source.migrationsDir, migrations: [...migrations, { name: '3_size', sql }] }
    expect(await applyMigrations(url, files, [])).toEqual(['1_first', '2_second', '3_size'])
    expect(await diffMigrations(url, files)).toContain('empty migration')
  })

  test('the migrations of the project lead to its schema', async () => {
    const { schemaFile, migrationsDir } = packageMigrations
    const files = { schema: await readFile(schemaFile, 'utf8'), migrations: await readMigrations(migrationsDir) }
    expect(await diffMigrations(url, { ...files, baseDir: migrationsDir })).toContain('empty migration')
  })

  test('test databases are brought up to date', async () => {
    expect(await pendingMigrations(await createDatabase())).toEqual([])
  })
})

describe('a database of before mailboxes could change their source', () => {
  const FIRST_ONE = '20261123080000_init'
  const URLS = {
    'outlook://support@example.com': 'pop3 outlook.office365.com',
    'pop3s://anna@mail.example.org': 'pop3 mail.example.org',
    'pop3+stls://help%40example.org@mail.example.org:1110': 'pop3 mail.example.org',
    'pop3://anna@[::1]:2110': 'pop3 ::1',
  }

  test('comes up to date with the source of each mailbox and of all that came from it', async () => {
    await rm(source.migrationsDir, { recursive: true })
    await cp(path.join(packageMigrations.migrationsDir, FIRST_ONE), path.join(source.migrationsDir, FIRST_ONE), {
      recursive: true,
    })
    await migrate(url, source)
    await query(`INSERT INTO raw_messages (sha256, size_bytes) VALUES ('digest', 1)`)
    for (const [index, mailbox] of Object.keys(URLS).entries()) {
      await query(`
        WITH m AS (INSERT INTO mailboxes (name, url) VALUES ('m${index}', '${mailbox}') RETURNING id),
          r AS (INSERT INTO remote_messages (mailbox_id, unique_id, size_bytes) SELECT id, 'u', 1 FROM m)
        INSERT INTO inbound_messages (mailbox_id, sha256, unique_id) SELECT id, 'digest', 'u' FROM m`)
    }
    await migrate(url)
    const rows = await query(`
      SELECT m.url, m.source, m.source_changed_at AS changed, r.source AS remote, i.source AS inbound
      FROM mailboxes m JOIN remote_messages r ON r.mailbox_id = m.id JOIN inbound_messages i ON i.mailbox_id = m.id
      ORDER BY m.name`)
    expect(rows).toEqual(
      Object.entries(URLS).map(([mailbox, each]) => {
        return { url: mailbox, source: each, changed: null, remote: each, inbound: each }
      }),
    )
    expect(await pendingMigrations(url)).toEqual([])
  })

  test('names its sources as the settings do: starting again is no change of source', async () => {
    const settings = Object.keys(URLS).map((mailbox, index) => ({
      [`MAILBOX_M${index}_URL`]: mailbox,
      [`MAILBOX_M${index}_${mailbox.startsWith('outlook') ? 'ACCESS_TOKEN' : 'PASSWORD'}`]: 'secret',
    }))
    const { mailboxes } = readConfig(Object.assign({}, ...settings), '/nonexistent')
    expect(mailboxes.map((mailbox) => mailbox.source)).toEqual(Object.values(URLS))
  })
})

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(path.join(source.migrationsDir, name), { recursive: true })
  await writeFile(path.join(source.migrationsDir, name, 'migration.sql'), sql)
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return await client
    .query(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}
