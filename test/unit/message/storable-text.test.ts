import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { storableText } from '../../../src/message/storable-text.ts'

describe('storableText', () => {
  test('puts U+FFFD for NUL, for a lone surrogate and for half a pair at the cut', () => {
    expect(storableText('a\0b', 10)).toBe('a\ufffdb')
    expect(storableText('a\ud800b', 10)).toBe('a\ufffdb')
    expect(storableText('a😀', 2)).toBe('a\ufffd')
  })

  test('any string becomes what PostgreSQL takes as text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (value, maxChars) => {
        const stored = storableText(value, maxChars)
        return stored.isWellFormed() && !stored.includes('\0') && stored.length <= maxChars
      }),
    )
  })
})
