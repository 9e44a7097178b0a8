/**
 * A mailbox has changed its source, and every call by which copies are recognised fails once, before or after it takes
 * effect: each mail has one effect all the same (I3), and what is doubtful is held (see test/integration).
 */
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { unguarded } from '../support/append-only.ts'
import { createFaults, type Faults, type Moment } from '../support/faults.ts'
import { mail, remade } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { startMailbox, type TestMailbox } from '../support/sandbox.ts'
import { openWorker, type TestWorker } from '../support/worker.ts'

const MAILS = [mail({ id: 'one' }), mail({ id: 'two', inReplyTo: 'one' })]
const FORGED = mail({ id: 'forged', messageId: 'one', from: 'mallory@example.net' })
const BEFORE = 'pop3 before.example'
const CALLS = ['copies.find', 'messages.suppress', 'messages.quarantine']
/** Which of the two comes first onto their ticket is the fault's choice. */
const OUTCOME = [
  { outcome: 'duplicate/doubtful', messages: 1, entries: 0, events: 1, tickets: 0 },
  { outcome: 'duplicate/other-source', messages: 2, entries: 0, events: 2, tickets: 0 },
  { outcome: 'ticketed', messages: 2, entries: 2, events: 2, tickets: 1 },
]

test.each(['before', 'after'] as const)(
  'whatever call of recognising fails %s its effect, a mail from two sources has one effect (I3)',
  async (moment) => {
    const faults = createFaults()
    const databaseUrl = await createDatabase()
    await using server = await startMailbox([])
    await using worker = await openWorker(
      { ...server.env(), DATABASE_URL: databaseUrl },
      {
        guard: (store) =>
          faults.guard(store, { code: 'store/unavailable', isStream: (label) => label === 'raw.octets' }),
      },
    )
    const client = new Client({ connectionString: databaseUrl })
    await client.connect()
    for (const label of CALLS) {
      let nth = 1
      while (await oneRun({ server, worker, client, faults }, { label, nth, moment })) nth += 1
      expect([label, nth]).not.toEqual([label, 1])
    }
    await client.end()
  },
)

interface Bench {
  readonly server: TestMailbox
  readonly worker: TestWorker
  readonly client: Client
  readonly faults: Faults
}

/** Returns whether there was such a call. */
async function oneRun(
  { server, worker, client, faults }: Bench,
  fault: { label: string; nth: number; moment: Moment },
): Promise<boolean> {
  await client.query(unguarded('TRUNCATE mailboxes, raw_messages, contacts CASCADE'))
  const before = { ...worker.mailbox, source: BEFORE }
  for (const [mailbox, octets] of [
    [before, MAILS],
    [worker.mailbox, [...MAILS.map(remade), FORGED]],
  ] as const) {
    for (const each of octets) server.mailbox.deliver(each)
    await worker.app.store.mailboxes.ensure([mailbox])
    expect(await worker.poll({ wake: async () => undefined }, mailbox)).toMatchObject({ error: null })
  }
  faults.arm(fault.label, fault.nth, fault.moment)
  await worker.workOff()
  const hasStruck = faults.disarm()
  await worker.workOff()
  expect({ ...fault, rows: (await client.query(ROWS)).rows }).toEqual({ ...fault, rows: OUTCOME })
  return hasStruck
}

const ROWS = `
  SELECT CASE m.state WHEN 'ticketed' THEN 'ticketed' ELSE m.reason END AS outcome, count(*)::int AS messages,
    count(e.id)::int AS entries, count(DISTINCT e.ticket_id)::int AS tickets,
    sum((SELECT count(*) FROM inbound_events v WHERE v.inbound_message_id = m.id AND v.code LIKE 'work/%'))::int AS events
  FROM inbound_messages m LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id
  GROUP BY outcome ORDER BY outcome`
