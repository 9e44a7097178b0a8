import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createCollector } from '../../../src/intake/collector.ts'
import type { OctetSink } from '../../../src/source/source.ts'
import type { Intake, RetrievedInMemory, Stored } from '../../../src/store/intake.ts'
import type { RemoteEntry } from '../../../src/store/ledger.ts'

const MIB = 1024 * 1024
const POLLING = { mailboxId: 'mailbox', pollId: 1n, source: 'pop3' }
const sha256 = (octets: Buffer) => createHash('sha256').update(octets).digest('hex')

function entry(uniqueId: string): RemoteEntry {
  const nothing = { stored: null, heldReason: null, heldAboveBytes: null, refusals: 0, lastRefusedAt: null }
  return { id: 1n, uniqueId, ...nothing, isSuspect: false }
}

/** Keeps what it is given in memory, and commits when the test lets it. */
function memoryIntake() {
  const digests = new Set<string>()
  const streamed: Buffer[] = []
  const commits: { batch: readonly RetrievedInMemory[]; end: (error?: Error) => void }[] = []
  const fresh = (sha: string): Stored[] => {
    if (digests.has(sha)) return []
    digests.add(sha)
    return [{ inboundMessageId: `inbound-${sha}`, sha256: sha }]
  }
  const intake: Intake = {
    storeBatch: async (_, batch) => {
      const gate = Promise.withResolvers<void>()
      commits.push({ batch, end: (error) => (error ? gate.reject(error) : gate.resolve()) })
      arrived.resolve()
      await gate.promise
      return batch.flatMap(({ sha256: sha }) => fresh(sha))
    },
    storeStreamed: async (_, write) => {
      const pieces: Buffer[] = []
      const { sha256: sha } = await write(async (octets) => void pieces.push(octets))
      streamed.push(Buffer.concat(pieces))
      return fresh(sha)
    },
  }
  let arrived = Promise.withResolvers<void>()
  let seen = 0
  /** The next commit that was asked for. */
  const next = async () => {
    for (;;) {
      const commit = commits[seen]
      if (commit !== undefined) {
        seen++
        return commit
      }
      arrived = Promise.withResolvers<void>()
      await arrived.promise
    }
  }
  return { intake, next, streamed, commits }
}

function opened() {
  const memory = memoryIntake()
  const told: string[] = []
  const collector = createCollector(memory.intake, POLLING, (stored) => {
    told.push(...stored.map(({ sha256: sha }) => sha))
  })
  const retrieve = (octets: Buffer, pieceBytes = octets.length) =>
    collector.retrieve(entry(`id-${octets.length}`), (sink) => download(octets, pieceBytes, sink))
  return { ...memory, told, collector, retrieve }
}

async function download(octets: Buffer, pieceBytes: number, sink: OctetSink) {
  for (let from = 0; from < octets.length; from += pieceBytes) await sink(octets.subarray(from, from + pieceBytes))
  return { sizeBytes: octets.length, sha256: sha256(octets), headerSha256: 'header' }
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  const first = await Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve(pending)))])
  return first !== pending
}

describe('group commit', () => {
  test('a message is reported only once it is durable, and the queue is told then (I1, I2)', async () => {
    const { retrieve, next, told } = opened()
    const octets = Buffer.from('one')
    const done = retrieve(octets)
    const commit = await next()
    expect([await isSettled(done), told]).toEqual([false, []])
    commit.end()
    expect(await done).toEqual({ isNew: true, sizeBytes: 3, sha256: sha256(octets) })
    expect(told).toEqual([sha256(octets)])
  })

  test('what comes while a commit is under way shares the next one', async () => {
    const { retrieve, next, commits } = opened()
    const first = retrieve(Buffer.from('first'))
    const commit = await next()
    const others = Array.from({ length: 50 }, (_, index) => retrieve(Buffer.from(`other ${index}`)))
    commit.end()
    await first
    const second = await next()
    expect(second.batch).toHaveLength(50)
    second.end()
    await Promise.all(others)
    expect(commits).toHaveLength(2)
  })

  test('a commit that fails fails its messages, each of them, and no others', async () => {
    const { retrieve, next, told } = opened()
    const failed = [retrieve(Buffer.from('a')), retrieve(Buffer.from('b'))].map((each) =>
      each.catch((error: Error) => error),
    )
    ;(await next()).end(new Error('no disk'))
    for (const each of failed) expect(await each).toEqual(new Error('no disk'))
    expect(told).toEqual([])
    const after = retrieve(Buffer.from('c'))
    ;(await next()).end()
    expect(await after).toMatchObject({ isNew: true })
  })

  test('the same octets twice are new once (I3)', async () => {
    const { retrieve, next } = opened()
    const both = [retrieve(Buffer.from('same')), retrieve(Buffer.from('same'))]
    ;(await next()).end()
    expect((await Promise.all(both)).map(({ isNew }) => isNew)).toEqual([true, false])
  })

  test('a download that fails stores nothing', async () => {
    const { collector, commits, streamed } = opened()
    for (const sizeBytes of [10, 6 * MIB]) {
      const broken = collector.retrieve(entry('x'), async (sink) => {
        await sink(Buffer.alloc(sizeBytes))
        throw new Error('connection lost')
      })
      await expect(broken).rejects.toThrow('connection lost')
    }
    expect([commits, streamed]).toEqual([[], []])
  })
})

describe('memory', () => {
  test('a message above 4 MiB is streamed into a transaction of its own, octet for octet', async () => {
    const { retrieve, streamed, commits, told } = opened()
    const octets = Buffer.from(Array.from({ length: 5 * MIB }, (_, index) => index % 251))
    expect(await retrieve(octets, 100_000)).toEqual({ isNew: true, sizeBytes: 5 * MIB, sha256: sha256(octets) })
    expect(streamed.map((each) => each.equals(octets))).toEqual([true])
    expect([commits.length, told.length]).toEqual([0, 1])
  })

  test('above 16 MiB that are not durable yet the server has to wait, until there is room', async () => {
    const { retrieve, collector, next } = opened()
    const under = Array.from({ length: 6 }, (_, index) => retrieve(Buffer.alloc(3 * MIB, index)))
    const commit = await next()
    const waits: boolean[] = []
    const waiting = collector.retrieve(entry('x'), async (sink) => {
      const room = sink(Buffer.from('one more'))
      waits.push(room !== undefined)
      await room
      return { sizeBytes: 8, sha256: sha256(Buffer.from('one more')), headerSha256: 'header' }
    })
    expect(waits).toEqual([true])
    expect(await isSettled(waiting)).toBe(false)
    commit.end()
    void endAll(next)
    await Promise.all([...under, waiting])
  })
})

async function endAll(next: () => Promise<{ end: () => void }>): Promise<never> {
  for (;;) (await next()).end()
}
