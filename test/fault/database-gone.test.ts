/**
 * PostgreSQL, or Redis, is gone in the middle and comes back: `run` lives through it, nothing is deleted on the server
 * meanwhile, and in the end everything is ticketed once (I4, I7).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Command } from '../../src/sandbox/command.ts'
import { generateMails } from '../../src/sandbox/generate.ts'
import { createBeats } from '../support/beats.ts'
import { mail } from '../support/mails.ts'
import { startCluster, type TestCluster } from '../support/postgres.ts'
import { buildProgram, type LogLine, type Running, start } from '../support/program.ts'
import { brokenPromises } from '../support/promises.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'
import { startMailbox, type TestMailbox } from '../support/sandbox.ts'

const MAILS = generateMails({ count: 150, seed: 4, averageBytes: 4000 })
const OCTETS = MAILS.map(({ octets }) => octets)
/** Of the download, when the database goes. */
const RETRIEVED = 70
/** Of the work. */
const TICKETED = 40
/** Two periods of the sweep, and what the queue takes to notice. */
const BOUND_MILLISECONDS = 200_000

let cluster: TestCluster
let redis: TestRedis | undefined
beforeAll(async () => {
  await buildProgram()
  cluster = await startCluster()
  if (redisAvailable) redis = await startRedis()
}, 120_000)
beforeEach(() => cluster.start())
afterAll(async () => {
  await cluster.dispose()
  await redis?.stop()
})

describe.each([['Redis'], ['PostgreSQL']] as const)('PostgreSQL crashes, with the queue in %s,', (kind) => {
  const settings = () => (kind === 'Redis' && redis ? { REDIS_URL: redis.url } : {})

  test.skipIf(kind === 'Redis' && !redisAvailable)(
    'in the middle of a poll',
    async () => {
      await using bench = await openBench(settings())
      const crashed = Promise.withResolvers<void>()
      let retrieved = 0
      bench.server.sandbox.onCommand(({ verb }) => {
        if (verb !== 'RETR') return undefined
        retrieved += 1
        if (retrieved === RETRIEVED) void cluster.stop('immediate').then(crashed.resolve)
        return retrieved < RETRIEVED ? undefined : crashed.promise
      })
      const running = bench.launch()
      await crashed.promise
      await running.line(({ event }) => event === 'poll.failed')
      expect(bench.server.mailbox.messages()).toHaveLength(MAILS.length)
      await cluster.start()
      await bench.allTicketed(running)
    },
    BOUND_MILLISECONDS,
  )

  test.skipIf(kind === 'Redis' && !redisAvailable)(
    'in the middle of the work',
    async () => {
      await using bench = await openBench(settings())
      const running = bench.launch()
      await ticketed(running, TICKETED)
      await cluster.stop('immediate')
      const late = mail({ id: 'late' })
      bench.server.mailbox.deliver(late, 'late')
      await running.line(({ event }) => event === 'poll.failed')
      expect(bench.server.mailbox.messages().map(({ uniqueId }) => uniqueId)).toContain('late')
      await cluster.start()
      await bench.allTicketed(running, [late])
    },
    BOUND_MILLISECONDS,
  )
})

test.skipIf(!redisAvailable)(
  'Redis crashes in the middle of the work, and comes back empty',
  async () => {
    if (redis === undefined) throw new Error('Redis has not started')
    await using bench = await openBench({ REDIS_URL: redis.url })
    const running = bench.launch()
    await ticketed(running, TICKETED)
    await redis.stop('SIGKILL')
    await running.line(({ event }) => event === 'queue.troubled')
    await redis.start()
    await bench.allTicketed(running)
  },
  BOUND_MILLISECONDS,
)

interface Bench extends AsyncDisposable {
  readonly server: TestMailbox
  launch(): Running
  /** It has lived through it, and ends well when asked to. */
  allTicketed(running: Running, more?: readonly Buffer[]): Promise<void>
}

async function openBench(settings: Record<string, string>): Promise<Bench> {
  const databaseUrl = await cluster.createDatabase()
  const server = await startMailbox(MAILS)
  const all = { ...server.env('schedule=* * * * * *'), ...settings, DATABASE_URL: databaseUrl, LOG_LEVEL: 'debug' }
  let launched: Running | undefined
  return {
    server,
    launch: () => {
      launched = start(['run'], all)
      return launched
    },
    allTicketed: async (running, more = []) => {
      await ticketed(running, MAILS.length + more.length)
      await emptied(server)
      running.child.kill('SIGTERM')
      expect(await running.ended).toMatchObject({ code: 0 })
      expect(await brokenPromises(databaseUrl, { octets: [...OCTETS, ...more] })).toEqual([])
    },
    [Symbol.asyncDispose]: async () => {
      launched?.child.kill('SIGKILL')
      await launched?.ended
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Polls go on every second, so there is always a next command to look at. */
async function emptied({ sandbox, mailbox }: TestMailbox): Promise<void> {
  const commands = createBeats<Command>()
  sandbox.onCommand(commands.beat)
  await commands.until(() => mailbox.messages().length === 0, 60_000)
}

function ticketed(running: Running, count: number): Promise<LogLine> {
  const ids = new Set<unknown>()
  return running.line(
    ({ event, inboundMessageId }) => event === 'message.ticketed' && ids.add(inboundMessageId).size >= count,
  )
}
