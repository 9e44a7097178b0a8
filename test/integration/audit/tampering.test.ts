import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type SealKeys, sealKeysOf } from '../../../src/audit/keys.ts'
import { makeSeal, type NewSeal } from '../../../src/audit/seal.ts'
import { openStore } from '../../../src/store/store.ts'
import { verifyChain } from '../../../src/upkeep/verify-chain.ts'
import { type AuditLog, EVENTS_A_SEAL, KEYS, openAuditLog } from '../../support/audit-log.ts'

const EVENTS = 3 * EVENTS_A_SEAL

let log: AuditLog
let ids: string[]
beforeEach(async () => {
  log = await openAuditLog(EVENTS)
  ids = (await log.query<{ id: string }>('SELECT id FROM inbound_events ORDER BY id')).map(({ id }) => id)
})
afterEach(() => log[Symbol.asyncDispose]())

const idOf = (index: number): string => ids[index] ?? ''

async function findingAfter(sql: string) {
  await log.tamper(sql)
  return (await log.verify()).finding
}

describe('a chain that nobody touched', () => {
  test('verifies, and tells what it covers', async () => {
    await log.book(2)
    expect(await log.verify()).toMatchObject({
      ...{ seals: 3, events: EVENTS, finding: null },
      proofs: { proven: 0, unkeyed: 3, unknown: 0 },
      head: { number: '3' },
      unsealed: { events: 2 },
    })
  })

  test('of no events verifies, too', async () => {
    await using empty = await openAuditLog(0)
    expect(await empty.verify()).toMatchObject({ seals: 0, events: 0, head: null, finding: null })
  })

  test.each(['Pacific/Chatham', 'America/New_York'])(
    'verifies whatever the time zone and the date style of the database, as in %s',
    async (zone) => {
      const database = new URL(log.url).pathname.slice(1)
      await log.query(`ALTER DATABASE "${database}" SET timezone = '${zone}'`)
      await log.query(`ALTER DATABASE "${database}" SET datestyle = 'German'`)
      await log.book(1)
      await log.seal()
      const elsewhere = openStore(log.url)
      const verified = await verifyChain(elsewhere.audit, []).finally(() => elsewhere.close())
      expect(verified).toMatchObject({ seals: 4, events: EVENTS + 1, finding: null })
    },
  )
})

describe('an event', () => {
  test.each([
    ['inbound_message_id', `inbound_message_id = (SELECT id FROM inbound_messages)`],
    ['mailbox_id', `mailbox_id = (SELECT id FROM mailboxes WHERE name = 'other')`],
    ['at', `at = at + interval '1 millisecond'`],
    ['code', `code = 'test/other'`],
    ['code, by what looks like an end of its text', `code = code || '","detail":{}'`],
    ['detail', `detail = detail || '{"n": 0}'`],
    ['detail, deep within', `detail = jsonb_set(detail, '{list,1}', '"ä \\"quoted\\" \\\\ 9"')`],
    ['detail, by a key', `detail = detail || '{"more": null}'`],
    ['detail, by a type', `detail = detail || jsonb_build_object('n', detail->>'n')`],
  ])('whose %s is changed is named', async (_, set) => {
    await log.query(`INSERT INTO mailboxes (name, url) VALUES ('other', 'pop3://127.0.0.1')`)
    await log.query(`INSERT INTO raw_messages VALUES ('digest', 1)`)
    await log.query(`INSERT INTO inbound_messages (mailbox_id, sha256, unique_id) VALUES ($1, 'digest', 'u')`, [
      log.mailboxId,
    ])
    expect(await findingAfter(`UPDATE inbound_events SET ${set} WHERE id = ${idOf(6)}`)).toMatchObject({
      ...{ kind: 'event-changed', seal: '2', event: idOf(6) },
      message: `event ${idOf(6)} was changed (seal 2)`,
    })
  })

  test('whose column is made finer, and then changed by less than was kept, is named', async () => {
    const sql = 'ALTER TABLE inbound_events ALTER COLUMN at TYPE timestamptz(6)'
    await log.tamper(sql)
    expect((await log.verify()).finding).toBeNull()
    const set = `UPDATE inbound_events SET at = at + interval '1 microsecond' WHERE id = ${idOf(6)}`
    expect(await findingAfter(set)).toMatchObject({ kind: 'event-changed', event: idOf(6) })
  })

  test.each([0, 4, 5, 7, EVENTS - 1])('that is deleted is named: of %i', async (index) => {
    const seal = String(Math.floor(index / EVENTS_A_SEAL) + 1)
    expect(await findingAfter(`DELETE FROM inbound_events WHERE id = ${idOf(index)}`)).toMatchObject({
      ...{ kind: 'event-missing', seal, event: idOf(index) },
    })
  })

  test.each([
    ['before all', (): bigint => BigInt(idOf(0)) - 1n, '1'],
    ['with an id below zero', (): bigint => -7n, '1'],
    ['into a hole', (): bigint => BigInt(idOf(7)), '2'],
  ] as const)('that is added %s is named', async (_, id, seal) => {
    // A hole, as a transaction that was rolled back leaves it.
    await log.tamper(
      `DELETE FROM inbound_events WHERE id > ${idOf(6)}; DELETE FROM audit_seals WHERE number > 1; DELETE FROM inbound_events WHERE id = ${idOf(7)}`,
    )
    await log.book(2)
    await log.seal()
    expect((await log.verify()).finding).toBeNull()
    const insert = `INSERT INTO inbound_events (id, mailbox_id, code) VALUES (${id()}, '${log.mailboxId}', 'test/forged')`
    expect(await findingAfter(insert)).toMatchObject({ kind: 'event-added', seal, event: id().toString() })
  })

  test('two that change places are named', async () => {
    const [one, other] = [idOf(6), idOf(8)]
    const swap = [
      [one, '-1'],
      [other, one],
      ['-1', other],
    ].map(([from, to]) => `UPDATE inbound_events SET id = ${to} WHERE id = ${from}`)
    expect(await findingAfter(swap.join(';'))).toMatchObject({
      ...{ kind: 'event-moved', seal: '2', event: one },
      message: `event ${one} is now event ${other} (seal 2)`,
    })
  })

  test('one that is moved to the end of the log is missing where it was', async () => {
    expect(await findingAfter(`UPDATE inbound_events SET id = 1000 WHERE id = ${idOf(6)}`)).toMatchObject({
      ...{ kind: 'event-missing', seal: '2', event: idOf(6) },
    })
  })

  test('the first of many that were changed is named', async () => {
    expect(await findingAfter(`UPDATE inbound_events SET code = 'x' WHERE id >= ${idOf(3)}`)).toMatchObject({
      event: idOf(3),
    })
  })

  test('many that are added at once do not hide it', async () => {
    const insert = `INSERT INTO inbound_events (id, mailbox_id, code) SELECT -n, '${log.mailboxId}', 'x' FROM generate_series(1, 20000) n`
    expect(await findingAfter(insert)).toMatchObject({ kind: 'event-added', seal: '1', event: '-20000' })
  })
})

describe('a seal', () => {
  test.each([
    ['first_event_id', 'first_event_id = first_event_id + 1'],
    ['last_event_id', 'last_event_id = last_event_id - 1'],
    ['events', 'events = events - 1'],
    ['events_sha256', `events_sha256 = repeat('0', 64)`],
    ['marks', `marks = '\\x00'`],
    ['previous', `previous = repeat('1', 64)`],
    ['at', `at = at + interval '1 millisecond'`],
    ['key_id', `key_id = '0123456789abcdef'`],
    ['digest', `digest = repeat('2', 64)`],
  ])('whose %s is changed is named', async (_, set) => {
    expect(await findingAfter(`UPDATE audit_seals SET ${set} WHERE number = 2`)).toMatchObject({
      ...{ kind: 'seal-changed', seal: '2', event: null },
    })
  })

  test('whose mac is changed is named', async () => {
    expect(await findingAfter(`UPDATE audit_seals SET mac = repeat('3', 64) WHERE number = 2`)).toMatchObject({
      ...{ kind: 'seal-forged', seal: '2' },
    })
  })

  test.each(['1', '2'])('that is deleted is missing: %s', async (number) => {
    expect(await findingAfter(`DELETE FROM audit_seals WHERE number = ${number}`)).toMatchObject({
      ...{ kind: 'seal-missing', seal: number },
    })
  })

  test('whose number is changed is missing', async () => {
    expect(await findingAfter('UPDATE audit_seals SET number = 9 WHERE number = 3')).toMatchObject({
      ...{ kind: 'seal-missing', seal: '3' },
    })
  })

  test('that is made anew with its events breaks the chain at the next one', async () => {
    await log.tamper(`UPDATE inbound_events SET code = 'x' WHERE id = ${idOf(6)}`)
    await putSeal(await remade(2, []), log)
    expect((await log.verify()).finding).toMatchObject({ kind: 'chain-broken', seal: '3' })
  })
})

describe('the end of the chain', () => {
  const CUT = (): string => `DELETE FROM audit_seals WHERE number = 3; DELETE FROM inbound_events WHERE id > ${idOf(9)}`

  test('that is cut with its events does not show by itself', async () => {
    expect(await findingAfter(CUT())).toBeNull()
  })

  test('that is cut shows by a head that was noted elsewhere', async () => {
    const head = (await log.verify()).head?.digest ?? ''
    expect(await log.verify({ heads: [head] })).toMatchObject({ heads: [{ seal: '3' }], finding: null })
    await log.tamper(CUT())
    expect((await log.verify({ heads: [head] })).finding).toMatchObject({ kind: 'head-missing' })
  })

  test('may be later than the head that was noted', async () => {
    const head = (await log.verify()).head?.digest ?? ''
    await log.book(1)
    await log.seal()
    expect(await log.verify({ heads: [head.toUpperCase()] })).toMatchObject({
      seals: 4,
      heads: [{ seal: '3' }],
      finding: null,
    })
  })

  test('whose seal alone is cut leaves events that are not sealed', async () => {
    await log.tamper('DELETE FROM audit_seals WHERE number = 3')
    expect(await log.verify()).toMatchObject({ finding: null, unsealed: { events: EVENTS_A_SEAL } })
  })
})

describe('with a key', () => {
  beforeEach(async () => {
    await log[Symbol.asyncDispose]()
    log = await openAuditLog(EVENTS, KEYS)
    ids = (await log.query<{ id: string }>('SELECT id FROM inbound_events ORDER BY id')).map(({ id }) => id)
  })

  test('each seal is proven', async () => {
    expect(await log.verify()).toMatchObject({ proofs: { proven: 3, unkeyed: 0, unknown: 0 }, finding: null })
  })

  test('who has not the key cannot make the chain anew: neither with another one', async () => {
    const other = sealKeysOf([Buffer.alloc(32, 2)])
    await log.tamper(`UPDATE inbound_events SET code = 'x' WHERE id = ${idOf(11)}`)
    await putSeal(await remade(3, other), log)
    expect(await log.verify()).toMatchObject({ finding: { kind: 'key-unknown', seal: '3' }, proofs: { proven: 2 } })
    expect(await log.verify({ keys: [...other, ...KEYS] })).toMatchObject({ finding: null, proofs: { proven: 3 } })
    const [{ id: known } = { id: '' }] = KEYS
    await putSeal(
      {
        ...(await remade(
          3,
          other.map((key) => ({ ...key, id: known })),
        )),
      },
      log,
    )
    expect((await log.verify()).finding).toMatchObject({ kind: 'seal-forged', seal: '3' })
  })

  test('nor without one', async () => {
    await log.tamper(`UPDATE inbound_events SET code = 'x' WHERE id = ${idOf(11)}`)
    await putSeal(await remade(3, []), log)
    expect((await log.verify()).finding).toMatchObject({ kind: 'key-dropped', seal: '3' })
  })

  test('and the duty does not go on with what was changed', async () => {
    await log.tamper(`UPDATE audit_seals SET events = 4 WHERE number = 3`)
    await log.book(1)
    await expect(log.seal()).rejects.toMatchObject({ code: 'audit/broken' })
  })

  test('that is not set here, seals are told of as not proven', async () => {
    expect(await log.verify({ keys: [] })).toMatchObject({ proofs: { proven: 0, unknown: 3 }, finding: null })
  })
})

/** As somebody would make it who can write in the database. */
async function remade(number: number, keys: SealKeys): Promise<NewSeal> {
  const [previous] = await log.store.audit.seals(BigInt(number - 2), 1)
  const [seal] = await log.store.audit.seals(BigInt(number - 1), 1)
  const events = await log.store.audit.events(
    BigInt(previous?.lastEventId ?? 0) + 1n,
    BigInt(seal?.lastEventId ?? 0),
    1000,
  )
  return makeSeal(previous ?? null, events, seal?.at ?? '', keys[0] ?? null)
}

async function putSeal(seal: NewSeal, { tamper, query }: AuditLog): Promise<void> {
  const name = `scratch_${randomUUID().replaceAll('-', '')}`
  await query(`CREATE TABLE ${name} (digest text, events_sha256 text, marks bytea, key_id text, mac text)`)
  await query(`INSERT INTO ${name} VALUES ($1, $2, $3, $4, $5)`, [
    seal.digest,
    seal.eventsSha256,
    seal.marks,
    seal.keyId,
    seal.mac,
  ])
  await tamper(
    `UPDATE audit_seals s SET digest = n.digest, events_sha256 = n.events_sha256, marks = n.marks, key_id = n.key_id, mac = n.mac
     FROM ${name} n WHERE s.number = ${seal.number}`,
  )
}
