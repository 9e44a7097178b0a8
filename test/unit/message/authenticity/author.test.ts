import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authorOf } from '../../../../src/message/authenticity/author.ts'
import { rawFields } from '../../../../src/message/authenticity/header-section.ts'
import { growsLinearly } from '../../../support/growth.ts'

const author = (from: string) => {
  const found = authorOf(rawFields(Buffer.from(`From: ${from}\r\n`)))
  return found.domain ?? found.reason
}

describe('the author of a mail (RFC 9989 section 5.3.1)', () => {
  test.each([
    ['a@bank.example', 'bank.example'],
    ['Alice <a@Bank.Example.>', 'bank.example'],
    ['"a@evil.example" <a@bank.example>', 'bank.example'],
    ['a@evil.example <a@bank.example>', 'bank.example'],
    ['=?utf-8?q?x=40evil.example?= <a@bank.example>', 'bank.example'],
    ['(a@evil.example) a@bank.example (b@evil.example)', 'bank.example'],
    ['Alice <a@bank.example> (nested (a@evil.example) comment)', 'bank.example'],
    ['a (x) @ bank . example', 'bank.example'],
    ['"quoted@evil.example"@bank.example', 'bank.example'],
    ['<@relay.example,@evil.example:a@bank.example>', 'bank.example'],
    ['Team: a@bank.example;', 'bank.example'],
    ['a@bücher.example', 'xn--bcher-kva.example'],
    ['Alice\r\n <a@bank.example>', 'bank.example'],
    ['a@bank.example, b@bank.example', 'from/several'],
    ['a@bank.example, b@evil.example', 'from/several'],
    ['a@bank.example@evil.example', 'from/several'],
    ['Alice <a@bank.example> <b@evil.example>', 'from/several'],
    ['Team: a@bank.example, b@evil.example;', 'from/several'],
    ['a@bank.example evil', 'from/several'],
    ['', 'from/none'],
    ['Alice', 'from/none'],
    ['<>', 'from/none'],
    ['a@[192.0.2.1]', 'from/none'],
    ['a@192.0.2.1', 'from/none'],
    ['a@localhost', 'from/none'],
    ['a@bank.example/evil', 'from/none'],
  ])('of %j is %s', (from, expected) => {
    expect(author(from)).toBe(expected)
  })

  test('is nobody where there is no From, or more than one', () => {
    const of = (header: string) => authorOf(rawFields(Buffer.from(header)))
    expect(of('To: a@bank.example\r\n')).toEqual({ domain: null, reason: 'from/none' })
    expect(of('From: a@bank.example\r\nfrom : a@bank.example\r\n')).toEqual({ domain: null, reason: 'from/several' })
  })

  test('of any text is a domain name or nobody', () => {
    const text = fc
      .array(fc.constantFrom('a', '@', '<', '>', '"', '(', ')', ',', ':', ';', '.', 'x.example', '\\', ' ', 'é'))
      .map((all) => all.join(''))
    fc.assert(
      fc.property(text, (from) => {
        expect(author(from)).toMatch(/^from\/(none|several)$|^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/)
      }),
    )
  })

  test('is found in time linear in the field', () => {
    for (const piece of ['<', 'a@', '(', '"', ',', ' @', '. ', 'a ']) {
      expect(growsLinearly((times) => author(piece.repeat(times)), 12_500)).toBe(true)
    }
  })
})
