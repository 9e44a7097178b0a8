import { Client } from 'pg'
import { inChild } from '../support/child.ts'
import type { Measured, Row } from '../support/row.ts'
import type { World } from '../support/world.ts'

/** With 1,000 mails a million events. */
const EVENTS_A_MAIL = 1000

export const auditRows: readonly Row[] = [
  {
    group: 'audit',
    what: 'audit verify',
    unit: 'events/s',
    goal: { atLeast: 100_000 },
    measure: verify,
  },
]

function verify(world: World): Promise<Measured> {
  return world.withDatabase(async (databaseUrl) => {
    await generate(databaseUrl, EVENTS_A_MAIL * world.mails.length)
    const { events, sealMs, verifyMs, cpuMs } = await inChild('audit', { databaseUrl })
    const note = `${events} events, sealed at ${Math.round((events * 1000) / sealMs)}/s; ${cpuMs.toFixed(0)} ms CPU of ours`
    return { figure: (events * 1000) / verifyMs, note }
  })
}

/** As long as those of real mail. */
const EVENTS = `
  WITH m AS (INSERT INTO mailboxes (name, url) VALUES ('bench', 'pop3://127.0.0.1') RETURNING id)
  INSERT INTO inbound_events (mailbox_id, code, detail)
  SELECT m.id, CASE n % 3 WHEN 0 THEN 'intake/stored' WHEN 1 THEN 'work/ticketed' ELSE 'outbound/sent' END,
    CASE n % 3 WHEN 0 THEN jsonb_build_object('uniqueId', 'u' || n, 'poll', '12', 'sha256', encode(sha256(n::text::bytea), 'hex'))
      WHEN 1 THEN jsonb_build_object('reason', 'ticket/new', 'ticket', n)
      ELSE jsonb_build_object('target', 'acknowledgement', 'outbox', n::text, 'attempts', 1) END
  FROM m, generate_series(1, $1::int) AS n`

async function generate(databaseUrl: string, events: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(EVENTS, [events])
    await client.query('VACUUM ANALYZE inbound_events')
  } finally {
    await client.end()
  }
}
