/** A mailbox changes its source: the same mail comes again in other octets, and is ticketed once all the same. */
import pLimit from 'p-limit'
import { Client, type QueryResultRow } from 'pg'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { converted } from '../../src/sandbox/exchange.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { createProcess } from '../../src/ticketing/process.ts'
import { mail, remade } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { startExchangeMailbox, startMailbox, type TestMailbox } from '../support/sandbox.ts'
import { openWorker, type TestWorker } from '../support/worker.ts'

const NEVER = 'deleteAfter=never'
const pool = createParsePool()
afterAll(() => pool.close())

let databaseUrl: string
beforeEach(async () => {
  databaseUrl = await createDatabase()
})

/** Two servers with the same mailbox: one hands mail over as it came, the other makes it anew. */
interface Servers extends AsyncDisposable {
  readonly asCame: TestMailbox
  readonly asMade: TestMailbox
  deliver(id: string, octets: Buffer): void
}

async function startServers(): Promise<Servers> {
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
const open = (server: TestMailbox, host: '127.0.0.1' | 'localhost'): Promise<TestWorker> => {
  const env = server.env(NEVER)
  const url = env['MAILBOX_TEST_URL']?.replace('@127.0.0.1', `@${host}`)
  return openWorker({ ...env, MAILBOX_TEST_URL: url, DATABASE_URL: databaseUrl })
}

async function pollOnce(server: TestMailbox, host: '127.0.0.1' | 'localhost') {
  await using worker = await open(server, host)
  expect(await worker.poll({ wake: async () => undefined })).toMatchObject({ error: null })
}

/** The worker is gone afterwards: another one that works meanwhile is a test of its own. */
async function pollAndWork(server: TestMailbox, host: '127.0.0.1' | 'localhost', expected: object = {}) {
  await using worker = await open(server, host)
  const result = await worker.poll()
  expect(result).toMatchObject({ error: null, ...expected })
  await worker.workOff()
}

async function workAgain(server: TestMailbox, id: string | undefined) {
  await using worker = await open(server, 'localhost')
  expect(await worker.app.store.messages.reprocess(id ?? '')).toBe(true)
  await worker.workOff()
}

async function ask<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
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
const messages = () => ask<MessageRow & QueryResultRow>(MESSAGES)
type State = 'received' | 'ticketed' | 'suppressed' | 'quarantined'
const states = async (): Promise<{ [state in State]?: MessageRow[] }> =>
  Object.groupBy(await messages(), ({ state }) => state)

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const MAILS = IDS.map((id) => mail({ id, from: `${id}@example.com` }))

const DIRECTIONS = [
  ['as it came, then as made anew', 'asCame', 'asMade'],
  ['as made anew, then as it came', 'asMade', 'asCame'],
] as const

describe.each(DIRECTIONS)('mail that is kept on the server, %s,', (_, first, second) => {
  test('comes again, is suppressed with the other message named, and switching back brings nothing new', async () => {
    await using servers = await startServers()
    for (const [index, octets] of MAILS.entries()) servers.deliver(`id-${index}`, octets)
    await pollAndWork(servers[first], '127.0.0.1', { sheet: { stored: MAILS.length } })
    await pollAndWork(servers[second], 'localhost', { sheet: { stored: MAILS.length } })
    const { ticketed = [], suppressed = [] } = await states()
    expect(ticketed.map(({ source }) => source)).toEqual(MAILS.map(() => 'pop3 127.0.0.1'))
    expect(suppressed.map(({ source, reason, of }) => ({ source, reason, of }))).toEqual(
      ticketed.map(({ id }) => ({ source: 'pop3 localhost', reason: 'duplicate/other-source', of: id })),
    )
    const reply = mail({ id: 'reply', from: 'a@example.com', inReplyTo: 'a' })
    servers[second].mailbox.deliver(reply)
    await pollAndWork(servers[second], 'localhost')
    expect((await messages()).at(-1)).toMatchObject({ state: 'ticketed', ticket: ticketed[0]?.ticket })
    await pollAndWork(servers[first], '127.0.0.1', { sheet: { known: MAILS.length, stored: 0 } })
    servers[first].mailbox.deliver(mail({ id: 'another', from: 'b@example.com', inReplyTo: 'b' }))
    await pollAndWork(servers[first], '127.0.0.1', { sheet: { known: MAILS.length, stored: 1 } })
    expect((await messages()).at(-1)).toMatchObject({ state: 'ticketed', ticket: ticketed[1]?.ticket })
  })
})

/** Works all that waits, newest first, which is the order that tempts most. */
async function workAll(stores: readonly Store[], concurrency: number): Promise<void> {
  const limit = pLimit(concurrency)
  const ids = (await messages()).filter(({ state }) => state === 'received').map(({ id }) => id)
  const run = { isLastAttempt: false, stalls: 0, signal: new AbortController().signal }
  const works = stores.map((store) => createProcess(store, pool))
  await Promise.all(ids.toReversed().flatMap((id) => works.map((work) => limit(() => work(id, run)))))
}

describe('mail that is in flight when the source changes', () => {
  test.each([
    ['one worker, one message at a time', 1, 1],
    ['one worker, 16 at a time', 1, 16],
    ['two workers at once, that agree', 2, 16],
  ])('has one effect: %s (I3)', async (_, workers, concurrency) => {
    await using servers = await startServers()
    for (const [index, octets] of MAILS.entries()) servers.deliver(`id-${index}`, octets)
    servers.deliver('reply', mail({ id: 'reply', from: 'a@example.com', inReplyTo: 'a' }))
    await pollOnce(servers.asCame, '127.0.0.1')
    await pollOnce(servers.asMade, 'localhost')
    const stores = Array.from({ length: workers }, () => openStore(databaseUrl))
    await workAll(stores, concurrency)
    const { ticketed = [], suppressed = [], ...others } = await states()
    expect(others).toEqual({})
    expect(ticketed.every(({ source }) => source === 'pop3 127.0.0.1')).toBe(true)
    expect(suppressed.map(({ of }) => of).toSorted()).toEqual(ticketed.map(({ id }) => id).toSorted())
    expect(new Set(ticketed.map(({ ticket }) => ticket)).size).toBe(MAILS.length)
    await Promise.all(stores.map((store) => store.close()))
  })

  test('has one effect although the clock of the database went back between the two', async () => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    await pollAndWork(servers.asCame, '127.0.0.1')
    await ask(`UPDATE inbound_messages SET received_at = received_at + interval '1 hour'`)
    await pollAndWork(servers.asMade, 'localhost')
    expect((await states()).suppressed).toHaveLength(1)
    expect(await ask('SELECT FROM ticket_entries')).toHaveLength(1)
  })
})

describe('mail that only resembles another is held, and an operator lets it through', () => {
  const FORGED = { messageId: 'x', from: 'mallory@example.net' } as const
  test.each([
    ['the Message-ID of another sender (forged)', { id: 'x' }, { id: 'y', ...FORGED }],
    ['no Message-ID, the same sender at the same instant', { id: 'x', messageId: null }, { id: 'y', messageId: null }],
  ])('%s', async (_, one, other) => {
    await using servers = await startServers()
    servers.asCame.mailbox.deliver(mail(one))
    servers.asMade.mailbox.deliver(mail(other))
    await pollAndWork(servers.asCame, '127.0.0.1')
    await pollAndWork(servers.asMade, 'localhost')
    const { ticketed = [], quarantined = [] } = await states()
    expect(quarantined).toMatchObject([{ reason: 'duplicate/doubtful', of: ticketed[0]?.id }])
    await workAgain(servers.asMade, quarantined[0]?.id)
    const released = (await states()).ticketed ?? []
    expect(new Set(released.map(({ ticket }) => ticket)).size).toBe(2)
  })

  test('but not what came in other octets from the same source: both are kept, on one ticket', async () => {
    await using servers = await startServers()
    await pollOnce(servers.asMade, 'localhost')
    await using worker = await open(servers.asCame, '127.0.0.1')
    for (const octets of [mail({ id: 'x' }), remade(mail({ id: 'x' }))]) {
      servers.asCame.mailbox.deliver(octets)
      await worker.poll()
      await worker.workOff()
    }
    const { ticketed = [] } = await states()
    expect(ticketed).toHaveLength(2)
    expect(new Set(ticketed.map(({ ticket }) => ticket)).size).toBe(1)
  })
})

describe('the other message', () => {
  test('quarantined for its own octets leaves the mail to the copy, and finds it when it is worked again', async () => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    await pollOnce(servers.asCame, '127.0.0.1')
    const [first] = await messages()
    await ask(`UPDATE inbound_messages SET state = 'quarantined', reason = 'message/unparseable'`)
    await pollAndWork(servers.asMade, 'localhost')
    expect((await states()).ticketed).toMatchObject([{ source: 'pop3 localhost' }])
    await workAgain(servers.asMade, first?.id)
    expect((await states()).suppressed).toMatchObject([{ id: first?.id, reason: 'duplicate/other-source' }])
    await workAgain(servers.asMade, first?.id)
    expect((await states()).ticketed).toHaveLength(2)
  })

  test('of a database that kept no identities yet is read for it', async () => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    await pollAndWork(servers.asCame, '127.0.0.1')
    await ask('UPDATE inbound_messages SET identity_sha256 = NULL')
    await pollAndWork(servers.asMade, 'localhost')
    expect((await states()).suppressed).toHaveLength(1)
  })
})
