/**
 * Sending, broken at every step: a call to the store that fails before or after its effect, and a kill at the moments
 * that count in the talk with the server. Each mail goes out all the same: at least once, with one Message-ID, from one
 * row.
 */
import { beforeAll, expect, test } from 'vitest'
import { openSender } from '../../src/commands/send.ts'
import { type Acknowledging, headerOf, never, openAcknowledging } from '../support/acknowledging.ts'
import { unguarded } from '../support/append-only.ts'
import { createFaults, type Faults, type Moment } from '../support/faults.ts'
import { mail } from '../support/mails.ts'
import { buildProgram, type Running, start } from '../support/program.ts'
import { brokenPromises } from '../support/promises.ts'

beforeAll(buildProgram, 300_000)

const RECIPIENTS = ['anna@example.com', 'bert@example.com', 'carla@example.com']
/** The server does not know one of them, and has no time for another at first. */
const [UNKNOWN, LATER] = ['bert@example.com', 'carla@example.com']
const CALLS = ['claim', 'dueMailboxes', 'expire', 'failed', 'retryLater', 'sent'].map((call) => `outbox.${call}`)

test.each(['before', 'after'] as const)(
  'whatever call to the store fails %s its effect, each mail is sent as often as it must be, and told once',
  async (moment) => {
    await using desk = await openAcknowledging()
    const faults = createFaults()
    await brokenRun(desk, faults, 'none of them', 1, moment)
    expect(faults.labels().toSorted()).toEqual(CALLS)
    for (const label of CALLS) {
      let nth = 1
      while (await brokenRun(desk, faults, label, nth, moment)) nth += 1
      expect({ label, nth }).not.toEqual({ label, nth: 1 })
    }
  },
)

let runs = 0

/** Returns whether there was such a call. */
async function brokenRun(desk: Acknowledging, faults: Faults, label: string, nth: number, moment: Moment) {
  await desk.query(unguarded('TRUNCATE tickets, raw_messages, remote_messages, inbound_events, outbox CASCADE'))
  const before = desk.smtp.mails.length
  runs += 1
  const octets = RECIPIENTS.map((from, each) => mail({ id: `m${runs}-${each}`, from }))
  desk.deliver(...octets)
  await desk.takeIn()
  desk.smtp.manners.rcptTo = (address) => {
    if (address === UNKNOWN) return { code: 550, text: '5.1.1 unknown' }
    return address === LATER ? { code: 451, text: '4.3.0 later' } : null
  }
  faults.arm(label, nth, moment)
  const { app } = desk.worker
  const store = faults.guard(app.store, { code: 'store/unavailable', except: ['close'] })
  const sender = await openSender({ ...app, store }, app.config.mailboxes)
  await sender.sendDue(never, never).catch((error: Error) => expect(error.message).toMatch(/^made to fail/))
  const hasStruck = faults.disarm()
  desk.smtp.manners.rcptTo = (address) => (address === UNKNOWN ? { code: 550, text: '5.1.1 unknown' } : null)
  for (let turn = 0; turn < 2; turn += 1) {
    // What was begun is another's until its lease is over: here it is.
    await desk.makeDue()
    await desk.send()
  }
  await expectAllSent(desk, before, octets)
  return hasStruck
}

async function expectAllSent(desk: Acknowledging, before: number, octets: readonly Buffer[]): Promise<void> {
  const rows = await desk.query('SELECT recipient, state FROM outbox ORDER BY recipient')
  expect(rows).toEqual(RECIPIENTS.map((recipient) => ({ recipient, state: recipient === UNKNOWN ? 'failed' : 'sent' })))
  const told = await desk.query(
    `SELECT code, count(*)::int AS times FROM inbound_events WHERE code LIKE 'outbound/%' GROUP BY code ORDER BY code`,
  )
  expect(told).toEqual([
    { code: 'outbound/failed', times: 1 },
    { code: 'outbound/sent', times: 2 },
  ])
  const sent = desk.smtp.mails.slice(before)
  const ids = new Set(sent.map(({ to, octets: each }) => `${to} ${headerOf(each).get('message-id')}`))
  expect([...ids].map((each) => each.split(' ')[0]).toSorted()).toEqual(['anna@example.com', LATER])
  expect(await brokenPromises(desk.databaseUrl, { octets, tickets: 3, acknowledgements: 3 })).toEqual([])
}

/** Where a kill may come: before the server takes the mail, or after, before its 250 arrives. */
const KILLS = ['at MAIL', 'at RCPT', 'before it is taken', 'when it is taken, before the 250'] as const

test.each(KILLS)(
  'a drain that is killed %s sends the mail with the next one, under the same Message-ID',
  async (moment) => {
    await using desk = await openAcknowledging()
    desk.deliver(mail({ id: 'first' }))
    let running: Running | null = null
    const killAt = (here: (typeof KILLS)[number]) => {
      if (here === moment) running?.child.kill('SIGKILL')
      return null
    }
    desk.smtp.manners.mailFrom = () => killAt('at MAIL')
    desk.smtp.manners.rcptTo = () => killAt('at RCPT')
    desk.smtp.manners.data = () => killAt('before it is taken')
    desk.smtp.manners.losesAnswer = () => killAt('when it is taken, before the 250') !== null
    running = start(['drain', '--json'], { ...desk.env, LOG_LEVEL: 'warn' })
    expect(await running.ended).toMatchObject({ signal: 'SIGKILL' })
    running = null
    await desk.makeDue()
    const { code, stdout } = await start(['drain', '--json'], { ...desk.env, LOG_LEVEL: 'warn' }).ended
    expect({ code, work: JSON.parse(stdout.toString()).work }).toEqual({
      code: 0,
      work: { ticketed: 0, suppressed: 0, quarantined: 0 },
    })
    expect(await desk.query('SELECT state, attempts FROM outbox')).toEqual([{ state: 'sent', attempts: 2 }])
    const ids = new Set(desk.smtp.mails.map(({ octets }) => headerOf(octets).get('message-id')))
    expect(ids.size).toBe(1)
    expect(desk.smtp.mails.length).toBeLessThanOrEqual(2)
  },
)
