import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateMails } from '../../src/sandbox/generate.ts'
import { createRandom } from '../../src/sandbox/random.ts'
import { type Conveyor, openConveyor } from '../support/conveyor.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'

const THREADS = 100
const MAILS_EACH = 5

let redis: TestRedis | null = null
beforeAll(async () => {
  if (redisAvailable) redis = await startRedis()
})
afterAll(async () => redis?.stop())

const QUEUES = [...(redisAvailable ? (['Redis'] as const) : []), 'PostgreSQL'] as const

async function open(queue: (typeof QUEUES)[number]): Promise<Conveyor> {
  if (queue === 'PostgreSQL' || redis === null) return openConveyor(null)
  await redis.flushAll()
  return openConveyor(redis.url)
}

type Order = 'in order' | 'in reverse' | 'shuffled'

function conversations(link: 'references' | 'in-reply-to', order: Order, seed: number): Buffer[] {
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
async function ticketSizes({ query }: Conveyor) {
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

const ORDERS = [
  ['in order', 'references'],
  ['in reverse', 'references'],
  ['shuffled', 'references'],
  ['in order', 'in-reply-to'],
  ['in reverse', 'in-reply-to'],
] as const

/** One at a time there are no races: each link once, and the worst order. */
const isTelling = (concurrency: number, order: Order) => concurrency > 1 || order === 'in reverse'

const CASES = QUEUES.flatMap((queue) =>
  [1, 16].flatMap((concurrency) =>
    ORDERS.filter(([order]) => isTelling(concurrency, order)).map(([order, link]) => ({
      ...{ queue, concurrency, order, link },
    })),
  ),
)

describe('100 conversations of 5 mails become 100 tickets of 5 entries (I3, RFC 5322 section 3.6.4)', () => {
  test.each(CASES)(
    '$queue, $concurrency at once, $order, linked by $link',
    async ({ queue, concurrency, order, link }) => {
      await using conveyor = await open(queue)
      const mails = conversations(link, order, 7)
      conveyor.deliver(mails)
      const { sheet } = await conveyor.poll()
      expect(sheet).toMatchObject({ listed: mails.length, stored: mails.length, deleted: mails.length, left: 0 })
      await conveyor.work(concurrency).done(mails.length)
      expect(await ticketSizes(conveyor)).toEqual(EXACTLY)
    },
  )
})

/** The poll stands still before the 300th message until 100 are worked. */
function holdPoll({ sandbox }: Conveyor, worked: Promise<void>): () => void {
  return sandbox.onCommand(({ verb, argument }) => (verb === 'RETR' && argument === '300' ? worked : undefined))
}

describe.each(QUEUES)('work goes on while the mailbox is still downloaded, queue in %s', (queue) => {
  test.each(['in order', 'in reverse'] as const)('conversations that come %s are 100 tickets', async (order) => {
    await using conveyor = await open(queue)
    const mails = conversations('in-reply-to', order, 8)
    conveyor.deliver(mails)
    const work = conveyor.work(16)
    holdPoll(conveyor, work.done(100))
    await conveyor.poll()
    await work.done(mails.length)
    expect(await ticketSizes(conveyor)).toEqual(EXACTLY)
  })

  test('whatever order they come in, 100 tickets hold all entries, and the others say which one they became', async () => {
    await using conveyor = await open(queue)
    const mails = conversations('in-reply-to', 'shuffled', 9)
    conveyor.deliver(mails)
    const work = conveyor.work(16)
    holdPoll(conveyor, work.done(100))
    await conveyor.poll()
    await work.done(mails.length)
    const { sizes } = await ticketSizes(conveyor)
    expect(sizes.filter(({ entries }) => entries > 0)).toEqual(EXACTLY.sizes)
    const wrong = await conveyor.query(
      `SELECT t.number, t.status FROM tickets t LEFT JOIN tickets kept ON kept.id = t.merged_into_id
       WHERE (t.status = 'merged') <> (kept.id IS NOT NULL)
          OR (t.status = 'merged') = EXISTS (SELECT FROM ticket_entries e WHERE e.ticket_id = t.id)`,
    )
    expect(wrong).toEqual([])
    expect((await conveyor.store.balance()).imbalances).toEqual([])
  })
})
