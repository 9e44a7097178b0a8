/** What the tests of logins look for in the database, past the store. */
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

async function ask<Row extends object>(databaseUrl: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  return await client
    .query<Row>(text)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

/** Resolves once so many connections wait for a lock that another one holds. */
export async function waitersForLock(databaseUrl: string, count: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (;;) {
      const { rows } = await client.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      if ((rows[0]?.waiting ?? 0) >= count) return
      await delay(5)
    }
  } finally {
    await client.end()
  }
}

/** Codes of the events of logins, in their order. */
export async function loginEvents(databaseUrl: string): Promise<string[]> {
  const text = `SELECT code FROM inbound_events WHERE code LIKE 'login/%' ORDER BY id`
  return (await ask<{ code: string }>(databaseUrl, text)).map(({ code }) => code)
}

/** The last renewals were some days ago. */
export async function ageLogins(databaseUrl: string, days: number): Promise<void> {
  await ask(databaseUrl, `UPDATE mailbox_logins SET renewed_at = now() - make_interval(days => ${days})`)
}
