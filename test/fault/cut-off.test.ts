/** The database or the queue is there, and refuses or does not answer: nobody spins, and everything ends in time. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Client } from 'pg'
import { beforeAll, test } from 'vitest'
import { openQueue } from '../../src/queue/queue.ts'
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

/** Pauses double from 100 ms, so that few tries come before one as long as this. */
const LONG_PAUSE_MILLISECONDS = 1000
const TRIES = 40

test.concurrent('a PostgreSQL that is out of connections is not asked for one at once again, for ever', async ({
  expect,
  onTestFinished,
}) => {
  const databaseUrl = await createDatabase()
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const way = await openWay(databaseUrl)
  onTestFinished(async () => void (await Promise.all([client.end(), way.close()])))
  const queue = openQueue({ databaseUrl: way.url }, { onTrouble: () => undefined })
  await queue.check()
  const work = queue.work(async () => undefined, 1)
  await untilSo(async () => (await client.query(LISTENING)).rows.length > 0)
  expect(await way.refuseUntil(LONG_PAUSE_MILLISECONDS, TRIES)).toBeLessThan(TRIES)

  await work.stop(60_000)
  await queue.close()
})

const LISTENING = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'
  AND query ~ 'LISTEN bullmq_jobs' AND pid <> pg_backend_pid()`
const FATAL = 'SFATAL\0C53300\0Msorry, too many clients already\0\0'
const REFUSAL = Buffer.from(`E\0\0\0${String.fromCharCode(FATAL.length + 4)}${FATAL}`)

/** A way to the server of this URL, which says at some time that it is out of connections. */
async function openWay(databaseUrl: string) {
  const url = new URL(databaseUrl)
  const { port, hostname } = url
  const sockets = new Set<Socket>()
  let refuse: ((socket: Socket) => void) | null = null
  const server = createServer((near) => {
    near.on('error', () => undefined)
    if (refuse !== null) return refuse(near)
    const far = connect(Number(port), hostname).on('error', () => undefined)
    sockets.add(near.on('close', () => far.destroy()))
    sockets.add(far.on('close', () => near.destroy()))
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url.port = String((server.address() as AddressInfo).port)
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    /** From now on. Returns how many tries there were up to one after such a pause, or that there were so many. */
    refuseUntil: (pauseMilliseconds: number, most: number) =>
      new Promise<number>((resolve) => {
        let tries = 0
        let triedAt = Number.POSITIVE_INFINITY
        refuse = (socket) => {
          socket.once('data', () => socket.end(REFUSAL))
          tries += 1
          const now = performance.now()
          if (now - triedAt > pauseMilliseconds || tries === most) resolve(tries)
          triedAt = now
        }
        cut()
      }),
    close: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

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
