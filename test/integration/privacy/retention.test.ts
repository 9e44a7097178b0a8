import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keepingOf } from '../../../src/commands/retention-duty.ts'
import { purgeDue } from '../../../src/upkeep/retention.ts'
import { type Acknowledging, never, openAcknowledging } from '../../support/acknowledging.ts'
import { absenceNote, mail } from '../../support/mails.ts'
import { buildProgram, run, start } from '../../support/program.ts'
import { tracesInDatabase } from '../../support/traces.ts'

const DAY_SECONDS = 86_400
const WORDS = ['carla@example.com', 'About first', 'this is first']

beforeAll(buildProgram, 300_000)

let desk: Acknowledging
beforeEach(async () => {
  desk = await openAcknowledging()
})
afterEach(() => desk[Symbol.asyncDispose]())

interface Days {
  readonly raw?: number
  readonly content?: number
}

const inSeconds = (days: number | undefined) => (days === undefined ? null : days * DAY_SECONDS)

const purge = ({ raw, content }: Days, limit?: number) => {
  const [{ mailboxId } = { mailboxId: '' }] = keepingOf(desk.worker.app)
  const keeping = [{ mailboxId, rawSeconds: inSeconds(raw), contentSeconds: inSeconds(content) }]
  return purgeDue(desk.worker.app.store, keeping, never, limit)
}

/** All that is there becomes so much older. */
const age = async (days: number) => {
  const older = `- interval '${days} days'`
  await desk.query(`UPDATE inbound_messages SET finished_at = finished_at ${older}`)
  await desk.query(`UPDATE raw_messages SET created_at = created_at ${older}`)
  await desk.query(`UPDATE tickets SET updated_at = updated_at ${older}`)
}

const isSound = async () => {
  expect((await desk.worker.app.store.balance()).imbalances).toEqual([])
  const { code, stdout } = await run(['audit', 'verify', '--raw', '--json'], desk.env)
  expect(code).toBe(0)
  return JSON.parse(stdout.toString())
}

const chunks = async () => (await desk.query('SELECT FROM raw_chunks')).length

describe('the octets of a message', () => {
  test('are purged when it has been finished for so long; digest and size stay, and an event says so', async () => {
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await age(89)
    expect(await purge({ raw: 90 })).toEqual({ raw: 0, content: 0 })
    await age(2)
    expect(await purge({ raw: 90 })).toEqual({ raw: 1, content: 0 })
    expect(await chunks()).toBe(0)
    expect(await desk.query('SELECT size_bytes > 0 AS sized, purged_at <= now() AS purged FROM raw_messages')).toEqual([
      { sized: true, purged: true },
    ])
    expect(await desk.query(`SELECT FROM inbound_events WHERE code = 'retention/raw-purged'`)).toHaveLength(1)
    expect(await isSound()).toMatchObject({ raw: { messages: 0, damaged: [], purged: 1, notGone: [] } })
    expect(await purge({ raw: 90 })).toEqual({ raw: 0, content: 0 })
  })

  test('stay where nothing is set, where it waits, and where it is held', async () => {
    desk.deliver(mail({ id: 'first' }), mail({ id: 'second' }))
    await desk.takeIn()
    await desk.worker.poll({ wake: async () => undefined })
    await age(1000)
    expect(await purge({})).toEqual({ raw: 0, content: 0 })
    await desk.query(
      `UPDATE inbound_messages SET state = 'quarantined' WHERE id = (SELECT min(id::text)::uuid FROM inbound_messages)`,
    )
    await desk.query(`UPDATE inbound_messages SET state = 'received' WHERE state <> 'quarantined'`)
    expect(await purge({ raw: 0, content: 0 })).toEqual({ raw: 0, content: 0 })
    expect(await chunks()).toBe(2)
  })

  test('go in batches of bounded size, and all of them', async () => {
    desk.deliver(...['a', 'b', 'c', 'd', 'e'].map((id) => mail({ id })))
    await desk.takeIn()
    await age(2)
    expect(await purge({ raw: 1 }, 2)).toEqual({ raw: 5, content: 0 })
    expect(await chunks()).toBe(0)
  })

  test('that two mailboxes have are purged only when both allow it', async () => {
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await desk.query(`INSERT INTO mailboxes (name, url) VALUES ('other', 'x')`)
    await desk.query(`INSERT INTO inbound_messages (mailbox_id, sha256, unique_id, state, finished_at)
      SELECT b.id, m.sha256, 'u', 'ticketed', now() FROM mailboxes b, inbound_messages m WHERE b.name = 'other'`)
    await age(100)
    expect(await purge({ raw: 1 })).toEqual({ raw: 0, content: 0 })
    const [{ id } = { id: '' }] = await desk.query<{ id: string }>(`SELECT id FROM mailboxes WHERE name = 'other'`)
    const [mine] = keepingOf(desk.worker.app)
    const keeping = [
      { mailboxId: id, rawSeconds: 99 * DAY_SECONDS, contentSeconds: null },
      { mailboxId: mine?.mailboxId ?? '', rawSeconds: 1, contentSeconds: null },
    ]
    expect(await purgeDue(desk.worker.app.store, keeping, never)).toEqual({ raw: 2, content: 0 })
  })

  test('are known by their digest when the server lists them again: nothing is stored, nothing is worked', async () => {
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await age(2)
    await purge({ raw: 1, content: 1 })
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    expect(await chunks()).toBe(0)
    expect(await desk.query('SELECT count(*)::int FROM inbound_messages')).toEqual([{ count: 1 }])
    expect(await desk.query('SELECT FROM remote_messages WHERE stored_at IS NULL OR delete_asked_at IS NULL')).toEqual(
      [],
    )
    await isSound()
  })

  test('are stored anew where another mailbox gets them', async () => {
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await age(2)
    await purge({ raw: 1 })
    await desk.query(`INSERT INTO mailboxes (name, url) VALUES ('other', 'x')`)
    await desk.query(`UPDATE inbound_messages SET mailbox_id = (SELECT id FROM mailboxes WHERE name = 'other')`)
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    expect(await chunks()).toBe(1)
    expect(await desk.query('SELECT purged_at FROM raw_messages')).toEqual([{ purged_at: null }])
    expect(await desk.query('SELECT state::text FROM inbound_messages ORDER BY received_at')).toEqual([
      { state: 'ticketed' },
      { state: 'ticketed' },
    ])
  })

  test('are asked for in vain: messages raw and reprocess say store/purged, and end with 65', async () => {
    desk.deliver(absenceNote({ id: 'away', about: 'first' }))
    await desk.takeIn()
    await age(2)
    await purge({ raw: 1 })
    const [{ id } = { id: '' }] = await desk.query<{ id: string }>('SELECT id FROM inbound_messages')
    for (const command of ['raw', 'reprocess']) {
      expect(await run(['messages', command, id], desk.env)).toMatchObject({
        code: 65,
        stderr: expect.stringContaining('store/purged'),
      })
    }
    expect(await desk.worker.app.store.messages.reprocess(id, { actor: 'test' })).toBe(false)
  })
})

describe('what a message says', () => {
  test('is purged when its ticket is closed and quiet for so long, and nothing of it is left', async () => {
    desk.deliver(mail({ id: 'first' }), absenceNote({ id: 'away', about: 'none' }))
    await desk.takeIn()
    await desk.send()
    await age(40)
    expect(await purge({ raw: 30, content: 30 })).toEqual({ raw: 2, content: 1 })
    expect(await tracesInDatabase(desk.query, ['About first', 'dora@'])).not.toContain('dora@')
    await desk.query(`UPDATE tickets SET status = 'closed'`)
    expect(await purge({ content: 41 })).toEqual({ raw: 0, content: 0 })
    expect(await purge({ content: 30 })).toEqual({ raw: 0, content: 1 })
    // A contact's address stays: it is what undeliverable and new mail are known by.
    expect(await tracesInDatabase(desk.query, WORDS)).toEqual(['public.contacts.address: carla@example.com'])
    expect(await desk.query(`SELECT FROM contacts WHERE name <> ''`)).toEqual([])
    await isSound()
  })

  test('stays while its ticket is open, or had an entry since', async () => {
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await age(40)
    desk.deliver(mail({ id: 'second', inReplyTo: 'first' }))
    await desk.takeIn()
    expect(await purge({ content: 30 })).toEqual({ raw: 0, content: 0 })
    await desk.query(`UPDATE tickets SET status = 'closed'`)
    expect(await purge({ content: 30 })).toEqual({ raw: 0, content: 0 })
    await age(31)
    expect(await purge({ content: 30 })).toEqual({ raw: 0, content: 2 })
  })

  test('is purged by `run`, which tells how much', async () => {
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await desk.query(`UPDATE tickets SET status = 'closed'`)
    await age(2)
    const running = start(['run', '--only', 'work'], {
      ...desk.env,
      MAILBOX_TEST_KEEP_RAW: '1d',
      MAILCHUTE_KEEP_CONTENT: '36h',
    })
    expect(await running.line(({ event }) => event === 'retention.purged')).toMatchObject({ raw: 1, content: 1 })
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0 })
  })

  test('is one process at a time: who comes second does nothing', async () => {
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await age(2)
    await desk.query(`SELECT pg_advisory_lock(hashtextextended('mailchute retention', 0))`)
    expect(await purge({ raw: 1 })).toEqual({ raw: 0, content: 0 })
    await desk.query(`SELECT pg_advisory_unlock(hashtextextended('mailchute retention', 0))`)
    expect(await purge({ raw: 1 })).toEqual({ raw: 1, content: 0 })
  })
})
