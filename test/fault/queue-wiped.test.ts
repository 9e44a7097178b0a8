/** The queue is emptied in the middle of the work: the rows are the truth, and everything is worked once (I4). */
import { Client, DatabaseError } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateMails } from '../../src/sandbox/generate.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, type LogLine, start } from '../support/program.ts'
import { brokenPromises } from '../support/promises.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'
import { SANDBOXES, startMailbox } from '../support/sandbox.ts'

const MAILS = generateMails({ count: 200, seed: 3, averageBytes: 4000 })
const WIPES_AFTER = [20, 60, 120]

let redis: TestRedis | undefined
beforeAll(async () => {
  await buildProgram()
  if (redisAvailable) redis = await startRedis()
}, 300_000)
afterAll(() => redis?.stop())

test.skipIf(!redisAvailable)('FLUSHALL of Redis in the middle of a drain', async () => {
  if (redis === undefined) throw new Error('Redis has not started')
  await drainWhile(await createDatabase(), { REDIS_URL: redis.url }, redis.flushAll)
})

test.each(SANDBOXES)(
  "TRUNCATE of the queue's tables in PostgreSQL in the middle of a drain, over %s",
  async (_, serve) => {
    const databaseUrl = await createDatabase()
    await drainWhile(databaseUrl, {}, () => truncateQueue(databaseUrl), serve)
  },
)

async function drainWhile(
  databaseUrl: string,
  settings: Record<string, string>,
  wipe: () => Promise<void>,
  serve = startMailbox,
) {
  await using server = await serve(MAILS)
  const running = start(['drain', '--json'], { ...server.env(), ...settings, DATABASE_URL: databaseUrl })
  const ticketed = new Set<unknown>()
  for (const count of WIPES_AFTER) {
    await running.line((line) => isTicketed(line) && ticketed.add(line['inboundMessageId']).size >= count)
    await wipe()
  }
  const { code, stdout } = await running.ended
  expect(code).toBe(0)
  expect(JSON.parse(stdout.toString())).toMatchObject({ work: { ticketed: MAILS.length, quarantined: 0 } })
  expect(server.mailbox.messages()).toEqual([])
  const octets = MAILS.map((mail) => mail.octets)
  expect(await brokenPromises(databaseUrl, { octets, tickets: MAILS.length })).toEqual([])
}

const isTicketed = ({ event }: LogLine) => event === 'message.ticketed'

async function truncateQueue(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ tables: string }>(QUEUE_TABLES)
  const tables = rows[0]?.tables ?? ''
  expect(tables).toContain('bullmq')
  // The queue is in the middle of its own transactions: where both wait for each other, one is made to give in.
  while (!(await client.query(`TRUNCATE ${tables} CASCADE`).then(() => true, isDeadlock)));
  await client.end()
}

function isDeadlock(error: unknown): false {
  if (error instanceof DatabaseError && error.code === '40P01') return false
  throw error
}

const QUEUE_TABLES = `
  SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS tables FROM pg_tables
  WHERE schemaname LIKE 'bullmq%' AND tablename NOT LIKE '%migration%'`
