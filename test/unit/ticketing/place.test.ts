import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Relative } from '../../../src/store/tickets.ts'
import { placeOf } from '../../../src/ticketing/place.ts'

const relative = (ticketNumber: number, over: Partial<Relative> = {}): Relative => ({
  ...{ ticketId: `ticket-${ticketNumber}`, ticketNumber, position: null, awaits: false },
  ...{ senderTakesPart: true, sameMessageId: false },
  ...over,
})

const place = (...relatives: Relative[]) => placeOf({ threadId: 'thread', version: 1, relatives })

const relatives = fc.array(
  fc.record({
    ticketNumber: fc.integer({ min: 1, max: 5 }),
    position: fc.option(fc.integer({ min: 1, max: 9 })),
    ...{ awaits: fc.boolean(), senderTakesPart: fc.boolean(), sameMessageId: fc.boolean() },
  }),
)
/** Whether the sender takes part is a matter of the ticket, not of the entry. */
const consistent = relatives.map((list) => {
  const takesPart = new Map(list.map(({ ticketNumber, senderTakesPart }) => [ticketNumber, senderTakesPart]))
  return list.map((each) =>
    relative(each.ticketNumber, { ...each, senderTakesPart: takesPart.get(each.ticketNumber) ?? false }),
  )
})

describe('where a message belongs', () => {
  test('alone in its thread it opens a ticket', () => {
    expect(place()).toEqual({ ticketId: null, linkedTicketId: null, absorbs: [], reason: 'thread/none' })
  })

  test('the newest reference decides, not the oldest ticket', () => {
    const chosen = place(relative(1, { position: 3 }), relative(2, { position: 1 }), relative(3))
    expect(chosen).toMatchObject({ ticketId: 'ticket-2', absorbs: [], reason: 'thread/reference' })
  })

  test('a reply that came first is found by its parent', () => {
    expect(place(relative(4), relative(7, { awaits: true }))).toMatchObject({
      ...{ ticketId: 'ticket-7', absorbs: [], reason: 'thread/awaited' },
    })
  })

  test('a message that fills a gap makes one ticket of two, the older number', () => {
    const awaiting = relative(1, { awaits: true })
    expect(place(relative(2, { position: 1 }), awaiting)).toMatchObject({ ticketId: 'ticket-1', absorbs: ['ticket-2'] })
    expect(place(relative(1, { position: 1 }), relative(2, { awaits: true }))).toMatchObject({
      ...{ ticketId: 'ticket-1', absorbs: ['ticket-2'], reason: 'thread/reference' },
    })
  })

  test('two tickets that a customer merely mentions in one mail stay two', () => {
    expect(place(relative(1, { position: 2 }), relative(2, { position: 1 }))).toMatchObject({ absorbs: [] })
  })

  test('a stranger who knows a msg-id gets a ticket of its own, linked to the one it named', () => {
    const others = { senderTakesPart: false }
    expect(place(relative(3, { ...others, position: 2 }), relative(1, others))).toEqual({
      ...{ ticketId: null, linkedTicketId: 'ticket-3', absorbs: [], reason: 'thread/sender-not-participant' },
    })
  })

  test('never on, and never merging, a ticket whose participants lack the sender', () => {
    fc.assert(
      fc.property(consistent, (list) => {
        const { ticketId, absorbs, linkedTicketId } = place(...list)
        const allowed = new Set(list.filter(({ senderTakesPart }) => senderTakesPart).map((each) => each.ticketId))
        for (const id of [...absorbs, ...(ticketId === null ? [] : [ticketId])]) expect(allowed).toContain(id)
        expect(absorbs).not.toContain(ticketId)
        expect(ticketId === null).toBe(allowed.size === 0)
        expect(linkedTicketId !== null).toBe(ticketId === null && list.length > 0)
      }),
    )
  })

  test('does not depend on the order in which the database lists the thread', () => {
    fc.assert(
      fc.property(
        consistent.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          const [one, other] = [place(...list), place(...shuffled)]
          expect({ ...other, reason: '' }).toEqual({ ...one, reason: '' })
        },
      ),
    )
  })
})
