/** A mailbox that changes its source: two servers with the same mail, and the database between them. */
import { Client, type QueryResultRow } from 'pg'
import { beforeEach, expect } from 'vitest'
import { converted } from '../../src/sandbox/exchange.ts'
import { remade } from './mails.ts'
import { createDatabase } from './postgres.ts'
import { startExchangeMailbox, startMailbox, type TestMailbox } from './sandbox.ts'
import { openWorker, type TestWorker } from './worker.ts'

export const NEVER = 'deleteAfter=never'
export type Host = '127.0.0.1' | 'localhost'

/** Of the test that runs; each has an empty one. */
export let databaseUrl = ''
beforeEach(async () => {
  databaseUrl = await createDatabase()
})

/** Two servers with the same mailbox: one hands mail over as it came, the other makes it anew. */
export interface Servers extends AsyncDisposable {
  readonly asCame: TestMailbox
  readonly asMade: TestMailbox
  deliver(id: string, octets: Buffer): void
}

export async function startServers(): Promise<Servers> {
  const asCame = await startMailbox([])
  const asMade = await startExchangeMailbox([], { manners: [converted(remade)] })
  return {
    ...{ asCame, asMade },
    deliver: (id, octets) => {
      for (const { mailbox } of [asCame, asMade]) mailbox.deliver(octets, id)
    },
    [Symbol.asyncDispose]: async () => {
      await asCame[Symbol.asyncDispose]()
      await asMade[Symbol.asyncDispose]()
    },
  }
}

/** One machine has two names, and what is polled under another name is another source. */
export const open = (server: TestMailbox, host: Host): Promise<TestWorker> => {
  const env = server.env(NEVER)
  const url = env['MAILBOX_TEST_URL']?.replace('@127.0.0.1', `@${host}`)
  return openWorker({ ...env, MAILBOX_TEST_URL: url, DATABASE_URL: databaseUrl })
}

export async function pollOnce(server: TestMailbox, host: Host) {
  await using worker = await open(server, host)
  expect(await worker.poll({ wake: async () => undefined })).toMatchObject({ error: null })
}

/** The worker is gone afterwards: another one that works meanwhile is a test of its own. */
export async function pollAndWork(server: TestMailbox, host: Host, expected: object = {}) {
  await using worker = await open(server, host)
  const result = await worker.poll()
  expect(result).toMatchObject({ error: null, ...expected })
  await worker.workOff()
}

export async function workAgain(server: TestMailbox, id: string | undefined) {
  await using worker = await open(server, 'localhost')
  expect(await worker.app.store.messages.reprocess(id ?? '', { actor: 'test' })).toBe(true)
  await worker.workOff()
}

export async function ask<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  return client
    .query<Row>(text, values)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

const MESSAGES = `
  SELECT m.id, m.source, m.state, m.reason, t.number AS ticket,
    (SELECT e.detail->>'duplicateOf' FROM inbound_events e WHERE e.inbound_message_id = m.id AND e.detail ? 'duplicateOf'
     ORDER BY e.id DESC LIMIT 1) AS of
  FROM inbound_messages m LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id LEFT JOIN tickets t ON t.id = e.ticket_id
  ORDER BY m.received_at, m.id`
interface MessageRow {
  readonly id: string
  readonly source: string
  readonly state: State
  readonly reason: string | null
  readonly ticket: number | null
  readonly of: string | null
}
export const messages = () => ask<MessageRow & QueryResultRow>(MESSAGES)
type State = 'received' | 'ticketed' | 'suppressed' | 'quarantined'
export const states = async (): Promise<{ [state in State]?: MessageRow[] }> =>
  Object.groupBy(await messages(), ({ state }) => state)
