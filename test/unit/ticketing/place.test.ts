import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Relative } from '../../../src/store/tickets.ts'
import { placeOf } from '../../../src/ticketing/place.ts'

const relative = (ticketNumber: number, over: Partial<Relative> = {}): Relative => ({
  ...{ ticketId: `ticket-${ticketNumber}`, ticketNumber, by: over.position ? 'reference' : null, position: null },
  ...{ awaits: false, isMutual: true, senderTakesPart: true, isPast: false, sameMessageId: false },
  ...over,
})

const place = (...relatives: Relative[]) => placeOf({ threadId: 'thread', version: 1, relatives }, true)

const NEW = { ticketId: null, linkedTicketId: null, linkedTicketNumber: null, absorbs: [], isStranger: false }

const relatives = fc.array(
  fc.record({
    ticketNumber: fc.integer({ min: 1, max: 5 }),
    by: fc.constantFrom('token', 'reference', 'number', null),
    position: fc.integer({ min: 1, max: 9 }),
    ...{ awaits: fc.boolean(), isMutual: fc.boolean(), senderTakesPart: fc.boolean(), isPast: fc.boolean() },
  }),
)
/** Whether the sender takes part, and whether it is past, is a matter of the ticket, not of the entry. */
const consistent = relatives.map((list) => {
  const ofTicket = new Map(
    list.map(({ ticketNumber, senderTakesPart, isPast }) => [ticketNumber, { senderTakesPart, isPast }]),
  )
  return list.map((each) =>
    relative(each.ticketNumber, {
      ...each,
      ...ofTicket.get(each.ticketNumber),
      position: each.by === null ? null : each.position,
    }),
  )
})

describe('where a message belongs', () => {
  test('alone in its thread it opens a ticket', () => {
    expect(place()).toEqual({ ...NEW, reason: 'thread/none' })
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
    const linked = { linkedTicketId: 'ticket-3', linkedTicketNumber: 3, isStranger: true }
    expect(place(relative(3, { ...others, position: 2 }), relative(1, others))).toEqual({
      ...{ ...NEW, ...linked, reason: 'thread/sender-not-participant' },
    })
    expect(placeOf({ threadId: 'thread', version: 1, relatives: [relative(3, { position: 2 })] }, false)).toEqual({
      ...{ ...NEW, ...linked, reason: 'thread/sender-not-authentic' },
    })
  })

  test('a token of ours counts before references, these before a number in the subject (issue 4, point 6)', () => {
    const by = (...ways: Relative['by'][]) =>
      place(...ways.map((way, index) => relative(index + 1, { by: way, position: index + 1 }))).reason
    expect(by('number', 'reference', 'token')).toBe('thread/token')
    expect(by('number', 'reference')).toBe('thread/reference')
    expect(by('number', null)).toBe('thread/number')
  })

  test('a ticket that was closed too long ago is continued by a new one, or by the one that was', () => {
    const past = relative(1, { position: 1, isPast: true })
    expect(place(past)).toEqual({
      ...{ ...NEW, linkedTicketId: 'ticket-1', linkedTicketNumber: 1, reason: 'thread/closed-too-long' },
    })
    expect(place(past, relative(4))).toMatchObject({ ticketId: 'ticket-4', reason: 'thread/shared' })
  })

  test('what only others say, that it belongs to their mail, counts among people who write to each other', () => {
    const theirs = { isMutual: false }
    expect(place(relative(1, theirs), relative(2, { ...theirs, awaits: true }))).toEqual({
      ...{ ...NEW, reason: 'thread/none' },
    })
    expect(place(relative(2, { position: 1 }), relative(1, { ...theirs, awaits: true }))).toMatchObject({
      ...{ ticketId: 'ticket-2', absorbs: [] },
    })
  })

  test('never on, and never merging, a ticket whose participants lack the sender', () => {
    fc.assert(
      fc.property(consistent, (list) => {
        const { ticketId, absorbs, linkedTicketId, isStranger } = place(...list)
        const allowed = new Set(
          list
            .filter(
              ({ senderTakesPart, isPast, by, isMutual }) => senderTakesPart && !isPast && (by !== null || isMutual),
            )
            .map((each) => each.ticketId),
        )
        for (const id of [...absorbs, ...(ticketId === null ? [] : [ticketId])]) expect(allowed).toContain(id)
        expect(absorbs).not.toContain(ticketId)
        expect(ticketId === null).toBe(allowed.size === 0)
        if (list.some(({ by }) => by !== null)) expect(linkedTicketId !== null).toBe(ticketId === null)
        if (isStranger) expect(ticketId).toBeNull()
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
