import { describe, expect, test } from 'vitest'
import { countOutcomes } from '../../src/upkeep/tally.ts'
import { never, openAuditLog } from '../support/audit-log.ts'

const FINISHED = `INSERT INTO inbound_events (mailbox_id, code, detail)
  SELECT id, 'work/' || $1::text, jsonb_build_object('reason', $2::text) FROM mailboxes, generate_series(1, $3)`

describe('what became of messages is counted once', () => {
  test('as far as it is sealed, however often and by however many it is counted', async () => {
    await using log = await openAuditLog(3)
    const count = () => countOutcomes(log.store, never)
    const counted = async () =>
      (await log.store.monitor.outcomes()).map(({ state, reason, messages }) => [state, reason, messages])
    await log.query(FINISHED, ['ticketed', 'thread/new', 7])
    await count()
    expect(await counted()).toEqual([])
    await log.seal()
    await Promise.all([count(), count(), count()])
    await count()
    expect(await counted()).toEqual([['ticketed', 'thread/new', 7]])
    await log.query(FINISHED, ['ticketed', 'thread/new', 2])
    await log.query(FINISHED, ['quarantined', 'loop/similar', 1])
    await log.query(FINISHED, ['suppressed', 'kind/bounce', 4])
    await log.seal()
    await count()
    expect(await counted()).toEqual([
      ['ticketed', 'thread/new', 9],
      ['suppressed', 'kind/bounce', 4],
      ['quarantined', 'loop/similar', 1],
    ])
  })

  test('in small steps it comes to the same', async () => {
    await using log = await openAuditLog(0)
    await log.query(FINISHED, ['ticketed', 'thread/new', 23])
    await log.seal()
    while (await log.store.tally.next(5));
    expect(await log.store.monitor.outcomes()).toEqual([
      { state: 'ticketed', kind: '', reason: 'thread/new', messages: 23 },
    ])
  })
})
