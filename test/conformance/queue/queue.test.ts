import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Queue as BullQueue, createPostgresBackend } from 'bullmq'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { QueueTarget } from '../../../src/queue/backend.ts'
import { ATTEMPTS, type JobRun, openQueue, type Queue, type QueueOptions } from '../../../src/queue/queue.ts'
import { createBeats } from '../../support/beats.ts'
import { createDatabase, createEmptyDatabase } from '../../support/postgres.ts'
import { redisAvailable, startRedis, type TestRedis } from '../../support/redis.ts'

let redis: TestRedis | null = null
beforeAll(async () => {
  if (redisAvailable) redis = await startRedis()
})
afterAll(async () => redis?.stop())

const BACKENDS = [...(redisAvailable ? (['Redis'] as const) : []), 'PostgreSQL'] as const

/** Empty, and of this test alone. */
async function freshTarget(backend: (typeof BACKENDS)[number]): Promise<QueueTarget> {
  if (backend === 'PostgreSQL' || redis === null) return { databaseUrl: await createDatabase() }
  await redis.flushAll()
  return { redisUrl: redis.url }
}

interface Taken {
  readonly id: string
  readonly run: JobRun
  readonly at: number
  /** Ends the job, well or not. */
  readonly end: (error?: Error) => void
}

interface Worker {
  /** The next job that it takes and that nobody was given yet. */
  next(): Promise<Taken>
  /** Jobs taken that nobody was given. */
  readonly unseen: number
  stop(graceMilliseconds: number): Promise<void>
}

type Start = (handle: (id: string, run: JobRun) => Promise<void>) => { stop(grace: number): Promise<void> }

/** A worker whose jobs end when the test says so, or when they are told to. */
function worker(start: Start): Worker {
  const taken: Taken[] = []
  let wake = () => {}
  const work = start(async (id, run) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    run.signal.addEventListener('abort', () => reject(run.signal.reason))
    taken.push({ id, run, at: performance.now(), end: (error) => (error ? reject(error) : resolve()) })
    wake()
    await promise
  })
  return {
    get unseen() {
      return taken.length
    },
    next: async () => {
      for (;;) {
        const job = taken.shift()
        if (job !== undefined) return job
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
      }
    },
    stop: (grace) => work.stop(grace),
  }
}

describe.each(BACKENDS)('the queue in %s', (backend) => {
  const opened: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close()
  })

  const open = (target: QueueTarget, options: Partial<QueueOptions> = {}): Queue => {
    const queue = openQueue(target, { onTrouble: () => undefined, retryDelayMilliseconds: 20, ...options })
    opened.push(queue)
    return queue
  }
  const started = (start: Start) => {
    const each = worker(start)
    opened.push({ close: () => each.stop(0) })
    return each
  }
  const working = (queue: Queue) => started((handle) => queue.work(handle, 1))
  const polling = (queue: Queue) => started((handle) => queue.workPolls(handle, 2))

  test('a message that is told of again and again is worked once, and again when told afterwards (I4)', async () => {
    const queue = open(await freshTarget(backend))
    const [one, other] = [randomUUID(), randomUUID()]
    await queue.wake([one, one])
    await queue.wake([one])
    await queue.wake([other])
    const { next } = working(queue)
    const first = await next()
    expect(first.id).toBe(one)
    first.end()
    const second = await next()
    expect(second.id).toBe(other)
    await queue.wake([one])
    second.end()
    expect((await next()).id).toBe(one)
  })

  test('a message in the hands of a worker that may be dead is told of anew, and another takes it', async () => {
    const target = await freshTarget(backend)
    const queue = open(target)
    const [id, marker] = [randomUUID(), randomUUID()]
    await queue.wake([id])
    const held = working(queue)
    expect((await held.next()).id).toBe(id)
    await queue.wake([id])
    await queue.wake([marker])
    const other = working(open(target))
    const taken = await other.next()
    expect(taken.id).toBe(marker)
    await queue.wakeAnew([id])
    taken.end()
    expect((await other.next()).id).toBe(id)
  })

  test(`a job that fails runs ${ATTEMPTS} times with growing pauses, and knows which is the last`, async () => {
    const queue = open(await freshTarget(backend))
    const id = randomUUID()
    await queue.wake([id])
    const { next } = working(queue)
    const runs: Taken[] = []
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const job = await next()
      runs.push(job)
      job.end(new Error('not this time'))
    }
    expect(runs.map(({ run }) => run.isLastAttempt)).toEqual([...Array(ATTEMPTS - 1).fill(false), true])
    const pauses = runs.slice(1).map(({ at }, index) => at - (runs[index]?.at ?? 0))
    // Doubling from 20 ms, of which a random half is spared.
    for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(9 * 2 ** index)
    const afresh = await untilTaken(() => queue.wake([id]), next)
    expect(afresh).toMatchObject({ id, run: { isLastAttempt: false, stalls: 0 } })
    afresh.end()
  })

  test('a job carries the id of a message and nothing else (I4, I9)', async () => {
    const target = await freshTarget(backend)
    const queue = open(target)
    const id = randomUUID()
    await queue.wake([id])
    await queue.requestPoll('support')
    const jobs = await Promise.all(['mailchute-inbound', 'mailchute-poll'].map((name) => jobsIn(target, name)))
    expect(jobs).toEqual([[{ inboundMessageId: id }], [{ mailbox: 'support' }]])
  })

  test('a worker that is stopped puts its job back, and another takes it at once', async () => {
    const target = await freshTarget(backend)
    const queue = open(target)
    const id = randomUUID()
    await queue.wake([id])
    const first = working(queue)
    const job = await first.next()
    await first.stop(0)
    expect(job.run.signal.aborted).toBe(true)
    expect(first.unseen).toBe(0)
    expect(await working(open(target)).next()).toMatchObject({ id, run: { isLastAttempt: false, stalls: 0 } })
  })

  test('a worker that is stopped takes nothing new, and lets its job end within the grace', async () => {
    const target = await freshTarget(backend)
    const queue = open(target)
    const [id, waiting] = [randomUUID(), randomUUID()]
    await queue.wake([id, waiting])
    const first = working(queue)
    const job = await first.next()
    const stopped = first.stop(20_000)
    job.end()
    await stopped
    expect(job.run.signal.aborted).toBe(false)
    expect(first.unseen).toBe(0)
    expect((await working(open(target)).next()).id).toBe(waiting)
  })

  test('however many ask for a poll, it runs once at a time for a mailbox, and others beside it', async () => {
    const target = await freshTarget(backend)
    const queues = [open(target), open(target)] as const
    for (const queue of queues) for (const mailbox of ['a', 'a', 'b']) await queue.requestPoll(mailbox)
    const { next } = polling(queues[0])
    const [one, other] = [await next(), await next()]
    expect([one.id, other.id].toSorted()).toEqual(['a', 'b'])
    await queues[1].requestPoll('a')
    await queues[1].requestPoll('c')
    other.end()
    one.end()
    const third = await next()
    expect(third.id).toBe('c')
    third.end()
  })

  test('news that come while a poll is under way bring one more after it, however many they are', async () => {
    const queue = open(await freshTarget(backend))
    await queue.requestPoll('a')
    const { next } = polling(queue)
    const first = await next()
    for (const isNews of [true, true, false]) await queue.requestPoll('a', { isNews })
    first.end()
    const second = await next()
    await queue.requestPoll('b')
    expect((await next()).id).toBe('b')
    second.end()
    expect((await untilTaken(() => queue.requestPoll('a'), next)).id).toBe('a')
  })

  test('after a poll, however it ended, the next one can be asked for', async () => {
    const queue = open(await freshTarget(backend))
    const { next } = polling(queue)
    for (const error of [undefined, new Error('the server is away'), undefined]) {
      const job = await untilTaken(() => queue.requestPoll('a'), next)
      job.end(error)
    }
    expect((await untilTaken(() => queue.requestPoll('a'), next)).id).toBe('a')
  })

  test('a queue that refuses is asked again with growing pauses, and worked when it no longer does', async () => {
    const target = await freshTarget(backend)
    const refusals = createBeats<Error>()
    const seen: number[] = []
    const onTrouble = (error: Error) => {
      seen.push(performance.now())
      refusals.beat(error)
    }
    const queue = open(target, { onTrouble })
    const [one, other] = [randomUUID(), randomUUID()]
    await queue.wake([one])
    const { next } = working(queue)
    const job = await next()
    await whileRefusing(target, async () => {
      await expect(queue.depth()).rejects.toMatchObject({ code: 'queue/unavailable' })
      job.end()
      // 0.1 s at first, and each pause twice the one before; some are of the job that ended, and of who waits for others.
      await refusals.until(() => seen.some((at, index) => at - (seen[index - 1] ?? at) > 700))
      expect(seen.length).toBeLessThan(REFUSALS)
    })
    await queue.wake([other])
    expect((await next()).id).toBe(other)
  })

  test('the job of a worker that was killed comes back, and says that it did (I6)', async () => {
    const target = await freshTarget(backend)
    const deadAfterMilliseconds = 1000
    const queue = open(target, { deadAfterMilliseconds })
    const id = randomUUID()
    await queue.wake([id])
    const child = workingChild(target, deadAfterMilliseconds)
    expect(String((await once(child.stdout, 'data'))[0])).toBe(`${id}\n`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await working(queue).next()).toMatchObject({ id, run: { stalls: 1 } })
  })
})

test('in PostgreSQL: a worker goes on where the database is out of connections when it begins', async () => {
  const databaseUrl = await createEmptyDatabase()
  const url = new URL(databaseUrl)
  const database = url.pathname.slice(1)
  url.username = `desk_${database}`
  await execute(databaseUrl, [
    `CREATE ROLE ${url.username} LOGIN`,
    `GRANT CREATE ON DATABASE ${database} TO ${url.username}`,
  ])
  const queue = openQueue({ databaseUrl: url.href }, { onTrouble: () => undefined })
  const id = randomUUID()
  await queue.wake([id])
  await queue.close()
  await execute(databaseUrl, [`ALTER ROLE ${url.username} CONNECTION LIMIT 1`])
  const child = workingChild({ databaseUrl: url.href })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(String((await once(child.stdout, 'data'))[0])).toBe(`${id}\n`)
})

function workingChild(target: QueueTarget, deadAfterMilliseconds = 15_000) {
  const file = fileURLToPath(new URL('../../support/queue-child.ts', import.meta.url))
  return spawn(process.execPath, [file, JSON.stringify(target), String(deadAfterMilliseconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function execute(databaseUrl: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** A job that has just ended may still be known for a moment: asked for again until it runs. */
async function untilTaken(ask: () => Promise<void>, next: Worker['next']): Promise<Taken> {
  const taken = next()
  for (let isTaken = false; !isTaken; ) {
    await ask()
    const tick = new Promise((resolve) => setTimeout(resolve, 20))
    isTaken = await Promise.race([taken.then(() => true), tick.then(() => false)])
  }
  return taken
}

const REFUSALS = 15

/** It answers, and does nothing that it is asked for. */
async function whileRefusing(target: QueueTarget, work: () => Promise<void>): Promise<void> {
  await refuse(target, true)
  await work().finally(() => refuse(target, false))
}

async function refuse(target: QueueTarget, isRefusing: boolean): Promise<void> {
  if ('redisUrl' in target) {
    const client = new Redis(target.redisUrl)
    await client.call('ACL', 'SETUSER', 'default', `${isRefusing ? '-' : '+'}evalsha`)
    await client.call('ACL', 'SETUSER', 'default', `${isRefusing ? '-' : '+'}eval`)
    await client.quit()
    return
  }
  const [from, to] = isRefusing ? ['bullmq', 'away'] : ['away', 'bullmq']
  await execute(target.databaseUrl, [`ALTER SCHEMA ${from} RENAME TO ${to}`])
}

async function jobsIn(target: QueueTarget, name: string): Promise<unknown[]> {
  const queue =
    'redisUrl' in target
      ? new BullQueue(name, { connection: { url: target.redisUrl } })
      : new BullQueue(name, { connection: { connectionString: target.databaseUrl } }, createPostgresBackend)
  try {
    return (await queue.getJobs()).map(({ data }) => data)
  } finally {
    await queue.close()
  }
}
