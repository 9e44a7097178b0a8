import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sequenceSets } from '../../../../src/source/imap/sequence-set.ts'

const uid = fc.integer({ min: 1, max: 2 ** 32 - 1 })

function expand(set: string): number[] {
  return set.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split(':').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

describe('a sequence-set (RFC 3501 section 9)', () => {
  test.each([
    [[], []],
    [[7], ['7']],
    [[3, 1, 2, 2], ['1:3']],
    [[1, 2, 4, 6, 7, 8], ['1:2,4,6:8']],
  ])('of %j is %j', (uids, sets) => {
    expect(sequenceSets(uids)).toEqual(sets)
  })

  test('holds exactly the UIDs it was made of, whatever they are, in lines that any server takes', () => {
    fc.assert(
      fc.property(fc.array(uid, { maxLength: 2_000 }), fc.array(fc.integer({ min: 1, max: 60 })), (wide, close) => {
        const uids = [...wide, ...close]
        const sets = sequenceSets(uids)
        expect(sets.flatMap(expand)).toEqual([...new Set(uids)].sort((a, b) => a - b))
        expect(sets.every((set) => set.length <= 4_000)).toBe(true)
      }),
    )
  })
})
