/** What servers do with deletions, unique-ids, TOP and sizes, seen through whole polls. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  answer,
  differentTop,
  hangUpAtQuit,
  hashUniqueIds,
  lieAboutSizes,
  type Manner,
  refuse,
  regenerateUniqueIds,
  removeOnly,
  reuseUniqueIds,
  without,
} from '../../src/sandbox/manners.ts'
import { openStore } from '../../src/store/store.ts'
import { mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { brokenPromises } from '../support/promises.ts'
import { SANDBOXES, type TestMailbox } from '../support/sandbox.ts'
import { openWorker, type TestWorker } from '../support/worker.ts'

const [A, B, C] = ['a', 'b', 'c'].map((id) => mail({ id, from: `${id}@example.com` })) as [Buffer, Buffer, Buffer]
const QUIT_LOST = ['source/connection-lost', 'source/protocol-violation', 'source/reply-timeout']
const LIMIT_BYTES = 4000

interface Bench extends AsyncDisposable {
  readonly databaseUrl: string
  readonly server: TestMailbox
  readonly worker: TestWorker
  /** What is left on the server. */
  left(): string[]
  broken(octets: readonly Buffer[], tickets?: number): Promise<string[]>
}

/** The queue is the database's: what a server does is no matter of the queue. */
async function openBenchOn(
  startMailbox: (typeof SANDBOXES)[number][1],
  octets: readonly Buffer[],
  manners: readonly Manner[],
  query = '',
): Promise<Bench> {
  const databaseUrl = await createDatabase()
  const server = await startMailbox([], { manners })
  for (const [index, each] of octets.entries()) server.mailbox.deliver(each, `id-${index + 1}`)
  const worker = await openWorker({ ...server.env(query), DATABASE_URL: databaseUrl })
  return {
    ...{ databaseUrl, server, worker },
    left: () => server.mailbox.messages().map(({ uniqueId }) => uniqueId),
    broken: async (all, tickets) => {
      await worker.workOff()
      return brokenPromises(databaseUrl, { octets: all, ...(tickets === undefined ? {} : { tickets }) })
    },
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe.each(SANDBOXES)('over %s', (_, startMailbox) => {
  const openBench = (octets: readonly Buffer[], manners: readonly Manner[], query?: string) =>
    openBenchOn(startMailbox, octets, manners, query)

  describe('a connection that ends at QUIT (RFC 1939 section 6)', () => {
    test('with the deletions applied is booked as gone by the next list', async () => {
      await using bench = await openBench([A, B, C], [hangUpAtQuit('after', { times: 1 })])
      const first = await bench.worker.poll()
      expect(first).toMatchObject({ error: { code: expect.toBeOneOf(QUIT_LOST) }, sheet: { retrieved: 3, deleted: 0 } })
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { listed: 0, retrieved: 0 } })
      expect(await bench.broken([A, B, C], 3)).toEqual([])
    })

    test('without them is asked again, after TOP and without a second RETR', async () => {
      await using bench = await openBench([A, B, C], [hangUpAtQuit('before', { times: 1 })])
      expect(await bench.worker.poll()).toMatchObject({ error: { code: expect.toBeOneOf(QUIT_LOST) } })
      expect(bench.left()).toHaveLength(3)
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { known: 3, retrieved: 0, deleted: 3 } })
      expect([...bench.server.mailbox.retrievals.values()]).toEqual([1, 1, 1])
      expect(bench.left()).toEqual([])
      expect(await bench.broken([A, B, C], 3)).toEqual([])
    })

    test('answered by -ERR because some were not removed leaves them to the next poll', async () => {
      await using bench = await openBench([A, B, C], [removeOnly(1)])
      expect(await bench.worker.poll()).toMatchObject({ sheet: { deleted: 0 } })
      expect(bench.left()).toHaveLength(2)
      bench.server.sandbox.behave([])
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { known: 2, deleted: 2 } })
      expect(bench.left()).toEqual([])
      expect(await bench.broken([A, B, C], 3)).toEqual([])
    })
  })

  describe('unique-ids', () => {
    test('made anew for the same mail are aliases, not second tickets', async () => {
      await using bench = await openBench([A, B, C], [regenerateUniqueIds(), hangUpAtQuit('before', { times: 1 })])
      await bench.worker.poll()
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { retrieved: 3, stored: 0, deleted: 3 } })
      expect(bench.left()).toEqual([])
      expect(await bench.broken([A, B, C], 3)).toEqual([])
    })

    test('used again for another mail do not hide it: its header differs', async () => {
      await using bench = await openBench([A, B], [reuseUniqueIds(), hangUpAtQuit('after', { times: 1 })])
      await bench.worker.poll()
      bench.server.mailbox.deliver(C)
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { listed: 1, stored: 1, deleted: 1 } })
      expect(await bench.broken([A, B, C], 3)).toEqual([])
    })

    test('used again at once, while the mail before is still known, do not hide it either', async () => {
      await using bench = await openBench([A, B], [reuseUniqueIds()])
      await bench.worker.poll()
      for (const octets of [C, B]) bench.server.mailbox.deliver(octets)
      const sheet = { listed: 2, known: 1, retrieved: 1, stored: 1, deleted: 2 }
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet })
      expect(await bench.broken([A, B, C], 3)).toEqual([])
    })

    test('that are digests, so that copies share one, lose neither copy nor sheet', async () => {
      await using bench = await openBench([A, B, A, A], [hashUniqueIds()])
      const sheet = { listed: 4, retrieved: 4, stored: 2, deleted: 4, left: 0 }
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet })
      expect(bench.left()).toEqual([])
      expect(await bench.broken([A, B], 2)).toEqual([])
    })
  })

  describe('a header that cannot be compared', () => {
    test.each([
      ['because there is no TOP', without('TOP')],
      ['because TOP adds to it', differentTop()],
    ])('%s, is compared by all octets', async (_, manner) => {
      await using bench = await openBench([A, B], [manner, hangUpAtQuit('before', { times: 1 })])
      await bench.worker.poll()
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { retrieved: 2, stored: 0, deleted: 2 } })
      expect(bench.left()).toEqual([])
      expect(await bench.broken([A, B], 2)).toEqual([])
    })
  })

  describe('a message of its own trouble stops no other (I6)', () => {
    test.each([
      ['refused by -ERR', refuse({ verb: 'RETR', message: 2 }, 'cannot convert')],
      ['answered without any octets', answer({ verb: 'RETR', message: 2 }, '+OK\r\n.\r\n')],
    ])('%s, is never deleted, and is held after three times', async (_, manner) => {
      await using bench = await openBench([A, B, C], [manner])
      const sheets = [{ listed: 3, retrieved: 2, left: 1, held: 0, deleted: 2 }]
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: sheets[0] })
      bench.server.sandbox.behave(trouble(manner, 1))
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { listed: 1, left: 1, deleted: 0 } })
      bench.server.sandbox.behave(trouble(manner, 1))
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { listed: 1, held: 1, left: 0 } })
      bench.server.sandbox.behave([])
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { listed: 1, held: 1, deleted: 0 } })
      expect(bench.left()).toEqual(['id-2'])
      expect(await bench.broken([A, C], 2)).toEqual([])
      const { store, rows } = bench.worker.app
      await store.mailboxes.resume(rows.get('test')?.id ?? '', { actor: 'test' })
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { retrieved: 1, deleted: 1 } })
      expect(await bench.broken([A, B, C], 3)).toEqual([])
    })

    const LARGE = mail({ id: 'large', sizeBytes: 2 * LIMIT_BYTES })

    test('too large, and listed so, stays on the server without being downloaded', async () => {
      await using bench = await openBench([A, LARGE, C], [], `maxMessageBytes=${LIMIT_BYTES}`)
      const sheet = { listed: 3, retrieved: 2, held: 1, left: 0, deleted: 2, connections: 1 }
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet })
      expect(bench.server.mailbox.retrievals.has('id-2')).toBe(false)
      expect(bench.left()).toEqual(['id-2'])
      expect(await bench.broken([A, C], 2)).toEqual([])
      expect(await bench.worker.poll({}, { maxMessageBytes: 100_000 })).toMatchObject({
        sheet: { stored: 1, deleted: 1 },
      })
      expect(await bench.broken([A, LARGE, C], 3)).toEqual([])
    })

    test('too large, though listed as small, costs a connection, and the others are done in the same poll', async () => {
      await using bench = await openBench([A, LARGE, C], [lieAboutSizes(0.1)], `maxMessageBytes=${LIMIT_BYTES}`)
      const sheet = { listed: 3, held: 1, left: 0, deleted: 2, connections: 2 }
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet })
      expect(bench.left()).toEqual(['id-2'])
      expect(bench.server.mailbox.retrievals.get('id-2')).toBe(1)
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { listed: 1, held: 1, connections: 1 } })
      expect(bench.server.mailbox.retrievals.get('id-2')).toBe(1)
      expect(await bench.broken([A, C], 2)).toEqual([])
    })
  })

  describe('two polls of one mailbox at once', () => {
    let gate: PromiseWithResolvers<void>
    beforeAll(() => {
      gate = Promise.withResolvers()
    })
    afterAll(() => gate.resolve())

    test('are one: the other finds it busy (I3)', async () => {
      await using bench = await openBench([A, B, C], [])
      const reached = Promise.withResolvers<void>()
      bench.server.sandbox.onCommand(({ verb }) => {
        if (verb !== 'RETR') return undefined
        reached.resolve()
        return gate.promise
      })
      const other = openStore(bench.databaseUrl)
      const polling = bench.worker.poll()
      await reached.promise
      expect(await bench.worker.poll({ store: other })).toEqual({ outcome: 'busy' })
      gate.resolve()
      expect(await polling).toMatchObject({ error: null, sheet: { retrieved: 3, deleted: 3 } })
      await other.close()
      expect(await bench.broken([A, B, C], 3)).toEqual([])
    })

    test('have one effect even where the lock fails them (I2, I3)', async () => {
      const large = mail({ id: 'large', sizeBytes: 4.1 * 1024 * 1024 })
      const octets = [A, large, ...Array.from({ length: 100 }, (_, index) => mail({ id: `mail-${index}` })), B]
      await using bench = await openBench(octets, [])
      const other = openStore(bench.databaseUrl)
      const lockless = (store: typeof other) => ({
        ...store,
        mailboxes: { ...store.mailboxes, tryLock: async () => ({ release: async () => undefined }) },
      })
      await Promise.allSettled([
        bench.worker.poll({ store: lockless(bench.worker.app.store) }),
        bench.worker.poll({ store: lockless(other) }),
      ])
      await other.close()
      expect(await bench.worker.poll()).toMatchObject({ error: null, sheet: { left: 0 } })
      expect(bench.left()).toEqual([])
      expect(await bench.broken(octets, octets.length)).toEqual([])
    })
  })
})

/** The same for the message that is now the first. */
function trouble(manner: Manner, message: number): Manner[] {
  const fate = manner.fate
  if (fate === undefined) return []
  return [
    { fate: (command) => (command.verb === 'RETR' ? fate({ ...command, argument: String(message + 1) }) : undefined) },
  ]
}
