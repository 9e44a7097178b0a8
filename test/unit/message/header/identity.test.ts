import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { headerFields } from '../../../../src/message/header/header-fields.ts'
import { identityOf } from '../../../../src/message/header/identity.ts'

const of = (...lines: string[]) => identityOf(headerFields(Buffer.from(`${lines.join('\r\n')}\r\n\r\nbody`, 'utf8')))

const DATE = 'Date: Mon, 02 Nov 2026 09:00:00 +0000'
const ANNA = '2026-11-02T09:00:00.000Z anna@example.com'

describe('who wrote a message when', () => {
  test.each([
    ['From: anna@example.com'],
    ['From: <anna@example.com>'],
    ['FROM: Anna <Anna@Example.COM>'],
    ['From: "Anna, of <support@example.org>" <anna@example.com>'],
    ['From: "Anna \\"the <a@b>\\" B" (at work <c@d>)', '\t<anna@example.com>'],
    ['From: =?utf-8?q?Anna?= <anna@example.com>, bert@example.com'],
    ['From: Gr\u00fcn <anna@example.com>', 'From: other@example.com'],
  ])('is the address, however it is written: %s', (...from) => {
    expect(of(DATE, ...from)).toBe(ANNA)
    expect(of(...from, 'Subject: x', 'Date: Mon,', ' 2 Nov 2026 10:00:00 +0100 (CET)')).toBe(ANNA)
  })

  test('keeps a quoted local-part', () => {
    expect(of(DATE, 'From: Anna <"anna maria"@example.com>')).toBe('2026-11-02T09:00:00.000Z "annamaria"@example.com')
  })

  test('is another at another second, or with another address', () => {
    expect(of('Date: Mon, 02 Nov 2026 09:00:01 +0000', 'From: anna@example.com')).not.toBe(ANNA)
    expect(of(DATE, 'From: anna@example.net')).not.toBe(ANNA)
  })

  test.each([
    [[DATE]],
    [['From: anna@example.com']],
    [[DATE, 'From: Anna']],
    [['Date: soon', 'From: anna@example.com']],
  ])('is not known without a readable Date and an address: %j', (lines) => expect(of(...lines)).toBeNull())

  test('is a value for any octets, in time linear in their number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        identityOf(headerFields(Buffer.from(octets)))
      }),
    )
    for (const piece of ['"', '(', '<', '<a@', '"\\', '@', 'a@'])
      expect(() => of(DATE, `From: ${piece.repeat(200_000)}`)).not.toThrow()
  })
})
