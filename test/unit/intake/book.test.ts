import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBook } from '../../../src/intake/book.ts'

describe('the balance sheet of a poll (I5)', () => {
  test('what nobody booked was left', () => {
    const book = createBook()
    book.open(['a', 'b', 'c', 'd'], 4)
    book.close('a', 'known')
    book.close('b', 'retrieved')
    book.close('c', 'held')
    expect(book.sheet()).toMatchObject({ listed: 4, known: 1, retrieved: 1, held: 1, left: 1 })
  })

  test('the first fate of a message stands, and one that was not listed at first has none', () => {
    const book = createBook()
    book.open(['a'], 1)
    book.close('a', 'retrieved')
    book.close('a', 'known')
    book.close('later', 'retrieved')
    expect(book.sheet()).toMatchObject({ listed: 1, known: 0, retrieved: 1, left: 0 })
    expect([book.isOpen('a'), book.has('a'), book.has('later')]).toEqual([false, true, false])
  })

  test('a message that was listed and got no line shows as a remainder', () => {
    const book = createBook()
    book.open(['a'], 2)
    const { listed, known, retrieved, held, left } = book.sheet()
    expect(listed - known - retrieved - held - left).toBe(1)
  })

  test('counts what was stored, deleted, connected and tried', () => {
    const book = createBook()
    book.open(['a', 'b'], 2)
    book.connected()
    book.connected()
    book.stored(1, 100)
    book.stored(0, 50)
    book.deleted(['a'])
    book.deleted(['a'])
    book.tried('b')
    expect(book.sheet()).toMatchObject({ connections: 2, stored: 1, octets: 150, deleted: 1 })
    expect([book.isDeleted('a'), book.isDeleted('b'), book.wasTried('b')]).toEqual([true, false, true])
  })

  test('balances whatever is booked in whatever order', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const fate = fc.constantFrom('known' as const, 'retrieved' as const, 'held' as const)
    fc.assert(
      fc.property(fc.uniqueArray(key), fc.array(fc.tuple(key, fate)), (keys, fates) => {
        const book = createBook()
        book.open(keys, keys.length)
        for (const [of, is] of fates) book.close(of, is)
        const { listed, known, retrieved, held, left } = book.sheet()
        expect(known + retrieved + held + left).toBe(listed)
      }),
    )
  })
})
