import { describe, expect, test } from 'vitest'
import { createReadiness } from '../../../src/console/health.ts'
import { MailchuteError } from '../../../src/errors.ts'

function world() {
  const state = { now: 0, database: true, queue: true, asked: 0 }
  const health = {
    store: {
      ping: async () => {
        state.asked += 1
        if (!state.database) throw new MailchuteError('store/unavailable', 'gone')
      },
    },
    queue: {
      check: async () => {
        if (!state.queue) throw new MailchuteError('queue/unavailable', 'gone')
      },
      depth: async () => [],
    },
    now: () => new Date(state.now),
  }
  return { state, ready: createReadiness(health) }
}

describe('whether it can work', () => {
  test('the database decides; without the queue it is degraded, and says so (I4)', async () => {
    const { state, ready } = world()
    const statuses: unknown[] = []
    for (const [database, queue] of [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ] as const) {
      Object.assign(state, { database, queue, now: state.now + 1000 })
      const { status, code, checks } = await ready()
      statuses.push([status, code, checks['database']?.status, checks['queue']?.status])
    }
    expect(statuses).toEqual([
      ['ok', undefined, 'ok', 'ok'],
      ['degraded', 'queue/unavailable', 'ok', 'failed'],
      ['failed', 'store/unavailable', 'failed', 'ok'],
      ['failed', 'store/unavailable', 'failed', 'failed'],
    ])
  })

  test('however many ask, the database is asked once a second', async () => {
    const { state, ready } = world()
    await Promise.all(Array.from({ length: 50 }, ready))
    state.now = 999
    await ready()
    expect(state.asked).toBe(1)
    state.now = 1000
    await ready()
    expect(state.asked).toBe(2)
  })
})
