import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planOf, REFUSALS_LIMIT } from '../../../src/intake/plan.ts'
import type { RemoteEntry } from '../../../src/store/ledger.ts'

const NOW = new Date('2026-11-23T12:00:00Z')
const HOUR = 3_600_000
const RULES = { deleteAfterSeconds: 0, maxMessageBytes: 1000 }

const ago = (milliseconds: number) => new Date(NOW.getTime() - milliseconds)
const storedAt = (at: Date) => ({ stored: { sha256: 'a', headerSha256: 'b', at } })

function entry(uniqueId: string, over: Partial<RemoteEntry> = {}): RemoteEntry {
  const nothing = { stored: null, heldReason: null, heldAboveBytes: null, refusals: 0, lastRefusedAt: null }
  return { id: 1n, uniqueId, ...nothing, isSuspect: false, ...over }
}

/** What is planned for one message of 500 octets. */
function planned(over: Partial<RemoteEntry>, rules: Partial<typeof RULES | { deleteAfterSeconds: null }> = {}) {
  const listed = [{ uniqueId: 'x', sizeBytes: 500, number: 1 }]
  const [plan] = planOf(listed, new Map([['x', entry('x', over)]]), { ...RULES, ...rules }, NOW)
  return plan
}

describe('what to do with a listed message', () => {
  test('a new one is downloaded', () => {
    expect(planned({})).toMatchObject({ action: 'retrieve' })
  })

  test('one that is stored and whose time is over is checked before DELE (RFC 1939 section 7)', () => {
    expect(planned(storedAt(ago(0)))).toMatchObject({ action: 'check', isDue: true })
    expect(planned(storedAt(ago(2 * HOUR)), { deleteAfterSeconds: 7200 })).toMatchObject({
      action: 'check',
      isDue: true,
    })
  })

  test('one that is stored and whose time is not over is kept, for ever where nothing is deleted', () => {
    expect(planned(storedAt(ago(HOUR)), { deleteAfterSeconds: 7200 })).toMatchObject({ action: 'keep' })
    expect(planned(storedAt(ago(1e6 * HOUR)), { deleteAfterSeconds: null })).toMatchObject({ action: 'keep' })
  })

  test('one that may be another message under a known unique-id is looked at', () => {
    const rules = { deleteAfterSeconds: null }
    expect(planned({ ...storedAt(ago(0)), isSuspect: true }, rules)).toMatchObject({ action: 'check', isDue: false })
  })

  test('one above the size limit is held, and downloaded once the limit is higher', () => {
    expect(planned({}, { maxMessageBytes: 499 })).toMatchObject({ action: 'hold', reason: 'source/message-too-large' })
    const found = { heldReason: 'source/message-too-large', heldAboveBytes: 600 }
    expect(planned(found, { maxMessageBytes: 600 })).toMatchObject({ action: 'hold' })
    expect(planned(found, { maxMessageBytes: 601 })).toMatchObject({ action: 'retrieve' })
  })

  test('one that the server refused again and again is held, and tried ever more rarely, at least once a day', () => {
    const refused = (refusals: number, hours: number) => planned({ refusals, lastRefusedAt: ago(hours * HOUR) })?.action
    expect(refused(REFUSALS_LIMIT - 1, 0)).toBe('retrieve')
    expect(refused(REFUSALS_LIMIT, 0.9)).toBe('hold')
    expect(refused(REFUSALS_LIMIT, 1)).toBe('retrieve')
    expect(refused(REFUSALS_LIMIT + 1, 1.9)).toBe('hold')
    expect(refused(REFUSALS_LIMIT + 1000, 23.9)).toBe('hold')
    expect(refused(REFUSALS_LIMIT + 1000, 24)).toBe('retrieve')
  })

  test('two under one unique-id have lines of their own, and the second one is never taken for the first', () => {
    const listed = [1, 2].map((number) => ({ uniqueId: 'x', sizeBytes: 500, number }))
    const plan = planOf(
      listed,
      new Map([['x', entry('x', storedAt(ago(0)))]]),
      { ...RULES, deleteAfterSeconds: null },
      NOW,
    )
    expect(new Set(plan.map(({ key }) => key)).size).toBe(2)
    expect(plan.map(({ action }) => action)).toEqual(['keep', 'check'])
  })

  test('nothing is left out, and the order is the server’s (I5)', () => {
    const uniqueIds = fc.array(fc.constantFrom('a', 'b', 'c', 'd'))
    fc.assert(
      fc.property(uniqueIds, fc.boolean(), (ids, isStored) => {
        const listed = ids.map((uniqueId, index) => ({ uniqueId, sizeBytes: 10, number: index + 1 }))
        const over = isStored ? storedAt(ago(0)) : {}
        const plan = planOf(listed, new Map(ids.map((id) => [id, entry(id, over)])), RULES, NOW)
        expect(plan.map(({ message }) => message)).toEqual(listed)
        expect(new Set(plan.map(({ key }) => key)).size).toBe(listed.length)
      }),
    )
  })

  test('nothing that is not stored is ever planned for DELE (I2)', () => {
    const over = fc.record({
      refusals: fc.nat(10),
      lastRefusedAt: fc.option(fc.date({ noInvalidDate: true, max: NOW })),
      heldAboveBytes: fc.option(fc.nat(2000)),
      isSuspect: fc.boolean(),
    })
    fc.assert(
      fc.property(over, (each) => {
        expect(planned(each)?.action).not.toBe('check')
      }),
    )
  })
})
