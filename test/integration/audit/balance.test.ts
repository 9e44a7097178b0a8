import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Balance } from '../../../src/store/balance.ts'
import { type Acknowledging, openAcknowledging } from '../../support/acknowledging.ts'
import { absenceNote, mail } from '../../support/mails.ts'
import { buildProgram, run } from '../../support/program.ts'
import { quietly, snapshot } from '../../support/snapshot.ts'

const HELD_BYTES = 4000
const MAX_BYTES = 2000

let desk: Acknowledging
let restore: () => Promise<void>
beforeAll(async () => {
  await buildProgram()
  desk = await openAcknowledging()
  desk.deliver(mail({ id: 'first' }), mail({ id: 'second', from: 'bert@example.com' }))
  await desk.takeIn()
  await desk.send()
  // Its parent comes after it, and makes two tickets one.
  desk.deliver(mail({ id: 'answer', inReplyTo: 'middle' }), absenceNote({ id: 'away', about: 'first' }))
  await desk.takeIn()
  desk.deliver(mail({ id: 'middle', inReplyTo: 'first' }))
  await desk.takeIn()
  await desk.send()
  const large = Buffer.concat([mail({ id: 'large' }), Buffer.alloc(HELD_BYTES, 'x\r\n')])
  desk.deliver(large)
  await desk.worker.poll({}, { maxMessageBytes: MAX_BYTES })
  restore = await snapshot(desk.query)
}, 300_000)
afterAll(() => desk[Symbol.asyncDispose]())

/** What the balance is if that is done, which is then undone. */
async function balanceAfter(sql: string): Promise<Balance> {
  try {
    await desk.query(quietly(sql))
    return await desk.worker.app.store.balance()
  } finally {
    await restore()
  }
}

describe('audit balance', () => {
  test('finds everything accounted for: stored, held, ticketed, merged, booked on a ticket, sent', async () => {
    expect(await desk.worker.app.store.balance()).toEqual({
      mailboxes: [
        {
          mailbox: 'test',
          ...{ listed: 6, stored: 5, held: 1, waiting: 0, lost: 0 },
          ...{ messages: 5, received: 0, ticketed: 4, suppressed: 1, quarantined: 0 },
          polls: 4,
        },
      ],
      imbalances: [],
    })
  })

  const messageOf = (id: string) => `(SELECT id FROM inbound_messages WHERE message_id = '<${id}@example.com>')`
  const entryOf = (id: string) => `(SELECT id FROM ticket_entries WHERE inbound_message_id = ${messageOf(id)})`
  const ticketOf = (id: string) => `(SELECT ticket_id FROM ticket_entries WHERE inbound_message_id = ${messageOf(id)})`
  const ONE_MESSAGE = messageOf('second')
  const ONE_REMOTE = '(SELECT min(id) FROM remote_messages WHERE stored_at IS NOT NULL)'

  test.each([
    ['poll-unbalanced', 'UPDATE poll_sessions SET listed = listed + 1 WHERE id = 1', 1],
    [
      'remote-lost',
      `INSERT INTO remote_messages (mailbox_id, unique_id, size_bytes, gone_at) SELECT id, 'u', 1, now() FROM mailboxes`,
      1,
    ],
    ['remote-deleted-unstored', 'UPDATE remote_messages SET delete_asked_at = now() WHERE stored_at IS NULL', 1],
    ['remote-held-unexplained', `DELETE FROM inbound_events WHERE code = 'intake/held'`, 1],
    ['remote-held-unexplained', `UPDATE remote_messages SET held_reason = 'other' WHERE held_reason IS NOT NULL`, 1],
    ['remote-stored-nowhere', `UPDATE remote_messages SET sha256 = 'other' WHERE id = ${ONE_REMOTE}`, 1],
    ['message-from-nowhere', `DELETE FROM remote_messages WHERE id = ${ONE_REMOTE}`, 1],
    [
      'message-unexplained',
      `DELETE FROM inbound_events WHERE code = 'intake/stored' AND inbound_message_id = ${ONE_MESSAGE}`,
      1,
    ],
    [
      'message-unexplained',
      `INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail) SELECT inbound_message_id, mailbox_id, code, detail FROM inbound_events WHERE code = 'intake/stored'`,
      5,
    ],
    [
      'message-unexplained',
      `UPDATE inbound_events SET detail = detail || '{"sha256": "other"}' WHERE code = 'intake/stored' AND inbound_message_id = ${ONE_MESSAGE}`,
      1,
    ],
    [
      'state-unexplained',
      `DELETE FROM inbound_events WHERE code = 'work/ticketed' AND inbound_message_id = ${ONE_MESSAGE}`,
      1,
    ],
    ['state-unexplained', `UPDATE inbound_messages SET reason = 'other' WHERE id = ${ONE_MESSAGE}`, 1],
    ['state-unexplained', `UPDATE inbound_messages SET state = 'suppressed' WHERE id = ${ONE_MESSAGE}`, 1],
    ['state-unexplained', `UPDATE inbound_messages SET state = 'received', reason = NULL WHERE id = ${ONE_MESSAGE}`, 1],
    ['ticketed-without-entry', `DELETE FROM ticket_entries WHERE inbound_message_id = ${ONE_MESSAGE}`, 1],
    ['entry-unexplained', `UPDATE inbound_messages SET state = 'quarantined' WHERE id = ${ONE_MESSAGE}`, 1],
    [
      'entry-elsewhere',
      `UPDATE ticket_entries SET ticket_id = ${ticketOf('second')} WHERE id = ${entryOf('first')}`,
      1,
    ],
    [
      'entry-elsewhere',
      `UPDATE ticket_entries SET ticket_id = (SELECT id FROM tickets WHERE status = 'merged') WHERE id = ${entryOf('answer')}`,
      1,
    ],
    ['entry-elsewhere', `DELETE FROM tickets WHERE id = ${ticketOf('second')}`, 1],
    ['entry-elsewhere', `UPDATE tickets SET number = number + 100 WHERE id = ${ticketOf('second')}`, 1],
    [
      'entry-elsewhere',
      `UPDATE inbound_events SET detail = detail || '{"ticket": "none"}' WHERE inbound_message_id = ${ONE_MESSAGE}`,
      1,
    ],
    ['report-elsewhere', `UPDATE inbound_messages SET ticket_id = ${ticketOf('second')} WHERE state = 'suppressed'`, 1],
    ['report-elsewhere', `UPDATE inbound_messages SET ticket_id = NULL WHERE state = 'suppressed'`, 1],
    [
      'merge-unexplained',
      `UPDATE tickets SET status = 'merged', merged_into_id = ${ticketOf('first')} WHERE id = ${ticketOf('second')};
       UPDATE ticket_entries SET ticket_id = ${ticketOf('first')} WHERE id = ${entryOf('second')}`,
      1,
    ],
    ['merge-unexplained', `UPDATE tickets SET status = 'open', merged_into_id = NULL WHERE status = 'merged'`, 1],
    ['merge-unexplained', `UPDATE tickets SET merged_into_id = id WHERE status = 'merged'`, 1],
    ['merge-unexplained', `DELETE FROM tickets WHERE status = 'merged'`, 1],
    ['ticket-without-entry', 'DELETE FROM ticket_entries', 2],
    ['outbox-without-cause', 'UPDATE outbox SET event_id = -id', 3],
    ['outbox-without-cause', `UPDATE outbox SET inbound_message_id = ${ONE_MESSAGE}`, 2],
    ['outbox-unexplained', `DELETE FROM inbound_events WHERE code = 'outbound/sent'`, 3],
    ['outbox-unexplained', `UPDATE outbox SET state = 'waiting' WHERE inbound_message_id = ${ONE_MESSAGE}`, 1],
    ['octets-missing', `DELETE FROM raw_chunks WHERE sha256 = (SELECT min(sha256) FROM raw_messages)`, 1],
    ['purged-unexplained', `UPDATE raw_messages SET purged_at = now()`, 5],
    ['purged-unexplained', `UPDATE inbound_messages SET content_purged_at = now() WHERE id = ${ONE_MESSAGE}`, 1],
    ['octets-of-nobody', `DELETE FROM inbound_messages WHERE id = ${ONE_MESSAGE}`, 1],
  ] as const)('tells %s: after %s', async (check, sql, count) => {
    const { imbalances } = await balanceAfter(sql)
    const told = imbalances.find((each) => each.check === check)
    expect(told).toMatchObject({ count, ids: expect.any(Array) })
    expect(told?.ids).toHaveLength(count)
    expect((await desk.worker.app.store.balance()).imbalances).toEqual([])
  })

  test('is a command: a table, JSON, and exit code 65 where something is not accounted for', async () => {
    const good = await run(['audit', 'balance'], desk.env)
    expect(good).toMatchObject({ code: 0, stderr: '' })
    expect(good.stdout.toString()).toContain('everything is accounted for')
    await desk.query(`UPDATE poll_sessions SET listed = listed + 1 WHERE id = 1`)
    const bad = await run(['audit', 'balance'], desk.env)
    expect(bad.code).toBe(65)
    expect(bad.stdout.toString()).toContain('poll-unbalanced: polls that listed other than they dealt with: 1\n')
    expect(bad.stderr).toContain('audit/unbalanced')
    const json = await run(['audit', 'balance', '--json'], desk.env)
    expect(JSON.parse(json.stdout.toString())).toMatchObject({
      ok: false,
      imbalances: [{ check: 'poll-unbalanced', count: 1, ids: ['1'] }],
    })
    await desk.query(`UPDATE poll_sessions SET listed = listed - 1 WHERE id = 1`)
  })

  test('what was held and then taken away on the server by a person stays accounted for', async () => {
    await desk.query('UPDATE remote_messages SET gone_at = now() WHERE held_reason IS NOT NULL')
    const row = await desk.worker.app.store.mailboxes.find('test')
    await desk.worker.app.store.mailboxes.resume(row?.id ?? '', { actor: 'test' })
    expect(await desk.worker.app.store.balance()).toMatchObject({ mailboxes: [{ held: 1, lost: 0 }], imbalances: [] })
  })
})
