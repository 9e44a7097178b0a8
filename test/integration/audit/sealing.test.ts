import { Client } from 'pg'
import { beforeEach, describe, expect, test } from 'vitest'
import { sealKeysOf } from '../../../src/audit/keys.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { createSealing } from '../../../src/upkeep/seal.ts'
import { createSettled } from '../../../src/upkeep/settled.ts'
import { verifyChain } from '../../../src/upkeep/verify-chain.ts'
import { unguarded } from '../../support/append-only.ts'
import { KEYS } from '../../support/audit-log.ts'
import { createDatabase } from '../../support/postgres.ts'

const never = new AbortController().signal
const AT_ONCE = { patienceMilliseconds: 0 }
const PATIENT = { patienceMilliseconds: 30_000 }

let url = ''
let store: Store
let mailboxId = ''

beforeEach(async () => {
  url = await createDatabase()
  store = openStore(url)
  const rows = await store.mailboxes.ensure([{ name: 'help', url: 'pop3://help@127.0.0.1', source: 'pop3 127.0.0.1' }])
  mailboxId = rows.get('help')?.id ?? ''
  return () => store.close()
})

async function connection(connectionString = url): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}

const INSERT = 'INSERT INTO inbound_events (mailbox_id, code) SELECT $1, $2 FROM generate_series(1, $3) RETURNING id'

async function book(on: Client, code: string, count = 1): Promise<string[]> {
  return (await on.query<{ id: string }>(INSERT, [mailboxId, code, count])).rows.map(({ id }) => id)
}

async function sealedIds(on: Client): Promise<{ ids: number; first: string; last: string }[]> {
  const text = `SELECT s.events AS ids, s.first_event_id AS first, s.last_event_id AS last FROM audit_seals s ORDER BY number`
  return (await on.query(text)).rows
}

describe('inbound_events and audit_seals are append-only', () => {
  test.each([
    `UPDATE inbound_events SET code = 'other'`,
    'DELETE FROM inbound_events',
    'TRUNCATE inbound_events CASCADE',
    'TRUNCATE mailboxes CASCADE',
    'UPDATE audit_seals SET events = 0',
    'DELETE FROM audit_seals',
    'TRUNCATE audit_seals',
    `SET session_replication_role = replica; DELETE FROM inbound_events`,
  ])('the database refuses: %s', async (sql) => {
    await using client = await connection()
    await book(client, 'test/one')
    await createSealing(store.audit, [])(never, PATIENT)
    await expect(client.query(sql)).rejects.toThrow(/append-only: (UPDATE|DELETE|TRUNCATE) refused/)
  })

  test('a message that has events cannot be deleted', async () => {
    await using client = await connection()
    await client.query(`INSERT INTO raw_messages VALUES ('digest', 1)`)
    await client.query(
      `WITH m AS (INSERT INTO inbound_messages (mailbox_id, sha256, unique_id) VALUES ($1, 'digest', 'u') RETURNING id)
       INSERT INTO inbound_events (mailbox_id, inbound_message_id, code) SELECT $1, id, 'test/one' FROM m`,
      [mailboxId],
    )
    await expect(client.query('DELETE FROM inbound_messages')).rejects.toThrow('inbound_events is append-only')
  })
})

describe('sealing', () => {
  test('covers all events, in seals of a bounded size that follow each other', async () => {
    await using client = await connection()
    const ids = await book(client, 'test/many', 25)
    const report = await createSealing(store.audit, [])(never, { ...PATIENT, eventsASeal: 10 })
    expect(report).toMatchObject({ seals: 3, events: 25, isWaiting: false })
    expect(await sealedIds(client)).toEqual([
      { ids: 10, first: ids[0], last: ids[9] },
      { ids: 10, first: ids[10], last: ids[19] },
      { ids: 5, first: ids[20], last: ids[24] },
    ])
  })

  test('has nothing to do where nothing is new', async () => {
    await using client = await connection()
    await book(client, 'test/one')
    const sealDue = createSealing(store.audit, [])
    await sealDue(never, PATIENT)
    expect(await sealDue(never, PATIENT)).toEqual({ seals: 0, events: 0, head: null, isWaiting: false })
  })

  test('waits for a transaction that may still commit a lower id, and then covers it', async () => {
    await using long = await connection()
    await using other = await connection()
    await long.query('BEGIN')
    const [low] = await book(long, 'test/long')
    const [high] = await book(other, 'test/short')
    const sealDue = createSealing(store.audit, [])
    expect(await sealDue(never, AT_ONCE)).toMatchObject({ seals: 0, isWaiting: true })
    expect(await sealedIds(other)).toEqual([])
    await long.query('COMMIT')
    await sealDue(never, PATIENT)
    expect(await sealedIds(other)).toEqual([{ ids: 2, first: low, last: high }])
  })

  test('an id is given out only to a transaction that has its number already: without it a look could miss one', async () => {
    await using client = await connection()
    const { rows } = await client.query<{ expression: string }>(
      `SELECT pg_get_expr(adbin, adrelid) AS expression FROM pg_attrdef
       WHERE adrelid = 'inbound_events'::regclass AND adnum = 1`,
    )
    const numbered = `pg_current_xact_id_if_assigned() IS NOT NULL AS numbered`
    // The first of 32 ids is written to the log, which gives a number to the transaction in any case.
    const plain = `SELECT nextval('inbound_events_id_seq'), ${numbered}`
    await client.query(plain)
    expect((await client.query(plain)).rows[0]).toMatchObject({ numbered: false })
    const given = await client.query(
      `WITH given AS MATERIALIZED (SELECT ${rows[0]?.expression} AS id) SELECT id, ${numbered} FROM given`,
    )
    expect(given.rows[0]).toMatchObject({ numbered: true })
  })

  test('one long transaction after another does not hinder it for ever', async () => {
    await using first = await connection()
    await using second = await connection()
    await using other = await connection()
    const sealDue = createSealing(store.audit, [])
    await first.query('BEGIN')
    await book(first, 'test/first')
    const [one] = await book(other, 'test/short')
    expect(await sealDue(never, AT_ONCE)).toMatchObject({ isWaiting: true })
    await second.query('BEGIN')
    await book(second, 'test/second')
    await first.query('COMMIT')
    expect(await sealDue(never, PATIENT)).toMatchObject({ events: 2, isWaiting: false })
    expect((await sealedIds(other))[0]?.last).toBe(one)
    await second.query('COMMIT')
    expect(await sealDue(never, PATIENT)).toMatchObject({ events: 1 })
  })

  test('what one waits for in one database counts for nothing in the one that takes its place', async () => {
    await using long = await connection()
    await using other = await connection()
    let now = store
    const settled = createSettled({
      horizon: (after) => now.audit.horizon(after),
      isReached: (horizon) => now.audit.isReached(horizon),
    })
    await long.query('BEGIN')
    await book(long, 'test/long')
    await book(other, 'test/short')
    expect(await settled(0n, never, 0)).toBeNull()
    await long.query('COMMIT')
    const restoredUrl = await createDatabase()
    now = openStore(restoredUrl)
    await using late = await connection(restoredUrl)
    await using quick = await connection(restoredUrl)
    const rows = await now.mailboxes.ensure([{ name: 'help', url: 'pop3://help@127.0.0.1', source: 'pop3 127.0.0.1' }])
    mailboxId = rows.get('help')?.id ?? ''
    await late.query('BEGIN')
    await book(late, 'test/late')
    await book(quick, 'test/quick')
    expect(await settled(0n, never, 0)).toBeNull()
    await late.query('COMMIT')
    expect(await settled(0n, never, PATIENT.patienceMilliseconds)).toBe(2n)
    await now.close()
  })

  test('does not go on with a chain whose end was cut while it ran: who changed it would have it sealed again', async () => {
    await using client = await connection()
    const sealDue = createSealing(store.audit, KEYS)
    await book(client, 'test/one', 2)
    await sealDue(never, { ...PATIENT, eventsASeal: 1 })
    await client.query(unguarded(`DELETE FROM audit_seals WHERE number = 2; UPDATE inbound_events SET code = 'x'`))
    const again = () => sealDue(never, PATIENT)
    await expect(again()).rejects.toMatchObject({ code: 'audit/broken', context: { seal: '2' } })
    await expect(again()).rejects.toMatchObject({ code: 'audit/broken' })
    expect(await sealedIds(client)).toHaveLength(1)
  })

  test('goes on after an id that somebody has chosen far away', async () => {
    await using client = await connection()
    for (const id of [1, -3, 5_000_000_000, 2 ** 52]) {
      await client.query(`INSERT INTO inbound_events (id, mailbox_id, code) VALUES ($1, $2, 'test/far')`, [
        id,
        mailboxId,
      ])
    }
    await createSealing(store.audit, [])(never, PATIENT)
    expect(await verifyChain(store.audit, [])).toMatchObject({ events: 4, finding: null })
    await client.query(unguarded(`UPDATE inbound_events SET code = 'x' WHERE id > 5000000000`))
    expect((await verifyChain(store.audit, [])).finding).toMatchObject({
      kind: 'event-changed',
      event: String(2 ** 52),
    })
  })

  test('what was changed is told of as that, not as moved to an event that is like it in all but its id', async () => {
    await using client = await connection()
    await client.query(
      `INSERT INTO inbound_events (id, mailbox_id, code, at) SELECT id, $1, 'test/twin', '2026-11-02' FROM generate_series(1, 3) AS id`,
      [mailboxId],
    )
    await createSealing(store.audit, [])(never, PATIENT)
    await client.query(unguarded(`UPDATE inbound_events SET code = 'x' WHERE id = 2`))
    expect((await verifyChain(store.audit, [])).finding).toMatchObject({ kind: 'event-changed', event: '2' })
  })

  test('rolled-back transactions leave holes that nobody waits for', async () => {
    await using client = await connection()
    await client.query('BEGIN')
    await book(client, 'test/gone', 3)
    await client.query('ROLLBACK')
    const [id] = await book(client, 'test/one')
    await createSealing(store.audit, [])(never, PATIENT)
    expect(await sealedIds(client)).toEqual([{ ids: 1, first: id, last: id }])
  })

  test('many writers with transactions long and short: every event is in exactly one seal', async () => {
    const sealDue = createSealing(store.audit, [])
    const writing = Promise.all(Array.from({ length: WRITERS }, write))
    let isWriting = true
    void writing.finally(() => {
      isWriting = false
    })
    let looks = 0
    while (isWriting) {
      await sealDue(never, { patienceMilliseconds: 50, eventsASeal: 50 })
      looks += 1
    }
    await writing
    // The first ends what an earlier look may still have waited for, the second what came after that.
    for (let last = 0; last < 2; last += 1) await sealDue(never, PATIENT)
    expect(looks).toBeGreaterThan(2)
    expect(await verifyChain(store.audit, [])).toMatchObject({
      ...{ events: WRITERS * TURNS * 2, unsealed: { events: 0 }, finding: null },
    })
  })

  const WRITERS = 12
  const TURNS = 20

  /** Some of the others commit higher ids between the two. */
  async function write(): Promise<void> {
    await using client = await connection()
    for (let turn = 0; turn < TURNS; turn += 1) {
      await client.query('BEGIN')
      await book(client, 'test/a')
      await client.query('SELECT pg_sleep(random() * 0.02)')
      await book(client, 'test/b')
      await client.query('COMMIT')
    }
  }

  test('where a key takes over, a seal of no events says so', async () => {
    await using client = await connection()
    await book(client, 'test/one')
    await createSealing(store.audit, [])(never, PATIENT)
    const keys = sealKeysOf([Buffer.alloc(32, 1)])
    expect(await createSealing(store.audit, keys)(never, PATIENT)).toMatchObject({ seals: 1, events: 0 })
    expect(await createSealing(store.audit, keys)(never, PATIENT)).toMatchObject({ seals: 0 })
    expect(await store.audit.head()).toMatchObject({ number: '2', firstEventId: null, keyId: keys[0]?.id })
  })

  test('a chain that was made with a key is not gone on with without one', async () => {
    await using client = await connection()
    await book(client, 'test/one')
    await createSealing(store.audit, sealKeysOf([Buffer.alloc(32, 1)]))(never, PATIENT)
    await book(client, 'test/two')
    await expect(createSealing(store.audit, [])(never, PATIENT)).rejects.toMatchObject({ code: 'audit/key-missing' })
  })
})
