import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MessageSearch, messages } from '../../src/store/browse/messages.ts'
import { type Listing, newest } from '../../src/store/browse/newest.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { erasure } from '../../src/store/erasure.ts'
import { personWith } from '../../src/upkeep/person.ts'
import { MANY_MESSAGES } from '../support/many-messages.ts'
import { createDatabase } from '../support/postgres.ts'
import { countingRows } from '../support/rows-read.ts'

/** More than twice what a walk reads. */
const COUNT = 24_000
const PAGE = 51
const MORE = Number.POSITIVE_INFINITY
let database: Database
let client: Client

beforeAll(async () => {
  const url = await createDatabase()
  client = new Client({ connectionString: url })
  await client.connect()
  for (const statement of MANY_MESSAGES) await client.query(statement.replaceAll('$n', String(COUNT)))
  await client.query('ANALYZE')
  database = openDatabase(url)
})

afterAll(async () => {
  await database?.close()
  await client?.end()
})

const day = (text: string) => new Date(`2026-01-${text}Z`)
const LONG_AGO = { receivedFrom: new Date('2020-01-01'), receivedBefore: new Date('2020-02-01') }
/** Within the storm. */
const SOME_DAYS = { receivedFrom: day('02'), receivedBefore: day('03T00:00:30') }

/**
 * What is asked for, the same as plain SQL, and how many rows the first page may read. More: what lies past the walk is
 * gathered, by whichever index.
 */
const SEARCHES: readonly (readonly [MessageSearch, where: string, rows: number])[] = [
  [{}, 'true', 400],
  [{ state: 'suppressed' }, `m.state = 'suppressed'`, 400],
  [{ state: 'quarantined' }, `m.state = 'quarantined'`, 400],
  [{ state: 'received' }, 'false', 10],
  [{ mailbox: 'retired' }, `b.name = 'retired'`, 400],
  [{ mailbox: 'empty' }, 'false', 10],
  [{ mailbox: 'no-such' }, 'false', 10],
  [{ reason: 'rule/storm' }, `reason = 'rule/storm'`, 400],
  [{ reason: 'rule/' }, `reason LIKE 'rule/%'`, 500],
  [{ reason: 'rule/h' }, `reason = 'rule/hold'`, 400],
  [{ reason: 'rule_' }, 'false', 10],
  [{ address: 'BOT@old.example' }, `from_address = 'Bot@Old.Example'`, 400],
  [{ address: 'bot@old' }, `from_address = 'Bot@Old.Example'`, 400],
  [{ address: 'person77@' }, `from_address LIKE 'person77@%'`, 400],
  [{ address: 'person7' }, `from_address LIKE 'person7%'`, MORE],
  [{ address: 'nobody@' }, 'false', 10],
  [{ address: 'person_' }, 'false', 10],
  [{ address: '@OLD.example' }, `from_address = 'Bot@Old.Example'`, 400],
  [{ address: '@customer7.example' }, `from_address LIKE '%@customer7.example'`, 400],
  [{ address: '@xample' }, 'false', 10],
  [{ subject: 'alert storm' }, `subject LIKE 'Storm%'`, MORE],
  [{ subject: 'INVOICE' }, `subject LIKE 'Invoice%'`, 5500],
  [{ subject: 'nosuchword' }, 'false', 5500],
  [{ subject: '12345' }, `subject LIKE '% 12345'`, 5500],
  [{ subject: '- & |' }, 'false', 10],
  [{ messageId: ' m777@x.example ' }, `message_id = '<m777@x.example>'`, 50],
  [{ messageId: '<none@x.example>' }, 'false', 50],
  [LONG_AGO, 'false', 10],
  [SOME_DAYS, `received_at >= '2026-01-02Z' AND received_at < '2026-01-03T00:00:30Z'`, 400],
  [{ ...SOME_DAYS, mailbox: 'retired' }, `received_at >= '2026-01-02Z' AND received_at < '2026-01-03T00:00:30Z'`, 400],
  [{ ...LONG_AGO, reason: 'rule/' }, 'false', 20],
  [{ state: 'ticketed', mailbox: 'retired' }, 'false', MORE],
  [{ state: 'quarantined', mailbox: 'retired' }, 'false', 5500],
  [{ state: 'quarantined', mailbox: 'box0' }, `m.state = 'quarantined' AND b.name = 'box0'`, MORE],
  [{ state: 'quarantined', subject: 'invoice' }, `m.state = 'quarantined'`, 1000],
  [{ address: 'bot@', subject: 'storm 777' }, `subject LIKE 'Storm alert 777%'`, MORE],
  [{ address: 'bot@', state: 'quarantined' }, 'false', MORE],
  // Of two lists one is read to its end, and begins before the other one was read so far.
  [{ reason: 'rule/', subject: 'early' }, `subject LIKE '% early'`, MORE],
  [{ reason: 'rule/', mailbox: 'box0' }, `reason = 'rule/hold' AND b.name = 'box0'`, MORE],
]

test.each(SEARCHES)('%o: finds what plain SQL finds, from any place in the list', async (search, where) => {
  const { rows: all } = await client.query<{ id: string; receivedMicroseconds: string }>(
    `SELECT m.id, (extract(epoch FROM received_at) * 1000000)::bigint::text AS "receivedMicroseconds"
       FROM inbound_messages m JOIN mailboxes b ON b.id = m.mailbox_id WHERE ${where} ORDER BY received_at DESC, m.id DESC`,
  )
  const places = [0, 1, 2, 50, 3001, all.length - 1].filter((place) => place >= 0 && place <= all.length)
  for (const place of places) {
    const found = await messages(database, search, all[place - 1] ?? null, PAGE)
    expect([place, found.map(({ id }) => id)]).toEqual([place, all.slice(place, place + PAGE).map(({ id }) => id)])
  }
})

test.each(SEARCHES.filter(([, , most]) => most < MORE))(
  '%o: the first page reads a bounded number of rows, whatever the planner believes',
  async (search, _, most) => {
    const counted = countingRows(database)
    await messages(counted.database, search, null, PAGE)
    expect(counted.rows()).toBeLessThanOrEqual(most)
  },
)

test('more different senders than are asked for one by one are found all the same', async () => {
  const found = await messages(database, { address: 'person' }, null, 500)
  expect(new Set(found.map(({ fromAddress }) => fromAddress)).size).toBe(500)
})

test('whoever is to be erased is found by an index', async () => {
  await client.query(
    `UPDATE inbound_messages SET from_address = 'Änne@x.example' WHERE id = (SELECT min(id::text)::uuid FROM inbound_messages)`,
  )
  const counted = countingRows(database)
  // Her address is a maybe for everybody: whoever asks looks at it again.
  for (const [address, count] of [
    ['Person77@customer17.example', 24 + 1],
    ['änne@x.example', 1],
    ['nobody@x.example', 1],
  ] as const) {
    const found = await erasure(counted.database).from(personWith(address), null, 100)
    expect([address, found.length]).toEqual([address, count])
  }
  expect(counted.rows()).toBeLessThan(200)
})

test('a search that takes too long is given up, and says so', async () => {
  const listing: Listing = { table: 'inbound_messages', order: { received_at: 'timestamptz', id: 'uuid' } }
  const filters = [{ text: 'm.id IS NOT NULL', values: [], isRare: true }]
  await client.query('BEGIN; LOCK TABLE inbound_messages IN ACCESS EXCLUSIVE MODE')
  try {
    await expect(newest(database, listing, filters, {}, 1, 50)).rejects.toMatchObject({ code: 'store/search-too-wide' })
  } finally {
    await client.query('ROLLBACK')
  }
  expect(await newest(database, listing, filters, {}, 1, 10_000)).toHaveLength(1)
})
