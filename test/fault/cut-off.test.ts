/** The database or the queue is there, and refuses or does not answer: nobody spins, and everything ends in time. */
import { Client } from 'pg'
import { beforeAll, test } from 'vitest'
import { generateMails } from '../../src/sandbox/generate.ts'
import { createDatabase, startCluster } from '../support/postgres.ts'
import { buildProgram, type LogLine, type Running, start } from '../support/program.ts'
import { redisAvailable, startRedis } from '../support/redis.ts'
import { startMailbox } from '../support/sandbox.ts'

const MAILS = generateMails({ count: 100, seed: 3, averageBytes: 2000 })
/** In the middle of the work. */
const TICKETED = 10
/** What a supervisor gives a process to end, and some for a busy machine. */
const SHUTDOWN_MILLISECONDS = 35_000

beforeAll(buildProgram, 300_000)

test.concurrent('`drain` whose queue in PostgreSQL refuses from now on ends with the reason', async ({ expect }) => {
  const databaseUrl = await createDatabase()
  await using server = await startMailbox(MAILS)
  const running = start(['drain'], { ...server.env(), DATABASE_URL: databaseUrl })
  await ticketed(running)
  await takeQueue(databaseUrl)
  const { code, stderr } = await running.ended
  expect([code, stderr]).toEqual([75, expect.stringMatching(/error queue\/unavailable: .*may use the schema bullmq/)])
})

test
  .skipIf(!redisAvailable)
  .concurrent('`drain` whose Redis is gone ends with the reason', async ({ expect, onTestFinished }) => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    await using server = await startMailbox(MAILS)
    const settings = { ...server.env(), DATABASE_URL: await createDatabase(), REDIS_URL: redis.url }
    const running = start(['drain'], settings)
    await ticketed(running)
    await redis.stop('SIGKILL')
    const { code, stderr } = await running.ended
    expect([code, stderr]).toEqual([75, expect.stringContaining('error queue/unavailable')])
  })

test.concurrent('`run` whose queue in PostgreSQL refuses, and then the database does not answer at all', async ({
  expect,
  onTestFinished,
}) => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.dispose())
  const databaseUrl = await cluster.createDatabase()
  await using server = await startMailbox(MAILS)
  const running = start(['run'], { ...server.env(), DATABASE_URL: databaseUrl, HTTP_PORT: '0' })
  onTestFinished(() => void running.child.kill('SIGKILL'))
  const { port } = await running.line(({ event }) => event === 'serve.started')
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  await ticketed(running)
  expect(await ask('/readyz')).toMatchObject({ status: 200, text: expect.stringContaining('"status":"ok"') })

  await takeQueue(databaseUrl)
  await running.line(({ event }) => event === 'queue.troubled')
  await untilSo(async () => (await ask('/readyz')).text.includes('degraded'))

  await cluster.freeze()
  const unavailable = { status: 503, text: expect.stringContaining('store/unavailable') }
  await untilSo(async () => (await ask('/readyz')).status === 503)
  const frozenAt = performance.now()
  const many = Array.from({ length: 20 }, () => ask('/metrics'))
  for (const answer of await Promise.all([...many, ask('/readyz')])) expect(answer).toMatchObject(unavailable)
  // Less than the limit of any page.
  expect(performance.now() - frozenAt).toBeLessThan(30_000)
  await cluster.thaw()
  await untilSo(async () => (await ask('/readyz')).status === 200)
  expect((await ask('/metrics')).status).toBe(200)

  await cluster.freeze()
  const askedAt = performance.now()
  running.child.kill('SIGTERM')
  const { signal } = await running.ended
  expect(signal).toBe(null)
  expect(performance.now() - askedAt).toBeLessThan(SHUTDOWN_MILLISECONDS)
})

function ticketed(running: Running): Promise<LogLine> {
  const ids = new Set<unknown>()
  return running.line(
    ({ event, inboundMessageId }) => event === 'message.ticketed' && ids.add(inboundMessageId).size >= TICKETED,
  )
}

/** As if the rights on it were taken: it answers, and finds nothing of what it is asked for. */
async function takeQueue(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('ALTER SCHEMA bullmq RENAME TO away')
  await client.end()
}

async function untilSo(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 200))
}
