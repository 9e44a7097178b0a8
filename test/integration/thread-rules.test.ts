import { describe, expect, test } from 'vitest'
import { type Conveyor, openConveyor } from '../support/conveyor.ts'

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
    await using conveyor = await openConveyor(null)
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
    await using conveyor = await openConveyor(null)
    for (const each of [letter({ id: 'reply', inReplyTo: 'parent' }), letter({ id: 'parent' })]) {
      conveyor.deliver([each])
      await conveyor.poll()
    }
    await conveyor.work(1).done(2)
    expect(await ticketsOf(conveyor)).toEqual([{ ...OPEN, number: 1, ids: ['<parent', '<reply'] }])
  })

  test('a gap that is filled later makes two tickets one, and the younger says so', async () => {
    await using conveyor = await openConveyor(null)
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
    await using conveyor = await openConveyor(null)
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

  test.each([1, 16])(
    'who takes part is known only once the messages before are worked: %d at work',
    async (concurrency) => {
      await using conveyor = await openConveyor(null)
      const support = 'support@mailchute.example'
      conveyor.deliver([
        letter({ id: '3', from: COLLEAGUE, cc: support, inReplyTo: '2' }),
        letter({ id: '2', inReplyTo: '1' }),
        letter({ id: '1', cc: support }),
      ])
      await conveyor.poll()
      await conveyor.work(concurrency).done(3)
      expect(await ticketsOf(conveyor)).toEqual([{ ...OPEN, number: 1, ids: ['<1', '<2', '<3'] }])
    },
  )

  test.each([1, 16])('circles of forged References end, with %d at work', async (concurrency) => {
    await using conveyor = await openConveyor(null)
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
    await using conveyor = await openConveyor(null)
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
