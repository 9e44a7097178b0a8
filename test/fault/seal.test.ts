/**
 * Sealing, broken at every step: a call to the store that fails before or after its effect, a process that is killed in the
 * middle, several at once. Every event is sealed once all the same, and the chain verifies.
 */
import { setImmediate } from 'node:timers/promises'
import { Client } from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { createSealing } from '../../src/upkeep/seal.ts'
import { openAcknowledging } from '../support/acknowledging.ts'
import { type AuditLog, never, openAuditLog } from '../support/audit-log.ts'
import { createFaults, type Faults, type Moment } from '../support/faults.ts'
import { mail } from '../support/mails.ts'
import { buildProgram, start } from '../support/program.ts'

beforeAll(buildProgram, 300_000)

const OPTIONS = { patienceMilliseconds: 30_000, eventsASeal: 5 }
const CALLS = ['head', 'horizon', 'isReached', 'sealNext']

test.each(['before', 'after'] as const)(
  'whatever call to the store fails %s its effect, the next look seals each event once',
  async (moment) => {
    await using log = await openAuditLog(0)
    const faults = createFaults()
    await brokenRun(log, faults, 'none of them', 1, moment)
    expect(faults.labels().toSorted()).toEqual(CALLS)
    for (const label of CALLS) {
      // How often the horizon is looked at depends on what else the server does.
      let nth = 1
      while (nth <= 3 && (await brokenRun(log, faults, label, nth, moment))) nth += 1
      expect({ label, nth }).not.toEqual({ label, nth: 1 })
    }
  },
)

/** Returns whether there was such a call. */
async function brokenRun(log: AuditLog, faults: Faults, label: string, nth: number, moment: Moment) {
  await log.book(12)
  faults.arm(label, nth, moment)
  const sealDue = createSealing(faults.guard(log.store.audit, { code: 'store/unavailable' }), [])
  await sealDue(never, OPTIONS).catch((error: Error) => expect(error.message).toMatch(/^made to fail/))
  const hasStruck = faults.disarm()
  await sealDue(never, OPTIONS)
  const [events] = await log.query<{ count: number }>('SELECT count(*)::int AS count FROM inbound_events')
  expect(await log.verify()).toMatchObject({ events: events?.count, unsealed: { events: 0 }, finding: null })
  return hasStruck
}

test('several processes at once seal each event once', async () => {
  await using log = await openAuditLog(0)
  await log.book(200)
  const reports = await Promise.all(Array.from({ length: 6 }, () => createSealing(log.store.audit, [])(never, OPTIONS)))
  await createSealing(log.store.audit, [])(never, OPTIONS)
  expect(reports.reduce((sum, { events }) => sum + events, 0)).toBeLessThanOrEqual(200)
  expect(await log.verify()).toMatchObject({ events: 200, seals: 40, unsealed: { events: 0 }, finding: null })
})

test('a drain that is killed while it seals leaves no seal, and the next one makes it', async () => {
  await using desk = await openAcknowledging()
  desk.deliver(mail({ id: 'first' }))
  const locker = new Client({ connectionString: desk.databaseUrl })
  await locker.connect()
  await locker.query('BEGIN')
  await locker.query('LOCK TABLE audit_seals IN EXCLUSIVE MODE')
  const running = start(['drain', '--json'], { ...desk.env, LOG_LEVEL: 'warn' })
  const blocked = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO audit_seals%'`
  while ((await desk.query(blocked)).length === 0) await setImmediate()
  running.child.kill('SIGKILL')
  expect(await running.ended).toMatchObject({ signal: 'SIGKILL' })
  await locker.query('COMMIT')
  await locker.end()
  const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'INSERT INTO audit_seals%' AND state <> 'idle'`
  while ((await desk.query(waits)).length > 1) await setImmediate()
  expect(await desk.query('SELECT number FROM audit_seals')).toEqual([])
  const next = await start(['drain', '--json'], { ...desk.env, LOG_LEVEL: 'info' }).ended
  expect(next).toMatchObject({ code: 0, stderr: expect.stringContaining('"event":"audit.sealed"') })
  const verified = await start(['audit', 'verify', '--json', '--raw'], desk.env).ended
  expect({ code: verified.code, said: JSON.parse(verified.stdout.toString()) }).toMatchObject({
    code: 0,
    said: { ok: true, seals: 1, unsealed: { events: 0 }, proofs: { proven: 1 }, raw: { messages: 1, damaged: [] } },
  })
})
