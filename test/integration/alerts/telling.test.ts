import { describe, expect, test } from 'vitest'
import { tellAlerts } from '../../../src/outbound/alerts/tell.ts'
import { openStore } from '../../../src/store/store.ts'
import { lookForAlerts } from '../../../src/upkeep/alerts.ts'
import { never, openAlerting, STAND_STILL_MINUTES } from '../../support/alerting.ts'

const PAUSE = `UPDATE mailboxes SET state = 'paused', paused_reason = 'source/credentials-refused', last_good_poll_at = $1`
const RESUME = `UPDATE mailboxes SET state = 'active', paused_reason = NULL, last_good_poll_at = $1`

describe('an alert is told once, and once when it is over', () => {
  test('a mailbox that is paused, and resumes', async () => {
    await using it = await openAlerting()
    await it.after(0)
    expect(it.told).toEqual([])
    await it.query(PAUSE, [it.clock.now])
    for (const minutes of [1, 1, 60 * 24]) await it.after(minutes)
    expect(it.told).toEqual(['began mailbox/paused help'])
    await it.query(RESUME, [it.clock.now])
    for (const minutes of [1, 2, 2]) await it.after(minutes)
    expect(it.told).toEqual(['began mailbox/paused help', 'over mailbox/paused help'])
  })

  test('when it begins again after that, it is told again', async () => {
    await using it = await openAlerting()
    for (const sql of [PAUSE, RESUME, PAUSE]) {
      await it.query(sql, [it.clock.now])
      for (const minutes of [1, 3]) await it.after(minutes)
    }
    expect(it.told).toEqual(['began mailbox/paused help', 'over mailbox/paused help', 'began mailbox/paused help'])
    expect(await it.store.alerts.list(10)).toMatchObject([{ code: 'mailbox/paused', endedAt: null, overToldAt: null }])
  })

  test('what is back within a minute was not over: one that flickers is told once', async () => {
    await using it = await openAlerting()
    for (const sql of [PAUSE, RESUME, PAUSE, RESUME, PAUSE]) {
      await it.query(sql, [it.clock.now])
      await it.after(1)
    }
    expect(it.told).toEqual(['began mailbox/paused help'])
  })

  test('what came back while its end was told is told again', async () => {
    await using it = await openAlerting()
    await it.query(PAUSE, [it.clock.now])
    await it.after(1)
    await it.query(RESUME, [it.clock.now])
    await it.after(1)
    it.clock.now = new Date(it.clock.now.getTime() + 120_000)
    const send: typeof it.deps.send = async (telling, signal) => {
      await it.deps.send(telling, signal)
      if (telling.what !== 'over') return
      await it.query(PAUSE, [it.clock.now])
      await lookForAlerts(it.store, it.mailboxes, STAND_STILL_MINUTES, it.clock.now)
    }
    await tellAlerts({ ...it.deps, send }, never)
    expect(it.told.slice(1)).toEqual(['over mailbox/paused help', 'began mailbox/paused help'])
  })

  test('an alert that was over before anybody heard of it is not told at all', async () => {
    await using it = await openAlerting()
    it.isDeaf = true
    await it.query(PAUSE, [it.clock.now])
    await it.after(1)
    await it.query(RESUME, [it.clock.now])
    it.isDeaf = false
    for (const minutes of [1, 5]) await it.after(minutes)
    expect(it.told).toEqual([])
  })

  test('what becomes worse is not told as over: a mailbox that stands still and then is paused', async () => {
    await using it = await openAlerting()
    const start = it.clock.now
    await it.query('UPDATE mailboxes SET last_good_poll_at = $1', [start])
    await it.after(31)
    await it.query(PAUSE, [start])
    for (const minutes of [1, 5, 60]) await it.after(minutes)
    expect(it.told).toEqual(['began mailbox/stands-still help', 'began mailbox/paused help'])
    await it.query(RESUME, [it.clock.now])
    for (const minutes of [1, 5]) await it.after(minutes)
    expect(it.told.slice(2).toSorted()).toEqual(['over mailbox/paused help', 'over mailbox/stands-still help'])
  })

  test('nor credentials that end within two weeks, once they end within three days', async () => {
    const ends = new Date(Date.now() + 10.5 * 86_400_000).toISOString().slice(0, 10)
    await using it = await openAlerting({
      MAILBOX_APP_URL: 'graph://a@corp.example',
      MAILBOX_APP_OAUTH_CLIENT_ID: 'app',
      MAILBOX_APP_OAUTH_CLIENT_SECRET: 'secret',
      MAILBOX_APP_OAUTH_CLIENT_SECRET_EXPIRES: ends,
    })
    await it.after(0)
    it.clock.now = new Date(it.clock.now.getTime() + 9 * 86_400_000)
    await it.query('UPDATE mailboxes SET last_good_poll_at = $1', [it.clock.now])
    for (const minutes of [0, 5, 5]) await it.after(minutes)
    expect(it.told).toEqual([
      'began credentials/end-soon app client-secret',
      'began credentials/end-now app client-secret',
    ])
  })

  test('where nobody listens one attempt a look is enough, however much there is to tell', async () => {
    await using it = await openAlerting({ MAILBOX_SALES_URL: 'pop3://s@127.0.0.1', MAILBOX_SALES_PASSWORD: 'p' })
    await it.query(PAUSE, [it.clock.now])
    await lookForAlerts(it.store, it.mailboxes, STAND_STILL_MINUTES, it.clock.now)
    it.isDeaf = true
    let attempts = 0
    const send: typeof it.deps.send = (telling, signal) => {
      attempts += 1
      return it.deps.send(telling, signal)
    }
    await tellAlerts({ ...it.deps, send }, never)
    expect(attempts).toBe(1)
    it.isDeaf = false
    for (const minutes of [1, 5]) await it.after(minutes)
    expect(it.told.toSorted()).toEqual(['began mailbox/paused help', 'began mailbox/paused sales'])
  })

  test('two processes at once tell it once', async () => {
    await using it = await openAlerting()
    const other = openStore(it.url)
    try {
      await it.query(PAUSE, [it.clock.now])
      const run = async (store: typeof other) => {
        await lookForAlerts(store, it.mailboxes, STAND_STILL_MINUTES, it.clock.now)
        await tellAlerts({ ...it.deps, store }, never)
      }
      await Promise.all([it.store, other, it.store, other].map(run))
      expect(it.told).toEqual(['began mailbox/paused help'])
    } finally {
      await other.close()
    }
  })

  test('while nobody listens it is tried again with back-off, until somebody does', async () => {
    await using it = await openAlerting()
    await it.query(PAUSE, [it.clock.now])
    it.isDeaf = true
    let attempts = 0
    const send: typeof it.deps.send = (telling, signal) => {
      attempts += 1
      return it.deps.send(telling, signal)
    }
    await lookForAlerts(it.store, it.mailboxes, STAND_STILL_MINUTES, it.clock.now)
    for (let minute = 0; minute < 20; minute++) {
      await tellAlerts({ ...it.deps, send }, never)
      it.clock.now = new Date(it.clock.now.getTime() + 60_000)
    }
    // At 0, 1, 3, 7 and 15 minutes.
    expect(attempts).toBe(5)
    it.isDeaf = false
    await it.after(60)
    expect(it.told).toEqual(['began mailbox/paused help'])
  })

  test('a process that dies with it in its hands, and one that starts anew: told by the next, later', async () => {
    await using it = await openAlerting()
    await it.query(PAUSE, [it.clock.now])
    await lookForAlerts(it.store, it.mailboxes, STAND_STILL_MINUTES, it.clock.now)
    const lease = (minutes: number) => new Date(it.clock.now.getTime() + minutes * 60_000)
    const taken = await it.store.alerts.claim(it.clock.now, lease(10), it.clock.now)
    expect(taken).toMatchObject({ code: 'mailbox/paused', what: 'began', attempts: 1 })
    await it.after(5)
    expect(it.told).toEqual([])
    await it.after(6)
    expect(it.told).toEqual(['began mailbox/paused help'])
  })

  test('a mailbox that was taken out of the settings: over after an hour, although nobody looks for it', async () => {
    await using it = await openAlerting()
    await it.query(PAUSE, [it.clock.now])
    await it.after(1)
    for (const minutes of [50, 30, 5]) {
      it.clock.now = new Date(it.clock.now.getTime() + minutes * 60_000)
      await lookForAlerts(it.store, [], STAND_STILL_MINUTES, it.clock.now)
      await tellAlerts(it.deps, never)
      if (minutes === 50) expect(it.told).toHaveLength(1)
    }
    expect(it.told).toEqual(['began mailbox/paused help', 'over mailbox/paused help'])
  })
})
