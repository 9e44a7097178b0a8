import fastify from 'fastify'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addHealth } from '../../../src/console/health.ts'
import { MailchuteError } from '../../../src/errors.ts'
import type { Store } from '../../../src/store/store.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const LONGER_THAN_ANY_WAITS = 60_000

test('however often figures are asked for in vain, a database that is slow is asked once at a time', async () => {
  const asked: PromiseWithResolvers<never>[] = []
  const figures = () => {
    const answer = Promise.withResolvers<never>()
    asked.push(answer)
    return answer.promise
  }
  const store = { figures, mailboxes: { all: async () => [] }, logins: { all: async () => [] } } as unknown as Store
  const server = fastify()
  addHealth(server, { store, mailboxes: [], queue: null, now: () => new Date() })
  await server.ready()
  const ask = async () => {
    const answer = server.inject('/metrics')
    await vi.advanceTimersByTimeAsync(LONGER_THAN_ANY_WAITS)
    return (await answer).statusCode
  }
  expect([await ask(), await ask(), await ask()]).toEqual([500, 500, 500])
  expect(asked).toHaveLength(1)
  asked[0]?.reject(new MailchuteError('store/unavailable', 'gone'))
  await ask()
  expect(asked).toHaveLength(2)
  await server.close()
})
