/** A message that has to go first is worked for the one that waits for it, and told of once (docs/log.md). */
import { expect, test } from 'vitest'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { createProcess } from '../../src/ticketing/process.ts'
import { openConveyor } from '../support/conveyor.ts'
import { bounce, mail } from '../support/mails.ts'

test('a message that was worked for its reply, or is worked by two jobs at once, is told of once', async () => {
  await using conveyor = await openConveyor(null)
  conveyor.deliver([mail({ id: 'one' }), mail({ id: 'two', inReplyTo: 'one' })])
  await conveyor.poll()
  const [one = '', two = ''] = await conveyor.store.messages.waitingIds({ limit: 2 })
  const pool = createParsePool()
  const told: string[] = []
  const process = createProcess(conveyor.store, pool, {}, (id, { state }) => void told.push(`${id} ${state}`))
  const run = { isLastAttempt: false, stalls: 0, signal: new AbortController().signal }
  await Promise.all([process(two, run), process(two, run)])
  await process(one, run)
  await pool.close()
  expect(told).toEqual([`${one} ticketed`, `${two} ticketed`, `${one} nothing-to-do`])
})

test('a bounce that names its original by what it gives back alone lets that go first, also at its last attempt', async () => {
  await using conveyor = await openConveyor(null)
  const report = bounce({ id: 'bounce', about: 'one' })
    .toString()
    .replace(/^References: .*\r\n/m, '')
  conveyor.deliver([mail({ id: 'one' }), report])
  await conveyor.poll()
  const [one = '', returned = ''] = await conveyor.store.messages.waitingIds({ limit: 2 })
  const pool = createParsePool()
  const process = createProcess(conveyor.store, pool)
  const run = { isLastAttempt: true, stalls: 0, signal: new AbortController().signal }
  expect(await process(returned, run)).toMatchObject({ state: 'suppressed', ticket: 1 })
  expect(await process(one, run)).toEqual({ state: 'nothing-to-do' })
  await pool.close()
})
