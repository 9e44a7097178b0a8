import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dateField } from '../../../../src/message/parse/date-field.ts'

describe('the Date field (RFC 5322 sections 3.3 and 4.3)', () => {
  test.each([
    ['Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T15:55:06.000Z'],
    ['21 Nov 97 09:55:06 GMT', '1997-11-21T09:55:06.000Z'],
    ['Thu,\r\n 13 Feb 1969 23:32 -0330 (Newfoundland Time)', '1969-02-14T03:02:00.000Z'],
    ['Tue, 1 Jul 2003 10:52:37 EST', '2003-07-01T15:52:37.000Z'],
    ['1 Jan 24 00:00:00 +0000', '2024-01-01T00:00:00.000Z'],
    ['1 Jan 102 00:00:00 +0000', '2002-01-01T00:00:00.000Z'],
    ['Mon, 1 Jan 2024 10:00:00', '2024-01-01T10:00:00.000Z'],
    ['Mon Jan  1 10:00:00 2024', '2024-01-01T10:00:00.000Z'],
    ['2024-01-01T10:00:00+01:00', '2024-01-01T09:00:00.000Z'],
    ['2024-01-01 10:00:00', '2024-01-01T10:00:00.000Z'],
  ])('%j is %s', (value, instant) => {
    expect(dateField(value)).toBe(instant)
  })

  test.each(['', 'yesterday', '32 Jan 2024 10:00:00 +0000', '1 Foo 2024 10:00:00', '1 Jan 2024 25:61:00'])(
    '%j is none',
    (value) => {
      expect(dateField(value)).toBeNull()
    },
  )

  test('any text gives an instant or null', () => {
    fc.assert(fc.property(fc.string(), (value) => /^null$|Z$/.test(String(dateField(value)))))
  })
})
