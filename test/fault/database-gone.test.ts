/**
 * PostgreSQL, or Redis, is gone in the middle and comes back: `run` lives through it, nothing is deleted on the server
 * meanwhile, and in the end everything is ticketed once (I4, I7).
 */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Command } from '../../src/sandbox/command.ts'
import { generateMails } from '../../src/sandbox/generate.ts'
import { SWEEP_SECONDS } from '../../src/upkeep/sweep.ts'
import { createBeats } from '../support/beats.ts'
import { mail } from '../support/mails.ts'
import { startCluster, type TestCluster } from '../support/postgres.ts'
import { buildProgram, type LogLine, type Running, start } from '../support/program.ts'
import { brokenPromises } from '../support/promises.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'
import { startExchangeMailbox, startMailbox, type TestMailbox } from '../support/sandbox.ts'

const MAILS = generateMails({ count: 150, seed: 4, averageBytes: 4000 })
const OCTETS = MAILS.map(({ octets }) => octets)
/** Of the download, when the database goes. */
const RETRIEVED = 70
/** Of the work. */
const TICKETED = 40
/** For a machine that is busy with other tests. */
const WORK_SECONDS = 60
/** The period of the sweep, and what the queue takes to notice. */
const BOUND_MILLISECONDS = 400_000

beforeAll(buildProgram, 300_000)

const QUEUES = [...(redisAvailable ? (['Redis'] as const) : []), 'PostgreSQL'] as const

/** Most of their time is spent waiting for the queue to see that a job is nobody's any more. */
describe.concurrent('`run` lives through', () => {
  test.each([
    ...QUEUES.map((queue) => [queue, 'POP3', startMailbox] as const),
    ['PostgreSQL', 'POP3 as Exchange has it', startExchangeMailbox] as const,
  ])('a crash of PostgreSQL in the middle of a poll, with the queue in %s, over %s', async (queue, _, serve) => {
    await using bench = await openBench(queue, serve)
    const crashed = Promise.withResolvers<void>()
    let retrieved = 0
    bench.server.sandbox.onCommand(({ verb }) => {
      if (verb !== 'RETR') return undefined
      retrieved += 1
      if (retrieved === RETRIEVED) void bench.cluster.stop('immediate').then(crashed.resolve)
      return retrieved < RETRIEVED ? undefined : crashed.promise
    })
    await crashed.promise
    await bench.running.line(({ event }) => event === 'poll.failed')
    expect(bench.server.mailbox.messages()).toHaveLength(MAILS.length)
    await bench.cluster.start()
    await bench.allTicketed()
  })

  test.each(QUEUES)('a crash of PostgreSQL in the middle of the work, with the queue in %s', async (queue) => {
    await using bench = await openBench(queue)
    await ticketed(bench.running, TICKETED)
    await bench.cluster.stop('immediate')
    const late = mail({ id: 'late' })
    bench.server.mailbox.deliver(late, 'late')
    await bench.running.line(({ event }) => event === 'poll.failed' || event === 'wake.failed')
    expect(bench.server.mailbox.messages().map(({ uniqueId }) => uniqueId)).toContain('late')
    await bench.cluster.start()
    await bench.allTicketed([late])
  })

  test.skipIf(!redisAvailable)(
    'a crash of Redis in the middle of the work: what waits is told of within a sweep period (I4)',
    async () => {
      await using bench = await openBench('Redis')
      await ticketed(bench.running, TICKETED)
      await bench.redis?.stop('SIGKILL')
      await bench.running.line(({ event }) => event === 'queue.troubled')
      await bench.redis?.start()
      const backAt = performance.now()
      await ticketed(bench.running, MAILS.length)
      expect((performance.now() - backAt) / 1000).toBeLessThan(SWEEP_SECONDS + WORK_SECONDS)
      await bench.allTicketed()
    },
  )
})

interface Bench extends AsyncDisposable {
  readonly server: TestMailbox
  readonly cluster: TestCluster
  readonly redis: TestRedis | null
  /** The program. */
  readonly running: Running
  /** It has lived through it, and ends well when asked to. */
  allTicketed(more?: readonly Buffer[]): Promise<void>
}

async function openBench(queue: (typeof QUEUES)[number], serve = startMailbox): Promise<Bench> {
  const [cluster, server] = await Promise.all([startCluster(), serve(MAILS)])
  const redis = queue === 'Redis' ? await startRedis() : null
  const databaseUrl = await cluster.createDatabase()
  const settings = {
    ...server.env('schedule=* * * * * *'),
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    DATABASE_URL: databaseUrl,
  }
  const running = start(['run'], settings, { longestMilliseconds: BOUND_MILLISECONDS })
  return {
    ...{ server, cluster, redis, running },
    allTicketed: async (more = []) => {
      await ticketed(running, MAILS.length + more.length)
      await emptied(server)
      running.child.kill('SIGTERM')
      expect(await running.ended).toMatchObject({ code: 0 })
      expect(await brokenPromises(databaseUrl, { octets: [...OCTETS, ...more] })).toEqual([])
    },
    [Symbol.asyncDispose]: async () => {
      running.child.kill('SIGKILL')
      await running.ended
      await Promise.all([server[Symbol.asyncDispose](), cluster.dispose(), redis?.stop()])
    },
  }
}

/** Polls go on every second, so there is always a next command to look at. */
async function emptied({ sandbox, mailbox }: TestMailbox): Promise<void> {
  const commands = createBeats<Command>()
  sandbox.onCommand(commands.beat)
  await commands.until(() => mailbox.messages().length === 0)
}

function ticketed(running: Running, count: number): Promise<LogLine> {
  const ids = new Set<unknown>()
  return running.line(
    ({ event, inboundMessageId }) => event === 'message.ticketed' && ids.add(inboundMessageId).size >= count,
  )
}
