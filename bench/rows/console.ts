import { Client } from 'pg'
import { inChild } from '../support/child.ts'
import type { Measured, Row } from '../support/row.ts'
import type { World } from '../support/world.ts'
import { CONSOLE_ROWS } from './console-rows.ts'

/** With 1,000 mails a million messages and three million events. */
const MESSAGES_A_MAIL = 1000

export const consoleRows: readonly Row[] = [
  {
    group: 'console',
    what: 'pages of the console, p95',
    unit: 'ms',
    goal: { atMost: 200 },
    measure: pages,
  },
]

function pages(world: World): Promise<Measured> {
  return world.withDatabase(async (databaseUrl) => {
    await generate(databaseUrl, MESSAGES_A_MAIL * world.mails.length)
    const { p95Ms, slowest, slowestMs, requests } = await inChild('console', { databaseUrl })
    return {
      figure: p95Ms,
      note: `${requests} requests; the slowest page is ${slowest} with ${slowestMs.toFixed(0)} ms`,
    }
  })
}

async function generate(databaseUrl: string, messages: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('SET synchronous_commit = off')
    for (const statement of CONSOLE_ROWS) await client.query(statement.replaceAll('$n', String(messages)))
    await client.query('VACUUM ANALYZE')
  } finally {
    await client.end()
  }
}
