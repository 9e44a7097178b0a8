import fastify from 'fastify'
import { expect, test } from 'vitest'
import { addHealth } from '../../../src/console/health.ts'
import type { Store } from '../../../src/store/store.ts'

test('a process whose event loop is seconds late says that it should be started anew; the database is not asked', async () => {
  let milliseconds = 0
  const store = new Proxy({} as Store, {
    get: () => {
      throw new Error('asked')
    },
  })
  const server = fastify()
  addHealth(
    server,
    { store, mailboxes: [], queue: null, now: () => new Date() },
    { milliseconds: () => milliseconds, stop: () => undefined },
  )
  const answers: unknown[] = []
  for (milliseconds of [0, 2000, 2001, 60_000, 20]) {
    const { statusCode, body } = await server.inject('/livez')
    answers.push([statusCode, JSON.parse(body)])
  }
  await server.close()
  expect(answers).toEqual([
    [200, { status: 'ok', lagMilliseconds: 0 }],
    [200, { status: 'ok', lagMilliseconds: 2000 }],
    [503, { status: 'failed', lagMilliseconds: 2001 }],
    [503, { status: 'failed', lagMilliseconds: 60_000 }],
    [200, { status: 'ok', lagMilliseconds: 20 }],
  ])
})
