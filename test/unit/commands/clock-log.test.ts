import { schedule, setLogger } from 'node-cron'
import { expect, test } from 'vitest'
import { clockLog } from '../../../src/commands/clock-log.ts'
import type { LogFields } from '../../../src/log.ts'

const SECONDS_BLOCKED = 3

test('a start that was missed is a line of the log, not of node-cron', async () => {
  const told = Promise.withResolvers<LogFields | undefined>()
  const log = {
    event: (name: string, fields?: LogFields) => name === 'worker.late' && told.resolve(fields),
    failure: () => undefined,
    flush: async () => undefined,
  }
  setLogger(clockLog(log))
  const task = schedule('* * * * * *', () => undefined)
  task.on('execution:finished', function block() {
    task.off('execution:finished', block)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SECONDS_BLOCKED * 1000)
  })
  expect(await told.promise).toEqual({ reason: expect.stringContaining('missed execution') })
  await task.destroy()
})
