import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateMails } from '../../src/sandbox/generate.ts'
import { createRandom } from '../../src/sandbox/random.ts'
import { openPipeline, type Pipeline } from '../support/pipeline.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'

const THREADS = 100
const MAILS_EACH = 5

let redis: TestRedis | null = null
beforeAll(async () => {
  if (redisAvailable) redis = await startRedis()
})
afterAll(async () => redis?.stop())

const QUEUES = [...(redisAvailable ? (['Redis'] as const) : []), 'PostgreSQL'] as const

async function open(queue: (typeof QUEUES)[number]): Promise<Pipeline> {
  if (queue === 'PostgreSQL' || redis === null) return openPipeline(null)
  await redis.flushAll()
  return openPipeline(redis.url)
}

type Order = 'in order' | 'in reverse' | 'shuffled'
type Link = 'references' | 'in-reply-to'

function conversations(link: Link, order: Order, seed: number): Buffer[] {
  const mails = generateMails({
    count: THREADS * MAILS_EACH,
    seed,
    averageBytes: 1200,
    threads: { count: THREADS, mailsEach: MAILS_EACH, link },
  }).map(({ octets }) => octets)
  if (order === 'in reverse') return mails.toReversed()
  return order === 'shuffled' ? shuffle(mails, seed) : mails
}

function shuffle<T>(items: readonly T[], seed: number): T[] {
  const random = createRandom(seed)
  const keyed = items.map((item) => ({ item, key: random.between(0, 1) }))
  return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item)
}

/** How many tickets there are of each number of entries, and how many of each status. */
async function ticketSizes({ query }: Pipeline) {
  const sizes = await query<{ entries: number; tickets: number }>(
    `SELECT entries, count(*)::int AS tickets FROM (
       SELECT t.id, count(e.id)::int AS entries FROM tickets t LEFT JOIN ticket_entries e ON e.ticket_id = t.id GROUP BY t.id
     ) AS each GROUP BY entries ORDER BY entries`,
  )
  const statuses = await query<{ status: string; tickets: number }>(
    'SELECT status, count(*)::int AS tickets FROM tickets GROUP BY status',
  )
  return { sizes, statuses }
}

const EXACTLY = {
  sizes: [{ entries: MAILS_EACH, tickets: THREADS }],
  statuses: [{ status: 'open', tickets: THREADS }],
}

const CASES = QUEUES.flatMap((queue) =>
  [1, 16].flatMap((concurrency) =>
    (
      [
        ['in order', 'references'],
        ['in reverse', 'references'],
        ['shuffled', 'references'],
        ['in order', 'in-reply-to'],
        ['in reverse', 'in-reply-to'],
      ] as const
    ).map(([order, link]) => ({ queue, concurrency, order, link })),
  ),
)

describe('100 conversations of 5 mails become 100 tickets of 5 entries (I3, RFC 5322 section 3.6.4)', () => {
  test.each(CASES)('$queue, $concurrency at once, $order, linked by $link', async ({ queue, concurrency, order, link }) => {
    await using pipeline = await open(queue)
    const mails = conversations(link, order, 7)
    pipeline.deliver(mails)
    const { sheet } = await pipeline.poll()
    expect(sheet).toMatchObject({ listed: mails.length, stored: mails.length, deleted: mails.length, left: 0 })
    await pipeline.work(concurrency).done(mails.length)
    expect(await ticketSizes(pipeline)).toEqual(EXACTLY)
  })
})
