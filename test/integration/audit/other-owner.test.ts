/** What docs/audit.md says of a program that does not own its tables. */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { migrate } from '../../../src/store/migrate.ts'
import { mail } from '../../support/mails.ts'
import { createEmptyDatabase } from '../../support/postgres.ts'
import { buildProgram, run } from '../../support/program.ts'
import { startMailbox } from '../../support/sandbox.ts'

beforeAll(buildProgram, 300_000)

async function query(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

async function notOwned() {
  // Without the tables of the queue, that databases of tests have otherwise.
  const owner = await createEmptyDatabase()
  await migrate(owner)
  const role = `app_${randomBytes(6).toString('hex')}`
  await query(
    owner,
    `CREATE ROLE ${role} LOGIN`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
  )
  const url = new URL(owner)
  url.username = role
  return { owner, role, url: url.href }
}

const SETTINGS = { MAILCHUTE_MIGRATE: 'off', MAILCHUTE_DNS: 'off' }

test('it does its work as a role that owns nothing but the queue, and cannot change what it has told', async () => {
  await using box = await startMailbox([{ uniqueId: 'a', octets: mail({ id: 'a' }) }])
  const { owner, role, url } = await notOwned()
  await query(owner, `GRANT CREATE ON DATABASE ${new URL(owner).pathname.slice(1)} TO ${role}`)
  const settings = { ...SETTINGS, ...box.env(), DATABASE_URL: url }
  const drained = await run(['drain', '--json'], settings)
  expect([drained.code, JSON.parse(drained.stdout.toString())]).toEqual([
    0,
    expect.objectContaining({ work: { ticketed: 1, suppressed: 0, quarantined: 0 } }),
  ])
  expect((await run(['audit', 'verify'], settings)).code).toBe(0)
  expect((await run(['audit', 'balance'], settings)).code).toBe(0)
  await expect(query(url, `UPDATE inbound_events SET code = 'x'`)).rejects.toThrow(/append-only/)
  await expect(query(url, 'DELETE FROM audit_seals')).rejects.toThrow(/append-only/)
  await expect(query(url, 'ALTER TABLE inbound_events DISABLE TRIGGER append_only')).rejects.toThrow(/owner/)
  await expect(query(url, 'TRUNCATE inbound_events CASCADE')).rejects.toThrow(/denied/)
})

test('where it may not set up the queue either, it ends and says what to do, before mail is fetched', async () => {
  await using box = await startMailbox([{ uniqueId: 'a', octets: mail({ id: 'a' }) }])
  const { url } = await notOwned()
  const { code, stderr } = await run(['drain'], { ...SETTINGS, ...box.env(), DATABASE_URL: url })
  expect([code, stderr]).toEqual([75, expect.stringMatching(/queue\/unavailable.*GRANT CREATE/s)])
  expect(box.mailbox.messages()).toHaveLength(1)
})
