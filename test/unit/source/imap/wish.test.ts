import { describe, expect, test } from 'vitest'
import { batchOf, type Wish } from '../../../../src/source/imap/wish.ts'

const LIMITS = { batchMessages: 5, batchOctets: 100, pieceOctets: 50 }

const wish = (expectedOctets: number, what: Wish['what'] = 'message'): Wish => ({
  ...{ uid: 1, what, expectedOctets },
  had: () => 0,
  take: () => true,
})

describe('a batch for one FETCH', () => {
  test.each([
    ['nothing', [], 0],
    ['as many as are allowed', [1, 1, 1, 1, 1, 1, 1], 5],
    ['as many octets as are allowed', [40, 40, 20, 1], 3],
    ['a message of several pieces alone', [50, 1], 1],
    ['what comes before such a one', [1, 1, 50, 1], 2],
    ['the first one however large it is', [1_000], 1],
  ])('holds %s', (_, sizes, count) => {
    expect(
      batchOf(
        sizes.map((size) => wish(size)),
        LIMITS,
      ),
    ).toBe(count)
  })

  test('is of one kind, and a header is small whatever its message is', () => {
    expect(batchOf([wish(1), wish(1, 'header'), wish(1)], LIMITS)).toBe(1)
    expect(batchOf([wish(900, 'header'), wish(900, 'header'), wish(1)], LIMITS)).toBe(2)
  })
})
