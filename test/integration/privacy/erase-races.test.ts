/** What `erase` meets at the moment it runs, each interleaving held still by a lock; and mail that came by a form or was merged. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createThreadIndex } from '../../../src/ticketing/index-threads.ts'
import { createParsePool } from '../../../src/ticketing/parse-pool.ts'
import { erase } from '../../../src/upkeep/erase.ts'
import { createMailReader } from '../../../src/upkeep/mail-reader.ts'
import { personWith } from '../../../src/upkeep/person.ts'
import { type Acknowledging, never, openAcknowledging } from '../../support/acknowledging.ts'
import { hold } from '../../support/holding.ts'
import { mail } from '../../support/mails.ts'
import { rulesFile } from '../../support/rules-desk.ts'
import { tracesInDatabase } from '../../support/traces.ts'

const ZOE = 'zoe.quagga@canary.example'
const WORDS = [ZOE, 'zebrafinch']

const lines = (...fields: string[]) =>
  [...fields, 'Date: Mon, 02 Nov 2026 09:00:00 +0000', '', 'The zebrafinch is ill.', ''].join('\r\n')
const hers = lines(`From: <${ZOE}>`, 'To: support@example.org', 'Subject: zebrafinch', `Message-ID: <1-${ZOE}>`)
const absent = lines(`From: <${ZOE}>`, 'To: support@example.org', 'Subject: Away', 'Auto-Submitted: auto-replied')
const form = lines('From: <form@shop.example>', `Reply-To: <${ZOE}>`, 'To: support@example.org', 'Subject: zebrafinch')
const ofTwo = lines(`From: <ada@example.com>, <${ZOE}>`, 'To: support@example.org', 'Subject: zebrafinch')

const FORMS = `rules:
  - name: form
    when: { from: form@shop.example }
    then: { requester: reply-to }
`

let desk: Acknowledging
beforeEach(async () => {
  desk = await openAcknowledging({ env: { MAILCHUTE_RULES: await rulesFile(FORMS) } })
})
afterEach(() => desk[Symbol.asyncDispose]())

async function erased(erasure = desk.worker.app.store.erasure, address = ZOE) {
  const pool = createParsePool()
  const options = { by: 'test', mentions: false, isDryRun: false, signal: never }
  const reader = createMailReader(desk.worker.app.store.raw, pool.parse)
  return await erase(erasure, reader, personWith(address), options).finally(() => pool.close())
}

async function leaveWaiting(octets: string): Promise<string> {
  desk.deliver(octets)
  await desk.worker.poll({ wake: async () => undefined })
  return (await desk.query<{ id: string }>('SELECT id FROM inbound_messages'))[0]?.id ?? ''
}

const isSound = async () => {
  expect(await tracesInDatabase(desk.query, WORDS)).toEqual([])
  expect((await desk.worker.app.store.balance()).imbalances).toEqual([])
}

/** As the worker does it (ticket-finish.ts), into the ticket of another mail. */
async function mergeInto(subject: string): Promise<void> {
  const others = `SELECT id FROM tickets WHERE subject = '${subject}'`
  await desk.query(`UPDATE ticket_entries SET ticket_id = (${others})`)
  await desk.query(`INSERT INTO ticket_participants SELECT (${others}), address_sha256, address FROM ticket_participants
    ON CONFLICT DO NOTHING`)
  await desk.query(`UPDATE tickets SET status = 'merged', merged_into_id = (${others}) WHERE subject <> '${subject}'`)
  await desk.query(`INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
    SELECT v.inbound_message_id, v.mailbox_id, v.code, v.detail || jsonb_build_object('absorbed', (
      SELECT jsonb_agg(id) FROM tickets WHERE merged_into_id = t.id))
    FROM inbound_events v JOIN tickets t ON t.number::text = v.detail->>'ticket' AND t.subject = '${subject}'
    WHERE v.code = 'work/ticketed'`)
}

describe('erase', () => {
  test('takes a message along that another mailbox stores of the same octets at that moment', async () => {
    const id = await leaveWaiting(hers)
    await using storing = await hold(desk.databaseUrl, `INSERT INTO mailboxes (name, url) VALUES ('other', 'x')`)
    await storing.query(`INSERT INTO raw_messages (sha256, size_bytes) SELECT sha256, 1 FROM inbound_messages
      ON CONFLICT (sha256) DO UPDATE SET purged_at = NULL WHERE false`)
    await storing.query(`INSERT INTO inbound_messages (mailbox_id, sha256, unique_id)
      SELECT b.id, m.sha256, 'u' FROM mailboxes b, inbound_messages m WHERE b.name = 'other'`)
    const going = desk.worker.app.store.erasure.eraseMessages([id], 'test')
    await storing.untilBlocked(1)
    await storing.commit()
    expect(await going).toMatchObject({ messages: 2 })
    expect(await desk.query('SELECT DISTINCT state::text, reason FROM inbound_messages')).toEqual([
      { state: 'suppressed', reason: 'erased' },
    ])
  })

  test('is not undone by a look at threads that had read the message before', async () => {
    const id = await leaveWaiting(hers)
    const { store } = desk.worker.app
    await using holding = await hold(desk.databaseUrl, 'SELECT')
    const { rows } = await holding.query('SELECT mailbox_id FROM inbound_messages FOR UPDATE')
    const going = store.erasure.eraseMessages([id], 'test')
    await holding.untilBlocked(1)
    const indexing = createThreadIndex(store)(rows[0]?.['mailbox_id'] ?? '')
    await holding.untilBlocked(2)
    await holding.commit()
    await Promise.all([going, indexing])
    expect(await desk.query('SELECT message_id FROM inbound_messages')).toEqual([{ message_id: null }])
    await isSound()
  })

  test('finds what a worker reads between two of its looks', async () => {
    await leaveWaiting(absent)
    const { erasure } = desk.worker.app.store
    const unread: typeof erasure.unread = async (...asked) => {
      await desk.worker.workOff()
      return await erasure.unread(...asked)
    }
    expect(await erased({ ...erasure, unread })).toMatchObject({ messages: 1 })
    await isSound()
  })

  test('brings nobody back who is erased from the same recipients at that moment', async () => {
    const yan = 'yan.yak@canary.example'
    desk.deliver(mail({ id: 'both' }).toString().replace('To: ', `Cc: ${ZOE}, ${yan}\r\nTo: `))
    await desk.takeIn()
    const { erasure } = desk.worker.app.store
    const recipients: typeof erasure.recipients = async (...asked) => {
      const found = await erasure.recipients(...asked)
      expect(await erased(erasure, yan)).toMatchObject({ recipients: 1 })
      return found
    }
    expect(await erased({ ...erasure, recipients })).toMatchObject({ recipients: 1 })
    const left = `SELECT r->>'address' AS address FROM ticket_entries e, jsonb_array_elements(e.recipients) r`
    expect(await desk.query(left)).toEqual([{ address: 'support@example.org' }])
  })

  test('leaves no recipients of others where these were purged at that moment', async () => {
    desk.deliver(mail({ id: 'both' }).toString().replace('To: ', `Cc: ${ZOE}, bob@example.com\r\nTo: `))
    await desk.takeIn()
    const { erasure } = desk.worker.app.store
    const recipients: typeof erasure.recipients = async (...asked) => {
      const found = await erasure.recipients(...asked)
      await desk.query(`UPDATE ticket_entries SET recipients = '[]'`)
      return found
    }
    await erased({ ...erasure, recipients })
    expect(await desk.query('SELECT recipients FROM ticket_entries')).toEqual([{ recipients: [] }])
    const told = `SELECT detail->>'what' AS what FROM inbound_events WHERE code = 'operator/erased'`
    expect(await desk.query(told)).toEqual([])
  })

  describe('of who takes part in a ticket that becomes another one', () => {
    /** The reply came first, and opened a ticket for lack of the mail that it answers. */
    const beforeMerge = async () => {
      desk.deliver(mail({ id: 'first' }))
      await desk.takeIn()
      desk.deliver(mail({ id: 'third', inReplyTo: 'second' }).toString().replace('To: ', `Cc: ${ZOE}\r\nTo: `))
      await desk.takeIn()
      await leaveWaiting(mail({ id: 'second', inReplyTo: 'first' }).toString())
      const { store } = desk.worker.app
      const [{ mailbox_id: mailboxId } = { mailbox_id: '' }] = await desk.query<{ mailbox_id: string }>(
        'SELECT mailbox_id FROM inbound_messages',
      )
      await createThreadIndex(store)(mailboxId)
      return store
    }
    const takePart = () => desk.query(`SELECT address FROM ticket_participants WHERE address = '${ZOE}'`)
    const isMerged = async () =>
      expect(await desk.query(`SELECT status FROM tickets WHERE status = 'merged'`)).toHaveLength(1)

    test('takes her out of that one as well', async () => {
      const { erasure } = await beforeMerge()
      const participants: typeof erasure.participants = async (...asked) => {
        const found = await erasure.participants(...asked)
        await desk.worker.workOff()
        return found
      }
      expect(await erased({ ...erasure, participants })).toMatchObject({ participants: 2 })
      await isMerged()
      expect(await takePart()).toEqual([])
    })

    test('a worker that saw her there looks again', async () => {
      const { erasure } = await beforeMerge()
      const rows = await erasure.participants(personWith(ZOE), null, 10)
      await using holding = await hold(
        desk.databaseUrl,
        `SELECT FROM ticket_participants WHERE address = '${ZOE}' FOR UPDATE`,
      )
      const removing = erasure.removeParticipants(rows)
      await holding.untilBlocked(1)
      const working = desk.worker.workOff()
      await holding.untilBlocked(2)
      await holding.commit()
      await Promise.all([removing, working])
      await isMerged()
      expect(await takePart()).toEqual([])
    })
  })

  test('finds what she wrote into a form (`requester: reply-to`), but not what others answered to her', async () => {
    desk.deliver(mail({ id: 'before' }), form, mail({ id: 'after' }))
    await desk.takeIn()
    expect(await erased()).toMatchObject({ messages: 1, contacts: 1, tickets: 1 })
    await isSound()
  })

  test('finds it also where its ticket was merged into another', async () => {
    desk.deliver(mail({ id: 'other' }))
    await desk.takeIn()
    desk.deliver(form)
    await desk.takeIn()
    await mergeInto('About other')
    expect(await erased()).toMatchObject({ messages: 1 })
    expect(await desk.query(`SELECT subject FROM tickets WHERE subject <> ''`)).toEqual([{ subject: 'About other' }])
    await isSound()
  })

  test('empties the subject of a ticket that was merged, though its requester is somebody else', async () => {
    desk.deliver(mail({ id: 'other' }))
    await desk.takeIn()
    desk.deliver(ofTwo)
    await desk.takeIn()
    await mergeInto('About other')
    expect(await erased()).toMatchObject({ messages: 1, tickets: 1 })
    await isSound()
  })
})
