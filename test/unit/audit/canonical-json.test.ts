import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalOf } from '../../../src/audit/canonical-json.ts'

describe('canonical JSON', () => {
  test('orders members by UTF-16 code units (RFC 8785 section 3.2.3, its own example)', () => {
    const text =
      '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}'
    expect(Object.values(JSON.parse(canonicalOf(text)))).toHaveLength(7)
    const order = [...canonicalOf(text).matchAll(/:"([^"]+)"/g)].map(([, value]) => value)
    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })

  test('has no white space, and escapes what must be and nothing else (RFC 8785 section 3.2.2.2)', () => {
    expect(canonicalOf('{ "b" : [ 1 , { "z" : null, "a" : "\\u000f\\u000a\\u20ac \\/ \\"" } ] , "a" : true }')).toBe(
      '{"a":true,"b":[1,{"a":"\\u000f\\n€ / \\"","z":null}]}',
    )
  })

  test.each([
    '12345678901234567890',
    '0.1',
    '1.50',
    '-1.0',
    '1234567890.123456789012345',
    '0',
    '-7',
    '999999999999999',
  ])('keeps the digits of a number, as jsonb has them: %s', (digits) => {
    expect(canonicalOf(`{"n":${digits},"list":[${digits}]}`)).toBe(`{"list":[${digits}],"n":${digits}}`)
  })

  test('takes a member of any name, also those that mean something to JavaScript', () => {
    const text = '{"10":1,"9":2,"__proto__":{"x":1},"constructor":3,"toString":4}'
    expect(canonicalOf(text)).toBe(text)
    expect(canonicalOf(text.replace('{"x":1}', '{"x":1.5}'))).toBe(text.replace('{"x":1}', '{"x":1.5}'))
  })

  test('is the same however the text was written, and tells the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = canonicalOf(JSON.stringify(value))
        expect(canonicalOf(JSON.stringify(value, null, 3))).toBe(text)
        expect(canonicalOf(text)).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})
