/** Each message's outcome is told once, whoever worked it (docs/log.md: one line for each message that is done). */
import { expect, test } from 'vitest'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { createProcess } from '../../src/ticketing/process.ts'
import { openConveyor } from '../support/conveyor.ts'
import { mail } from '../support/mails.ts'

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
