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
  })
})

interface Letter {
  readonly id: string
  readonly from?: string
  readonly to?: string
  readonly cc?: string
  readonly inReplyTo?: string
  readonly references?: string
  readonly body?: string
}

const CUSTOMER = 'ann@customer.example'
const COLLEAGUE = 'robin@mailchute.example'

function letter({ id, from = CUSTOMER, to = 'support@mailchute.example', cc = COLLEAGUE, ...rest }: Letter): string {
  const { inReplyTo, references, body = `This is ${id}.` } = rest
  return [
    `From: ${from}`,
    `To: ${to}`,
    `Cc: ${cc}`,
    `Subject: about ${id}`,
    `Message-ID: <${id}@threads.example>`,
    ...(inReplyTo ? [`In-Reply-To: <${inReplyTo}@threads.example>`] : []),
    ...(references ? [`References: <${references}@threads.example>`] : []),
    '',
    `${body}\r\n`,
  ].join('\r\n')
}

/** Tickets by number with the msg-ids on them, in their order of arrival. */
const ticketsOf = ({ query }: Conveyor) =>
  query<{ number: number; status: string; linked: number | null; merged: number | null; ids: string[] }>(
    `SELECT t.number, t.status, linked.number AS linked, kept.number AS merged,
       coalesce(array_agg(split_part(e.message_id, '@', 1) ORDER BY e.message_id) FILTER (WHERE e.id IS NOT NULL), '{}') AS ids
     FROM tickets t LEFT JOIN ticket_entries e ON e.ticket_id = t.id
     LEFT JOIN tickets linked ON linked.id = t.linked_ticket_id LEFT JOIN tickets kept ON kept.id = t.merged_into_id
     GROUP BY t.number, t.status, linked.number, kept.number ORDER BY t.number`,
  )

const OPEN = { status: 'open', linked: null, merged: null }

describe('replies over several polls', () => {
  test('a reply that was worked before its parent was there shares its ticket', async () => {
    await using conveyor = await open('PostgreSQL')
    const work = conveyor.work(1)
    conveyor.deliver([letter({ id: 'reply', from: COLLEAGUE, to: CUSTOMER, inReplyTo: 'parent' })])
    await conveyor.poll()
    await work.done(1)
    conveyor.deliver([letter({ id: 'parent' })])
    await conveyor.poll()
    await work.done(2)
    expect(await ticketsOf(conveyor)).toEqual([{ ...OPEN, number: 1, ids: ['<parent', '<reply'] }])
  })

  test('a reply that still waits when its parent comes shares its ticket', async () => {
    await using conveyor = await open('PostgreSQL')
    for (const each of [letter({ id: 'reply', inReplyTo: 'parent' }), letter({ id: 'parent' })]) {
      conveyor.deliver([each])
      await conveyor.poll()
    }
    await conveyor.work(1).done(2)
    expect(await ticketsOf(conveyor)).toEqual([{ ...OPEN, number: 1, ids: ['<parent', '<reply'] }])
  })

  test('a gap that is filled later makes two tickets one, and the younger says so', async () => {
    await using conveyor = await open('PostgreSQL')
    const work = conveyor.work(16)
    conveyor.deliver([letter({ id: '1' }), letter({ id: '3', inReplyTo: '2' })])
    await conveyor.poll()
    await work.done(2)
    expect((await ticketsOf(conveyor)).map(({ ids }) => ids).toSorted()).toEqual([['<1'], ['<3']])
    conveyor.deliver([letter({ id: '2', from: COLLEAGUE, to: CUSTOMER, inReplyTo: '1' })])
    await conveyor.poll()
    await work.done(3)
    expect(await ticketsOf(conveyor)).toEqual([
      { ...OPEN, number: 1, ids: ['<1', '<2', '<3'] },
      { status: 'merged', linked: null, merged: 1, number: 2, ids: [] },
    ])
  })
})

describe('threading is authorisation', () => {
  test('a stranger who knows a Message-ID gets a ticket of its own, linked to the other', async () => {
    await using conveyor = await open('PostgreSQL')
    const stranger = { from: 'eve@stranger.example', cc: 'eve@stranger.example' }
    conveyor.deliver([letter({ id: 'real' }), letter({ id: 'intruder', ...stranger, inReplyTo: 'real' })])
    await conveyor.poll()
    const work = conveyor.work(16)
    await work.done(2)
    conveyor.deliver([
      letter({ id: 'later', ...stranger, references: 'real' }),
      letter({ id: 'answer', inReplyTo: 'real' }),
    ])
    await conveyor.poll()
    await work.done(4)
    const tickets = await ticketsOf(conveyor)
    expect(tickets[0]).toEqual({ ...OPEN, number: 1, ids: ['<answer', '<real'] })
    expect(tickets.slice(1)).toEqual([{ ...OPEN, number: 2, linked: 1, ids: ['<intruder', '<later'] }])
  })

  test.each([1, 16])('circles of forged References end, with %d at work', async (concurrency) => {
    await using conveyor = await open('PostgreSQL')
    const circles = Array.from({ length: 20 }, (_, circle) => [
      letter({ id: `a${circle}`, references: `b${circle}` }),
      letter({ id: `b${circle}`, references: `c${circle}` }),
      letter({ id: `c${circle}`, references: `a${circle}` }),
    ]).flat()
    conveyor.deliver(circles)
    await conveyor.poll()
    await conveyor.work(concurrency).done(circles.length)
    const tickets = await ticketsOf(conveyor)
    expect(tickets.filter(({ status }) => status === 'open').map(({ ids }) => ids.length)).toEqual(Array(20).fill(3))
  })

  test('the same Message-ID with other octets: both are kept, and the second one is flagged', async () => {
    await using conveyor = await open('PostgreSQL')
    conveyor.deliver([letter({ id: 'same' }), letter({ id: 'same', body: 'Something else.' })])
    await conveyor.poll()
    await conveyor.work(16).done(2)
    const events = await conveyor.query<{ flagged: boolean | null }>(
      `SELECT (detail->>'messageIdRepeated')::boolean AS flagged FROM inbound_events WHERE code = 'work/ticketed' ORDER BY id`,
    )
    expect(events).toEqual([{ flagged: null }, { flagged: true }])
    expect((await ticketsOf(conveyor)).flatMap(({ ids }) => ids)).toEqual(['<same', '<same'])
  })
})
