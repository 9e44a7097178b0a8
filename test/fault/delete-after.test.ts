/** How long mail stays on the server after it was stored: the time that a backup of the database needs. */
import { describe, expect, test } from 'vitest'
import { FAULT_SERVERS, type Step } from '../support/fault-server.ts'
import { mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { brokenPromises } from '../support/promises.ts'
import { openWorker } from '../support/worker.ts'

const MAILS = ['a', 'b'].map((id) => mail({ id }))
const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

async function openBench(open: (typeof FAULT_SERVERS)[string], query: string) {
  const databaseUrl = await createDatabase()
  const server = await open({ isCalm: true })
  for (const octets of MAILS) await server.deliver(octets)
  const steps: Step[] = []
  server.onStep((step) => steps.push(step))
  const worker = await openWorker({ ...server.env(query), DATABASE_URL: databaseUrl })
  return {
    server,
    steps,
    pollIn: (milliseconds: number) => worker.poll({ now: () => new Date(Date.now() + milliseconds) }),
    broken: async () => {
      await worker.workOff()
      return brokenPromises(databaseUrl, { octets: MAILS, asSent: server.asSent, tickets: 2 })
    },
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe.each(Object.entries(FAULT_SERVERS))('over %s', (_, open) => {
  test('deleteAfter keeps mail on the server for its time, and downloads it once', async () => {
    await using bench = await openBench(open, 'deleteAfter=36h')
    expect(await bench.pollIn(0)).toMatchObject({ error: null, sheet: { stored: 2, deleted: 0, left: 0 } })
    const downloads = bench.steps.filter((step) => step === 'download').length
    expect(await bench.pollIn(35 * HOUR)).toMatchObject({ error: null, sheet: { known: 2, retrieved: 0, deleted: 0 } })
    expect(bench.steps.filter((step) => step === 'download')).toHaveLength(downloads)
    expect(await bench.server.left()).toBe(2)
    expect(await bench.pollIn(37 * HOUR)).toMatchObject({ error: null, sheet: { known: 2, retrieved: 0, deleted: 2 } })
    expect(await bench.server.left()).toBe(0)
    expect(await bench.broken()).toEqual([])
  })

  test('mail that was kept is retrieved again by a database that does not know it (restored from a backup)', async () => {
    await using bench = await openBench(open, 'deleteAfter=36h')
    await bench.pollIn(0)
    const restored = await createDatabase()
    await using worker = await openWorker({ ...bench.server.env('deleteAfter=36h'), DATABASE_URL: restored })
    expect(await worker.poll()).toMatchObject({ error: null, sheet: { stored: 2, deleted: 0 } })
    await worker.workOff()
    const { asSent } = bench.server
    expect(await brokenPromises(restored, { octets: MAILS, asSent, tickets: 2 })).toEqual([])
  })

  test('deleteAfter=never deletes nothing, ever', async () => {
    await using bench = await openBench(open, 'deleteAfter=never')
    expect(await bench.pollIn(0)).toMatchObject({ error: null, sheet: { stored: 2, deleted: 0 } })
    expect(await bench.pollIn(10 * YEAR)).toMatchObject({ error: null, sheet: { known: 2, deleted: 0 } })
    expect(await bench.server.left()).toBe(2)
    expect(bench.steps).not.toContain('delete')
    expect(await bench.broken()).toEqual([])
  })
})
