import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { statusOf } from '../../../../../src/message/kind/bounce/status.ts'

describe('the status of a recipient (RFC 3463)', () => {
  test.each([
    ['550 5.1.1 <a@b.example>: Recipient rejected', '5.1.1'],
    ['host mx[192.0.2.7] said: 450 4.2.0 try later', '4.2.0'],
    ['Sorry, no mailbox here by that name. (#5.1.1)', '5.1.1'],
    ['550 User unknown', '5.1.1'],
    ['450 user unknown for now', '4.1.1'],
    ['No such user here', '5.1.1'],
    ['The mailbox is full', '5.2.2'],
    ['452 mailbox full', '4.2.2'],
    ['quota exceeded', '5.2.2'],
    ['account has been disabled', '5.2.1'],
    ["Sorry, I couldn't find any host named nowhere.example", '5.1.2'],
    ['Name service error: host not found', '5.1.2'],
    ['message size exceeds the limit', '5.3.4'],
    ['554 rejected as spam', '5.7.1'],
    ['550 blocked by policy', '5.7.1'],
    ['delivery time expired', '4.4.7'],
    ['retry timeout exceeded', '4.4.7'],
    ['connection refused', '4.4.1'],
    ['too many hops', '5.4.6'],
    ['554 nothing more', '5.0.0'],
    ['421 nothing more', '4.3.2'],
    ['551 nothing more', '5.1.6'],
  ])('of what a server said: %s', (diagnostic, status) => {
    expect(statusOf(null, diagnostic)).toBe(status)
  })

  test('is what the field says, unless that says nothing', () => {
    expect(statusOf('5.2.1 (disabled)', 'user unknown')).toBe('5.2.1')
    expect(statusOf('5.0.0', 'user unknown')).toBe('5.1.1')
    expect(statusOf('4.0.0', 'user unknown')).toBe('4.1.1')
    expect(statusOf('5.0.0', '')).toBe('5.0.0')
    expect(statusOf('4.4.7', '450 4.7.1 greylisted')).toBe('4.7.1')
    expect(statusOf('5.4.7', '450 4.7.1 greylisted')).toBe('5.4.7')
  })

  test('is no part of an address, a version or a time', () => {
    for (const text of ['host 5.1.1.4 said no', 'v10.5.1.1', 'at 12:550', 'a550b', '5.1', '']) {
      expect({ text, status: statusOf(null, text) }).toEqual({ text, status: null })
    }
  })

  test('is one of class 2, 4 or 5, or none, whatever is said', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (field, text) => {
        expect(statusOf(field, text) ?? '5.0.0').toMatch(/^[245]\.\d{1,3}\.\d{1,3}$/)
      }),
    )
  })
})
