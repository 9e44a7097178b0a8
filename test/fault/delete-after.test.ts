/** How long mail stays on the server after it was stored: the time that a backup of the database needs. */
import { describe, expect, test } from 'vitest'
import { mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { brokenPromises } from '../support/promises.ts'
import { SANDBOXES } from '../support/sandbox.ts'
import { openWorker } from '../support/worker.ts'

const MAILS = ['a', 'b'].map((id) => mail({ id }))
const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

type Start = (typeof SANDBOXES)[number][1]

async function openBench(startMailbox: Start, query: string) {
  const databaseUrl = await createDatabase()
  const server = await startMailbox(MAILS.map((octets, index) => ({ uniqueId: `id-${index}`, octets })))
  const worker = await openWorker({ ...server.env(query), DATABASE_URL: databaseUrl })
  return {
    server,
    pollIn: (milliseconds: number) => worker.poll({ now: () => new Date(Date.now() + milliseconds) }),
    left: () => server.mailbox.messages().length,
    retrievals: () => [...server.mailbox.retrievals.values()],
    broken: async () => {
      await worker.workOff()
      return brokenPromises(databaseUrl, { octets: MAILS, tickets: 2 })
    },
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe.each(SANDBOXES)('over %s', (_, startMailbox) => {
  test('deleteAfter keeps mail on the server for its time, and downloads it once', async () => {
    await using bench = await openBench(startMailbox, 'deleteAfter=36h')
    expect(await bench.pollIn(0)).toMatchObject({ error: null, sheet: { stored: 2, deleted: 0, left: 0 } })
    expect(await bench.pollIn(35 * HOUR)).toMatchObject({ error: null, sheet: { known: 2, deleted: 0 } })
    expect(bench.left()).toBe(2)
    expect(await bench.pollIn(37 * HOUR)).toMatchObject({ error: null, sheet: { known: 2, deleted: 2 } })
    expect(bench.left()).toBe(0)
    expect(bench.retrievals()).toEqual([1, 1])
    expect(await bench.broken()).toEqual([])
  })

  test('mail that was kept is retrieved again by a database that does not know it (restored from a backup)', async () => {
    await using bench = await openBench(startMailbox, 'deleteAfter=36h')
    await bench.pollIn(0)
    const restored = await createDatabase()
    await using worker = await openWorker({ ...bench.server.env('deleteAfter=36h'), DATABASE_URL: restored })
    expect(await worker.poll()).toMatchObject({ error: null, sheet: { stored: 2, deleted: 0 } })
    await worker.workOff()
    expect(await brokenPromises(restored, { octets: MAILS, tickets: 2 })).toEqual([])
  })

  test('deleteAfter=never deletes nothing, ever', async () => {
    await using bench = await openBench(startMailbox, 'deleteAfter=never')
    expect(await bench.pollIn(0)).toMatchObject({ error: null, sheet: { stored: 2, deleted: 0 } })
    expect(await bench.pollIn(10 * YEAR)).toMatchObject({ error: null, sheet: { known: 2, deleted: 0 } })
    expect(bench.left()).toBe(2)
    expect(bench.server.sandbox.log.map(({ verb }) => verb)).not.toContain('DELE')
    expect(await bench.broken()).toEqual([])
  })
})
