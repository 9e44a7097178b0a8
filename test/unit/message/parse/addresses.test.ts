import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mailboxes } from '../../../../src/message/parse/addresses.ts'
import { decodeHeaderText } from '../../../../src/message/parse/encoded-words.ts'

const read = (field: string, max = 1000) =>
  mailboxes(Buffer.from(field).toString('latin1'), (octets) => decodeHeaderText(octets, [], () => {}), max).map(
    ({ name, address }) => (name === '' ? address : `${name} <${address}>`),
  )

describe('address fields (RFC 5322 section 3.4, and what is sent)', () => {
  test.each([
    ['a@x.example', ['a@x.example']],
    ['Ann <a@x.example>, b@x.example', ['Ann <a@x.example>', 'b@x.example']],
    ['"Help, Desk" <a@x.example>', ['Help, Desk <a@x.example>']],
    ['Doe, John <j@x.example>, b@x.example', ['Doe, John <j@x.example>', 'b@x.example']],
    ['J. R. Doe <j@x.example>', ['J. R. Doe <j@x.example>']],
    ['a@y.example <c@x.example>', ['a@y.example <c@x.example>']],
    ['"a@b" <c@d.example>', ['a@b <c@d.example>']],
    ['Team: a@x.example, B <b@x.example>;, c@x.example', ['a@x.example', 'B <b@x.example>', 'c@x.example']],
    ['undisclosed-recipients:;', []],
    ['a@x.example (Ann (the one) Lee)', ['Ann (the one) Lee <a@x.example>']],
    ['root', ['root']],
    ['root, postmaster', ['root', 'postmaster']],
    ['<no_host>', ['no_host']],
    ['Ann a@x.example', ['Ann <a@x.example>']],
    ['Ann <a@x.example', ['Ann <a@x.example>']],
    ['Ann a@x.example>', ['Ann <a@x.example>']],
    ['<<a@x.example>>', ['a@x.example']],
    ['<mailto:a@x.example>', ['a@x.example']],
    ['<@r.example,@s.example:a@x.example>', ['a@x.example']],
    ['Ann < a @ x.example >', ['Ann <a@x.example>']],
    ['a @ x.example', ['a@x.example']],
    ['a@x.example; b@x.example', ['a@x.example', 'b@x.example']],
    ['A <a@x.example> B <b@x.example>', ['A <a@x.example>', 'B <b@x.example>']],
    ['"john doe"@x.example', ['"john doe"@x.example']],
    ['"Doe \\"J\\"" <j@x.example>', ['Doe "J" <j@x.example>']],
    ['"unclosed <a@x.example>', ['unclosed <a@x.example>']],
    ['Re: Ann <a@x.example>', ['Re: Ann <a@x.example>']],
    ['Jürgen <jürgen@bücher.example>', ['Jürgen <jürgen@bücher.example>']],
    ['a@xn--bcher-kva.example', ['a@xn--bcher-kva.example']],
    ['=?utf-8?q?Doe=2C_J?= <j@x.example>', ['Doe, J <j@x.example>']],
    ['=?utf-8?q?Doe, J?= <j@x.example>', ['Doe, J <j@x.example>']],
    ['"=?utf-8?q?J=C3=BCrgen?=" <j@x.example>', ['Jürgen <j@x.example>']],
    ['=?utf-8?b?QW5uIDxhQHguZXhhbXBsZT4=?=', ['Ann <a@x.example>']],
    ['John Smith', ['John Smith <>']],
    ['', []],
    [',,;;', []],
  ])('%j', (field, expected) => {
    expect(read(field)).toEqual(expected)
  })

  test('reads a few more than are kept, and no more', () => {
    expect(read('a@x.example,'.repeat(200_000), 1000).length).toBe(1001)
  })

  test.each(['<', '"', '(', ',', ':', 'a ', '=?utf-8?q?', '"a" ', '<a>', 'a:'])(
    'a megabyte of %j takes linear time',
    (piece) => {
      expect(read(piece.repeat(1_000_000 / piece.length)).length).toBeLessThanOrEqual(1001)
    },
  )

  test('any text gives addresses', () => {
    const piece = fc.constantFrom('<', '>', '"', '(', ')', ',', ';', ':', '@', '\\', '=?utf-8?q?', '?=', 'a', ' ')
    fc.assert(fc.property(fc.array(fc.oneof(piece, fc.string())), (all) => Array.isArray(read(all.join('')))))
  })
})
