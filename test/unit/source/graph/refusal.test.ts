import { describe, expect, test } from 'vitest'

import { errorBodyOf } from '../../../../src/source/graph/refusal.ts'
import { retryAfterSeconds } from '../../../../src/source/graph/throttle.ts'

const NOW = new Date('2026-11-02T09:00:00Z')

describe('Retry-After (RFC 9110 section 10.2.3)', () => {
  test.each([
    [undefined, null],
    ['0', 0],
    ['120', 120],
    ['Mon, 02 Nov 2026 09:01:30 GMT', 90],
    ['Mon, 02 Nov 2026 08:00:00 GMT', 0],
    ['soon', null],
  ])('%j is %j', (header, seconds) => {
    expect(retryAfterSeconds(header, NOW)).toBe(seconds)
  })
})

describe("the body of an error (Microsoft's error resource)", () => {
  test('has codes from the outermost to the most detailed', () => {
    const inner = { code: 'detail', innererror: { code: 'most detailed' }, 'request-id': 'x' }
    const text = JSON.stringify({ error: { code: 'outer', message: 'No.', innerError: inner } })
    expect(errorBodyOf(text)).toEqual({ codes: ['outer', 'detail', 'most detailed'], message: 'No.' })
  })

  test('may nest deeper than any stack is', () => {
    const text = `{"error":${'{"code":"c","innerError":'.repeat(5000)}{}${'}'.repeat(5001)}`
    expect(errorBodyOf(text)).toEqual({ codes: Array(10).fill('c'), message: '' })
  })

  test.each(['', 'no JSON', '[]', '{"error": "text"}', '{"error": {"code": 5}}', 'null'])(
    'may be missing: %j',
    (text) => {
      expect(errorBodyOf(text)).toEqual({ codes: [], message: '' })
    },
  )
})
