import { Client } from 'pg'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { generateMails } from '../../src/sandbox/generate.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { createDatabase, startCluster } from '../support/postgres.ts'
import { buildProgram, logLines, type Running, runJson, type Settings, start } from '../support/program.ts'
import { redisAvailable, startRedis } from '../support/redis.ts'

const USER = 'support@mailchute.example'
const PASSWORD = 'correct horse battery'
/** What a supervisor gives a process to end. */
const SHUTDOWN_MILLISECONDS = 25_000

beforeAll(buildProgram)

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

async function openSandbox(): Promise<Sandbox> {
  const sandbox = await startSandbox({ mailboxes: [{ user: USER, password: PASSWORD }] })
  opened.push(() => sandbox.close())
  return sandbox
}

function settingsOf(sandbox: Sandbox, databaseUrl: string): Settings {
  return {
    DATABASE_URL: databaseUrl,
    MAILBOX_SUPPORT_URL: `${sandbox.url(USER)}?schedule=*+*+*+*+*+*`,
    MAILBOX_SUPPORT_PASSWORD: PASSWORD,
  }
}

function worker(args: readonly string[], settings: Settings): Running {
  const running = start(['run', ...args], settings)
  opened.push(() => {
    running.child.kill('SIGKILL')
    return running.ended
  })
  return running
}

let seed = 100

function deliver(sandbox: Sandbox, count: number): void {
  seed++
  for (const { octets } of generateMails({ count, seed, averageBytes: 2000 })) sandbox.mailbox(USER).deliver(octets)
}

/** Resolves once the processes have logged so many tickets between them. */
async function ticketed(workers: readonly Running[], messages: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = () => {
    const lines = workers.flatMap((each) => logLines(each.stderr()))
    if (lines.filter(({ event }) => event === 'message.ticketed').length >= messages) resolve()
  }
  for (const { child, ended, stderr } of workers) {
    child.stderr?.on('data', look)
    void ended.then(() => reject(new Error(`a worker ended:\n${stderr().slice(-2000)}`)))
  }
  look()
  await promise
}

async function stop(running: Running): Promise<void> {
  const startedAt = performance.now()
  running.child.kill('SIGTERM')
  const { code, stderr } = await running.ended
  expect([code, logLines(stderr).at(-1)?.event]).toEqual([0, 'worker.stopped'])
  expect(performance.now() - startedAt).toBeLessThan(SHUTDOWN_MILLISECONDS)
}

async function query<Row extends object>(databaseUrl: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

/** Each message on one ticket of its own, and nothing else. */
async function expectEachOnce(databaseUrl: string, messages: number): Promise<void> {
  const [counts] = await query(
    databaseUrl,
    `SELECT (SELECT count(*)::int FROM inbound_messages WHERE state = 'ticketed') AS ticketed,
       (SELECT count(*)::int FROM inbound_messages) AS messages, (SELECT count(*)::int FROM tickets) AS tickets,
       (SELECT count(*)::int FROM ticket_entries) AS entries,
       (SELECT count(*)::int FROM inbound_events WHERE code = 'work/ticketed') AS events`,
  )
  expect(counts).toEqual({
    ...{ ticketed: messages, messages, tickets: messages, entries: messages, events: messages },
  })
}

describe('the worker', () => {
  test('polls by schedule: mail that comes while it runs is ticketed within seconds', async () => {
    const sandbox = await openSandbox()
    const databaseUrl = await createDatabase()
    const running = worker([], settingsOf(sandbox, databaseUrl))
    await running.line(({ event }) => event === 'poll.finished')
    for (const round of [1, 2]) {
      deliver(sandbox, 5)
      await ticketed([running], 5 * round)
    }
    await stop(running)
    await expectEachOnce(databaseUrl, 10)
    expect(sandbox.mailbox(USER).messages()).toEqual([])
  })

  test('two of them at once do each message once (I3)', async () => {
    const sandbox = await openSandbox()
    const databaseUrl = await createDatabase()
    deliver(sandbox, 60)
    const both = [1, 2].map(() => worker([], settingsOf(sandbox, databaseUrl)))
    await ticketed(both, 60)
    deliver(sandbox, 60)
    await ticketed(both, 120)
    for (const each of both) await stop(each)
    await expectEachOnce(databaseUrl, 120)
    expect([...sandbox.mailbox(USER).retrievals.values()].every((times) => times === 1)).toBe(true)
    // A poll that was cut off by the stop says so, and is no failure.
    const failures = both
      .flatMap(({ stderr }) => logLines(stderr()))
      .filter(({ event, code }) => event === 'poll.failed' && code !== 'runtime/shutting-down')
    expect(failures).toEqual([])
  })

  test.skipIf(!redisAvailable)('can be split: one process polls, another works, over Redis', async () => {
    const redis = await startRedis()
    opened.push(() => redis.stop())
    const sandbox = await openSandbox()
    const databaseUrl = await createDatabase()
    const settings = { ...settingsOf(sandbox, databaseUrl), REDIS_URL: redis.url }
    deliver(sandbox, 40)
    const polling = worker(['--only', 'poll'], settings)
    const working = worker(['--only', 'work'], settings)
    await ticketed([polling, working], 40)
    const events = (running: Running) => new Set(logLines(running.stderr()).map(({ event }) => event))
    expect(events(polling)).toContain('poll.finished')
    expect(events(polling)).not.toContain('message.ticketed')
    expect(events(working)).not.toContain('poll.finished')
    await stop(polling)
    await stop(working)
    await expectEachOnce(databaseUrl, 40)
  })

  test('stopped in the middle it ends in time with 0, and the next one does the rest (I3)', async () => {
    const sandbox = await openSandbox()
    const databaseUrl = await createDatabase()
    const settings = settingsOf(sandbox, databaseUrl)
    deliver(sandbox, 300)
    const running = worker([], settings)
    // The poll never ends by itself: the server is silent from here on.
    const held = sandbox.onCommand(({ verb, argument }) =>
      verb === 'RETR' && argument === '250' ? new Promise(() => undefined) : undefined,
    )
    await ticketed([running], 20)
    await stop(running)
    held()
    const [counts] = await query<{ stored: number }>(
      databaseUrl,
      'SELECT count(*)::int AS stored FROM inbound_messages',
    )
    expect(counts?.stored).toBeLessThan(300)
    expect(sandbox.mailbox(USER).messages()).toHaveLength(300)
    const [sheet] = await runJson(['drain', '--json'], settings)
    expect(sheet).toMatchObject({ mailboxes: [{ listed: 300, deleted: 300, left: 0, error: null }] })
    await expectEachOnce(databaseUrl, 300)
  })

  test('says so when the database goes away, and goes on when it is back (I7)', async () => {
    // A job that was in a worker's hands when the database went comes back once that worker counts as dead.
    const cluster = await startCluster()
    opened.push(() => cluster.dispose())
    const sandbox = await openSandbox()
    const databaseUrl = await cluster.createDatabase()
    const running = worker([], settingsOf(sandbox, databaseUrl))
    await running.line(({ event }) => event === 'poll.finished')
    await cluster.stop('immediate')
    deliver(sandbox, 3)
    const isTrouble = ({ event }: { event: string }) => event === 'poll.failed' || event === 'queue.troubled'
    expect(await running.line(isTrouble)).toBeDefined()
    await cluster.start()
    await ticketed([running], 3)
    await stop(running)
    await expectEachOnce(databaseUrl, 3)
  })

  test.skipIf(!redisAvailable)(
    'logs a poll that fails because the database is gone, where the queue is not',
    async () => {
      const redis = await startRedis()
      opened.push(() => redis.stop())
      const cluster = await startCluster()
      opened.push(() => cluster.dispose())
      const sandbox = await openSandbox()
      const settings = { ...settingsOf(sandbox, await cluster.createDatabase()), REDIS_URL: redis.url }
      const running = worker([], settings)
      await running.line(({ event }) => event === 'poll.finished')
      await cluster.stop('immediate')
      expect(await running.line(({ event }) => event === 'poll.failed'), running.stderr()).toMatchObject({
        ...{ mailbox: 'support', code: 'store/unavailable' },
      })
      await stop(running)
    },
  )
})
