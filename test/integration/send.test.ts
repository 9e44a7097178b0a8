import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type Acknowledging,
  type AcknowledgingOptions,
  headerOf,
  never,
  openAcknowledging,
} from '../support/acknowledging.ts'
import { mail } from '../support/mails.ts'
import { startSmtp } from '../support/smtp-server.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each[Symbol.asyncDispose]()
})

async function open(options: AcknowledgingOptions = {}): Promise<Acknowledging> {
  const acknowledging = await openAcknowledging(options)
  opened.push(acknowledging)
  return acknowledging
}

interface Row {
  readonly state: string
  readonly reason: string | null
  readonly attempts: number
  readonly isLater: boolean
}

const rows = ({ query }: Acknowledging) =>
  query<Row>(
    `SELECT state, reason, attempts, next_attempt_at > now() + interval '20 seconds' AS "isLater" FROM outbox ORDER BY recipient`,
  )

const from = (count: number) =>
  Array.from({ length: count }, (_, each) => mail({ id: `m${each}`, from: `a${each}@example.com` }))

describe('what cannot be sent', () => {
  test('is tried again with back-off, under the same Message-ID, until it goes', async () => {
    const desk = await open()
    desk.smtp.manners.losesAnswer = () => desk.smtp.mails.length === 1
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await desk.send()
    expect(await rows(desk)).toEqual([
      { state: 'waiting', reason: 'outbound/connection-lost', attempts: 1, isLater: true },
    ])
    await desk.send()
    expect(desk.smtp.mails).toHaveLength(1)
    await desk.makeDue()
    await desk.send()
    expect(await rows(desk)).toMatchObject([{ state: 'sent', reason: null, attempts: 2 }])
    const ids = desk.smtp.mails.map(({ octets }) => headerOf(octets).get('message-id'))
    expect([ids.length, new Set(ids).size]).toEqual([2, 1])
  })

  test('waits by the clock of the database, which says what is due, whatever that of the machine shows', async () => {
    const desk = await open()
    desk.smtp.manners.losesAnswer = () => true
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    await desk.send().finally(() => vi.useRealTimers())
    expect(await rows(desk)).toMatchObject([{ state: 'waiting', attempts: 1, isLater: true }])
  })

  test('is given up at once where it is refused for good, and the others go (I6)', async () => {
    const desk = await open()
    desk.smtp.manners.rcptTo = (address) => (address === 'a1@example.com' ? { code: 550, text: '5.1.1 unknown' } : null)
    desk.deliver(...from(4))
    await desk.takeIn()
    await desk.send()
    expect((await rows(desk)).map(({ state, reason }) => reason ?? state)).toEqual([
      'sent',
      'outbound/refused',
      'sent',
      'sent',
    ])
    expect(
      await desk.query(`SELECT detail->>'reason' AS reason FROM inbound_events WHERE code = 'outbound/failed'`),
    ).toEqual([{ reason: 'outbound/refused' }])
    expect(desk.smtp.connections()).toBe(1)
  })

  test('for now is put off, one by one; a server that wants nothing at all is left in peace after three', async () => {
    const desk = await open()
    desk.smtp.manners.rcptTo = (address) =>
      address === 'a0@example.com' ? { code: 451, text: '4.7.1 greylisted' } : null
    desk.deliver(...from(6))
    await desk.takeIn()
    await desk.send()
    expect((await rows(desk)).map(({ state }) => state)).toEqual(['waiting', 'sent', 'sent', 'sent', 'sent', 'sent'])
    desk.smtp.manners.rcptTo = () => ({ code: 452, text: '4.3.2 throttled' })
    desk.deliver(
      ...from(6).map((octets) => Buffer.from(octets.toString().replaceAll('<m', '<n').replaceAll('<a', '<b'))),
    )
    await desk.takeIn()
    await desk.send()
    const putOff = (await rows(desk))
      .filter(({ state, reason }) => state === 'waiting' && reason !== null)
      .slice(1)
      .filter(({ attempts }) => attempts > 0)
    expect(putOff).toEqual(
      putOff.map(() => ({ state: 'waiting', reason: 'outbound/refused-for-now', attempts: 1, isLater: true })),
    )
    expect(putOff).toHaveLength(3)
  })

  test('of one mailbox stops no other', async () => {
    await using well = await startSmtp()
    const desk = await open()
    const second = desk.env['MAILBOX_TEST_URL']?.replace('anna@', 'berta@') ?? ''
    const both = await open({
      env: {
        MAILBOX_ZWEI_URL: second,
        MAILBOX_ZWEI_PASSWORD: 'x',
        MAILBOX_ZWEI_SMTP_URL: `smtp://127.0.0.1:${well.port}`,
        MAILBOX_ZWEI_ACKNOWLEDGE: 'on',
        MAILBOX_ZWEI_ACKNOWLEDGE_FROM: 'other@example.org',
      },
    })
    both.deliver(...from(4))
    await both.takeIn()
    await both.query(`UPDATE outbox SET mailbox_id = (SELECT id FROM mailboxes WHERE name = 'zwei') WHERE id % 2 = 0`)
    both.smtp.manners.mailFrom = () => ({ code: 421, text: '4.3.0 going down' })
    await both.send()
    expect((await rows(both)).map(({ state }) => state).toSorted()).toEqual(['sent', 'sent', 'waiting', 'waiting'])
    expect(well.mails).toHaveLength(2)
  })

  test('for a day has failed; what nobody could try in that time is skipped rather than sent late', async () => {
    const desk = await open()
    desk.smtp.manners.data = () => ({ code: 451, text: '4.3.0 later' })
    desk.deliver(...from(1))
    await desk.takeIn()
    await desk.send()
    desk.deliver(mail({ id: 'second', from: 'b@example.com' }))
    await desk.takeIn()
    await desk.query(`UPDATE outbox SET created_at = now() - interval '25 hours', next_attempt_at = now()`)
    desk.smtp.manners.data = () => null
    await desk.send()
    expect((await rows(desk)).map(({ state, reason }) => ({ state, reason }))).toEqual([
      { state: 'failed', reason: 'outbound/refused-for-now' },
      { state: 'skipped', reason: 'outbound/stale' },
    ])
    expect(desk.smtp.mails).toEqual([])
  })

  test('because the mailbox no longer acknowledges is skipped; that of a mailbox not set here waits for another', async () => {
    const desk = await open()
    desk.deliver(...from(2))
    await desk.takeIn()
    await desk.query(
      `WITH other AS (INSERT INTO mailboxes (name, url) VALUES ('elsewhere', 'pop3s://x@y') RETURNING id)
       UPDATE outbox SET mailbox_id = other.id FROM other WHERE outbox.id = (SELECT min(id) FROM outbox)`,
    )
    const [config] = desk.worker.app.config.mailboxes
    if (config === undefined) throw new Error('no mailbox')
    const { openSender } = await import('../../src/commands/send.ts')
    const sender = await openSender(desk.worker.app, [{ ...config, acknowledge: null }])
    await sender.sendDue(never, never)
    expect(
      (await rows(desk))
        .map(({ state, reason }) => ({ state, reason }))
        .toSorted((a, b) => a.state.localeCompare(b.state)),
    ).toEqual([
      { state: 'skipped', reason: 'outbound/switched-off' },
      { state: 'waiting', reason: null },
    ])
    expect(desk.smtp.mails).toEqual([])
  })
})

describe('many senders at once', () => {
  test('send each mail once (I3)', async () => {
    const desk = await open()
    desk.smtp.manners.data = async () => {
      await turn()
      return null
    }
    desk.deliver(...from(40))
    await desk.takeIn()
    await Promise.all(Array.from({ length: 6 }, () => desk.send()))
    const recipients = desk.smtp.mails.flatMap(({ to }) => to)
    expect([recipients.length, new Set(recipients).size]).toEqual([40, 40])
    expect((await rows(desk)).every(({ state, attempts }) => state === 'sent' && attempts === 1)).toBe(true)
  })

  test('send no more to one person than its share of an hour, counted over all of them', async () => {
    const desk = await open({ env: { MAILBOX_TEST_ACKNOWLEDGE_PER_HOUR: '4' } })
    desk.deliver(
      ...Array.from({ length: 24 }, (_, each) =>
        mail({ id: `m${each}`, from: each % 2 ? 'C@example.com' : 'c@Example.com' }),
      ),
    )
    await desk.takeIn()
    await Promise.all(Array.from({ length: 6 }, () => desk.send()))
    expect(desk.smtp.mails).toHaveLength(4)
    const ends = (await rows(desk)).map(({ state, reason }) => reason ?? state)
    expect(ends.toSorted()).toEqual([...Array(20).fill('outbound/rate-limited'), ...Array(4).fill('sent')])
    await desk.query(`UPDATE outbox SET finished_at = finished_at - interval '61 minutes' WHERE state = 'sent'`)
    desk.deliver(mail({ id: 'an-hour-later', from: 'c@example.com' }))
    await desk.takeIn()
    await desk.send()
    expect(desk.smtp.mails).toHaveLength(5)
  })

  test('send no more to one person however its address is spelt: in full width, with soft hyphens, as a subaddress', async () => {
    const desk = await open({ env: { MAILBOX_TEST_ACKNOWLEDGE_PER_HOUR: '2' } })
    const spellings = [
      'c@example.com',
      'c@ex\u00adample.com',
      'c@ｅxample.com',
      'c@example\u3002com',
      'c+1@example.com',
    ]
    desk.deliver(...spellings.map((from, each) => mail({ id: `m${each}`, from })))
    await desk.takeIn()
    await desk.send()
    expect(desk.smtp.mails).toHaveLength(2)
  })

  test('leave alone what another has begun, until its lease is over', async () => {
    const desk = await open()
    const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<null>()]
    desk.smtp.manners.data = () => {
      reached.resolve()
      return held.promise
    }
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    const first = desk.send()
    await reached.promise
    await desk.send()
    held.resolve(null)
    await first
    expect(desk.smtp.mails).toHaveLength(1)
    expect(await rows(desk)).toMatchObject([{ state: 'sent', attempts: 1 }])
  })
})

test('a sender that is told to stop begins nothing more, and ends what it has begun', async () => {
  const desk = await open()
  const stopping = new AbortController()
  desk.smtp.manners.data = () => {
    stopping.abort()
    return null
  }
  desk.deliver(...from(3))
  await desk.takeIn()
  await (await desk.newSender()).sendDue(stopping.signal, never)
  expect((await rows(desk)).map(({ state }) => state)).toContain('sent')
  expect(desk.smtp.mails).toHaveLength(1)
})
