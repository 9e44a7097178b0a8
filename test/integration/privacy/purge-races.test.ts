/** What retention meets at the moment it runs, each interleaving held still by a lock: nothing is lost, nothing is half, and nobody is ended for a deadlock. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keepingOf } from '../../../src/commands/retention-duty.ts'
import { openDatabase } from '../../../src/store/database.ts'
import { retention } from '../../../src/store/retention.ts'
import { createThreadIndex } from '../../../src/ticketing/index-threads.ts'
import { createParsePool } from '../../../src/ticketing/parse-pool.ts'
import { erase } from '../../../src/upkeep/erase.ts'
import { createMailReader } from '../../../src/upkeep/mail-reader.ts'
import { personWith } from '../../../src/upkeep/person.ts'
import { purgeDue } from '../../../src/upkeep/retention.ts'
import { type Acknowledging, never, openAcknowledging } from '../../support/acknowledging.ts'
import { hold } from '../../support/holding.ts'
import { absenceNote, mail } from '../../support/mails.ts'
import { snapshot } from '../../support/snapshot.ts'
import { tracesInDatabase } from '../../support/traces.ts'

const ZOE = 'zoe.quagga@canary.example'
const DAY_SECONDS = 86_400

let desk: Acknowledging
let empty: () => Promise<void>
beforeAll(async () => {
  desk = await openAcknowledging()
  empty = await snapshot(desk.query)
})
beforeEach(() => empty())
afterAll(() => desk[Symbol.asyncDispose]())

const purge = (what: 'raw' | 'content') => {
  const [{ mailboxId } = { mailboxId: '' }] = keepingOf(desk.worker.app)
  const [rawSeconds, contentSeconds] = what === 'raw' ? [DAY_SECONDS, null] : [null, DAY_SECONDS]
  return purgeDue(desk.worker.app.store, [{ mailboxId, rawSeconds, contentSeconds }], never)
}

const eraseZoe = async () => {
  const pool = createParsePool({ threads: 1 })
  const options = { by: 'test', mentions: false, isDryRun: false, signal: never }
  const { erasure, raw } = desk.worker.app.store
  return await erase(erasure, createMailReader(raw, pool.parse), personWith(ZOE), options).finally(() => pool.close())
}

/** All tickets are closed, and all that is there is old. */
async function letAllBeDue(): Promise<void> {
  await desk.query(`UPDATE inbound_messages SET finished_at = finished_at - interval '2 days'`)
  await desk.query(`UPDATE raw_messages SET created_at = created_at - interval '2 days'`)
  await desk.query(`UPDATE tickets SET status = 'closed', updated_at = updated_at - interval '2 days'`)
}

async function takeInOld(...octets: readonly (Buffer | string)[]): Promise<void> {
  desk.deliver(...octets)
  await desk.takeIn()
  await letAllBeDue()
}

const idOf = async (subject: string) =>
  (await desk.query<{ id: string }>('SELECT id FROM inbound_messages WHERE subject = $1', [subject]))[0]?.id ?? ''

const isSound = async () => expect((await desk.worker.app.store.balance()).imbalances).toEqual([])
const toZoe = (id: string) => mail({ id, from: 'bert@example.com' }).toString().replace('To: ', `To: <${ZOE}>, `)

describe('the octets of a message', () => {
  const AWAY = 'Out of office: About it'

  test('go, and it cannot be worked again, if that is asked for while they are purged', async () => {
    await takeInOld(absenceNote({ id: 'away', about: 'none' }))
    const id = await idOf(AWAY)
    await using holding = await hold(desk.databaseUrl, 'SELECT FROM raw_chunks FOR UPDATE')
    const purging = purge('raw')
    await holding.untilBlocked(1)
    const again = desk.worker.app.store.messages.reprocess(id, { actor: 'test' })
    await holding.untilBlocked(2)
    await holding.commit()
    expect(await Promise.all([purging, again])).toEqual([{ raw: 1, content: 0 }, false])
    await isSound()
  })

  test('stay if it is to be worked again at that moment, and it is', async () => {
    await takeInOld(absenceNote({ id: 'away', about: 'none' }))
    const id = await idOf(AWAY)
    await using holding = await hold(desk.databaseUrl, 'SELECT FROM mailboxes FOR UPDATE')
    const again = desk.worker.app.store.messages.reprocess(id, { actor: 'test' })
    await holding.untilBlocked(1)
    expect(await purge('raw')).toEqual({ raw: 0, content: 0 })
    await holding.commit()
    expect(await again).toBe(true)
    await desk.worker.workOff()
    expect(await desk.query(`SELECT FROM inbound_events WHERE code = 'work/suppressed'`)).toHaveLength(2)
    await isSound()
  })

  test('are stored anew where another mailbox gets them while they are purged', async () => {
    await takeInOld(mail({ id: 'first' }))
    await desk.query(`INSERT INTO mailboxes (name, url) VALUES ('other', 'x')`)
    await desk.query(`UPDATE inbound_messages SET mailbox_id = (SELECT id FROM mailboxes WHERE name = 'other')`)
    const [{ id } = { id: '' }] = await desk.query<{ id: string }>(`SELECT id FROM mailboxes WHERE name = 'other'`)
    await using holding = await hold(desk.databaseUrl, 'SELECT FROM raw_chunks FOR UPDATE')
    const keeping = [{ mailboxId: id, rawSeconds: DAY_SECONDS, contentSeconds: null }]
    const purging = purgeDue(desk.worker.app.store, keeping, never)
    await holding.untilBlocked(1)
    desk.deliver(mail({ id: 'first' }))
    const coming = desk.takeIn()
    await holding.untilBlocked(2)
    await holding.commit()
    expect(await purging).toEqual({ raw: 1, content: 0 })
    await coming
    expect(
      await desk.query(
        'SELECT purged_at, octets IS NOT NULL AS there FROM raw_messages JOIN raw_chunks USING (sha256)',
      ),
    ).toEqual([{ purged_at: null, there: true }])
    expect(await desk.query(`SELECT count(*)::int FROM inbound_messages WHERE state = 'ticketed'`)).toEqual([
      { count: 2 },
    ])
  })
})

describe('what a message says', () => {
  const reply = mail({ id: 'reply', inReplyTo: 'first' })
  const said = () => desk.query(`SELECT text IS NOT NULL AS says FROM ticket_entries ORDER BY created_at`)

  test('stays if a reply comes onto its ticket at that moment', async () => {
    await takeInOld(mail({ id: 'first' }))
    desk.deliver(reply)
    await desk.worker.poll({ wake: async () => undefined })
    await using holding = await hold(desk.databaseUrl, 'SELECT FROM mailboxes FOR UPDATE')
    const working = desk.worker.workOff()
    await holding.untilBlocked(1)
    expect(await purge('content')).toEqual({ raw: 0, content: 0 })
    await holding.commit()
    await working
    expect(await said()).toEqual([{ says: true }, { says: true }])
    await isSound()
  })

  test('goes if a reply comes while it is purged, which then opens the ticket again with what it says itself', async () => {
    await takeInOld(mail({ id: 'first' }))
    desk.deliver(reply)
    await desk.worker.poll({ wake: async () => undefined })
    await using holding = await hold(desk.databaseUrl, 'SELECT FROM ticket_participants FOR UPDATE')
    const purging = purge('content')
    await holding.untilBlocked(1)
    const working = desk.worker.workOff()
    await holding.untilBlocked(2)
    await holding.commit()
    expect(await purging).toEqual({ raw: 0, content: 1 })
    await working
    expect(await said()).toEqual([{ says: false }, { says: true }])
    expect(await desk.query('SELECT status::text FROM tickets')).toEqual([{ status: 'open' }])
    await isSound()
  })

  test('stays if something came onto its ticket, which was closed again, between two looks', async () => {
    await takeInOld(mail({ id: 'first' }))
    const database = openDatabase(desk.databaseUrl)
    const between = retention({
      ...database,
      transaction: (work) =>
        database.transaction((query) =>
          work(async (statement) => {
            const rows = await query<never>(statement)
            if (statement.name === 'retention-content-due') await desk.query('UPDATE tickets SET updated_at = now()')
            return rows
          }),
        ),
    })
    const [{ mailboxId } = { mailboxId: '' }] = keepingOf(desk.worker.app)
    const keeping = [{ mailboxId, rawSeconds: null, contentSeconds: DAY_SECONDS }]
    expect(await between.purgeContent(keeping, null, 10)).toMatchObject({ messages: 0 })
    await database.close()
    expect(await said()).toEqual([{ says: true }])
  })

  test('goes with what is erased at that moment from the same mails', async () => {
    await takeInOld(toZoe('one'), toZoe('two'))
    const first = `SELECT FROM ticket_entries WHERE ctid = (SELECT min(ctid) FROM ticket_entries) FOR UPDATE`
    await using holding = await hold(desk.databaseUrl, first)
    const purging = purge('content')
    await holding.untilBlocked(1)
    const [last] = (await desk.query<{ id: string }>('SELECT id FROM ticket_entries ORDER BY ctid DESC LIMIT 1')).map(
      ({ id }) => id,
    )
    const writing = desk.worker.app.store.erasure.removeRecipients([last ?? ''], [ZOE], 'test')
    await holding.untilBlocked(2, writing)
    await holding.commit()
    expect(await purging).toEqual({ raw: 0, content: 2 })
    await writing
    await eraseZoe()
    expect(await tracesInDatabase(desk.query, [ZOE])).toEqual([`public.raw_chunks.octets: ${ZOE}`])
    await isSound()
  })

  test('is there again where the message was worked again: it is purged again, and erased', async () => {
    await takeInOld(absenceNote({ id: 'away', about: 'none' }).toString().replaceAll('dora@example.com', ZOE))
    expect(await purge('content')).toEqual({ raw: 0, content: 1 })
    const [{ id } = { id: '' }] = await desk.query<{ id: string }>('SELECT id FROM inbound_messages')
    expect(await desk.worker.app.store.messages.reprocess(id, { actor: 'test' })).toBe(true)
    await desk.worker.workOff()
    await letAllBeDue()
    expect(await purge('raw')).toEqual({ raw: 1, content: 0 })
    expect(await tracesInDatabase(desk.query, [ZOE])).toEqual([`public.inbound_messages.from_address: ${ZOE}`])
    expect(await purge('content')).toEqual({ raw: 0, content: 1 })
    await eraseZoe()
    expect(await tracesInDatabase(desk.query, [ZOE])).toEqual([])
    await isSound()
  })

  test('goes from the subjects of all tickets that became this one, one after the other', async () => {
    for (const [id, inReplyTo] of [
      ['first', 'none'],
      ['third', 'second'],
      ['fifth', 'fourth'],
    ] as const) {
      desk.deliver(mail({ id, inReplyTo }))
      await desk.takeIn()
    }
    desk.deliver(mail({ id: 'fourth', inReplyTo: 'third' }))
    await desk.takeIn()
    desk.deliver(mail({ id: 'second', inReplyTo: 'first' }))
    await desk.takeIn()
    expect(
      await desk.query(
        'SELECT t.subject, onto.subject AS onto FROM tickets t JOIN tickets onto ON onto.id = t.merged_into_id ORDER BY t.number',
      ),
    ).toEqual([
      { subject: 'About third', onto: 'About first' },
      { subject: 'About fifth', onto: 'About third' },
    ])
    await desk.query(`UPDATE tickets SET status = 'closed' WHERE status = 'open'`)
    await desk.query(`UPDATE inbound_messages SET finished_at = finished_at - interval '2 days'`)
    await desk.query(`UPDATE tickets SET updated_at = updated_at - interval '2 days'`)
    expect(await purge('content')).toEqual({ raw: 0, content: 5 })
    expect(await desk.query(`SELECT number, subject FROM tickets WHERE subject <> ''`)).toEqual([])
  })
})

describe('an erasure', () => {
  test('lets a worker end that is about to put a mail of hers on her ticket, and takes that, too', async () => {
    desk.deliver(mail({ id: 'first', from: ZOE }))
    await desk.takeIn()
    await desk.query(`UPDATE contacts SET name = ''`)
    desk.deliver(mail({ id: 'reply', from: ZOE, inReplyTo: 'first' }))
    await desk.worker.poll({ wake: async () => undefined })
    await createThreadIndex(desk.worker.app.store)(keepingOf(desk.worker.app)[0]?.mailboxId ?? '')
    await using holding = await hold(
      desk.databaseUrl,
      `SELECT FROM inbound_messages WHERE state = 'received' FOR UPDATE`,
    )
    const working = desk.worker.workOff()
    await holding.untilBlocked(1)
    const contacts = await desk.query<{ id: string }>('SELECT id FROM contacts')
    const erasing = desk.worker.app.store.erasure.blankContacts(contacts.map(({ id }) => id))
    await holding.untilBlocked(2)
    await holding.commit()
    expect(await erasing).toBe(1)
    await working
    expect(await desk.query('SELECT address, name FROM contacts')).toEqual([{ address: '', name: '' }])
    await eraseZoe()
    expect(await tracesInDatabase(desk.query, [ZOE])).toEqual([])
    await isSound()
  })

  test('begins anew where PostgreSQL has ended it for a deadlock, and tells of all that went', async () => {
    desk.deliver(mail({ id: 'first', from: ZOE }))
    await desk.takeIn()
    await using holding = await hold(
      desk.databaseUrl,
      `SET deadlock_timeout = '1h'; SELECT FROM inbound_messages FOR UPDATE`,
    )
    const erasing = eraseZoe()
    await holding.untilBlocked(1)
    await holding.query('SELECT FROM raw_messages FOR UPDATE')
    await holding.commit()
    expect(await erasing).toMatchObject({ messages: 1, octets: mail({ id: 'first', from: ZOE }).length, tickets: 1 })
    await isSound()
  })
})
