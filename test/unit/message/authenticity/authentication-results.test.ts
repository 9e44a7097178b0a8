import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authenticationResults, bestOf } from '../../../../src/message/authenticity/authentication-results.ts'
import { growsLinearly } from '../../../support/growth.ts'

const plain = (value: string) => {
  const { authservId, results } = authenticationResults(value)
  return {
    authservId,
    results: results.map(({ method, result, properties }) => ({ method, result, ...Object.fromEntries(properties) })),
  }
}

describe('Authentication-Results (RFC 8601)', () => {
  test('with several methods, comments and folds (appendix B)', () => {
    expect(
      plain(` example.com;
	auth=pass (cleartext) smtp.auth=sender@example.net;
	spf=pass smtp.mailfrom=example.net;
	dkim=pass (1024-bit key) header.d="example.net" header.b=AbC+/9== reason="good signature; whole (all)"`),
    ).toEqual({
      authservId: 'example.com',
      results: [
        { method: 'auth', result: 'pass', 'smtp.auth': 'sender@example.net' },
        { method: 'spf', result: 'pass', 'smtp.mailfrom': 'example.net' },
        {
          method: 'dkim',
          result: 'pass',
          'header.d': 'example.net',
          'header.b': 'AbC+/9==',
          reason: 'good signature; whole (all)',
        },
      ],
    })
  })

  test('with versions, comments anywhere and white space around the signs (appendix B.7)', () => {
    expect(
      plain(
        ' foo.example.net (foobar) 1 (baz);\r\n\tdkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n\t policy (A dot can go here) . (like that) expired\r\n\t',
      ),
    ).toMatchObject({
      authservId: 'foo.example.net',
      results: [{ result: 'fail' }],
    })
    expect(plain('x.example 1; dkim/1 = pass header.d = y.example')).toEqual({
      authservId: 'x.example',
      results: [{ method: 'dkim', result: 'pass', 'header.d': 'y.example' }],
    })
  })

  test('without a result', () => {
    expect(plain('example.org 1; none')).toEqual({ authservId: 'example.org', results: [] })
  })

  test('as Google writes it', () => {
    const value = `mx.google.com;
       dkim=pass header.i=@bank.example header.s=s1 header.b=Qx1;
       spf=pass (google.com: domain of a@bank.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@bank.example;
       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=bank.example`
    expect(bestOf(authenticationResults(value), 'dmarc')).toMatchObject({
      result: 'pass',
      comments: ['p=REJECT sp=REJECT dis=NONE'],
    })
    expect(plain(value)).toMatchObject({
      authservId: 'mx.google.com',
      results: [{ 'header.i': '@bank.example' }, {}, {}],
    })
  })

  test('as Microsoft writes it, without an authserv-id', () => {
    expect(
      plain(` spf=pass (sender IP is 192.0.2.1)
 smtp.mailfrom=bank.example; dkim=pass (signature was verified)
 header.d=bank.example;dmarc=pass action=none
 header.from=bank.example;compauth=pass reason=100`),
    ).toEqual({
      authservId: null,
      results: [
        { method: 'spf', result: 'pass', 'smtp.mailfrom': 'bank.example' },
        { method: 'dkim', result: 'pass', 'header.d': 'bank.example' },
        { method: 'dmarc', result: 'pass', action: 'none', 'header.from': 'bank.example' },
        { method: 'compauth', result: 'pass', reason: '100' },
      ],
    })
  })

  test('as Microsoft writes it with the domain of the recipient between the methods', () => {
    const value =
      'spf=pass smtp.mailfrom=a.example; me.example; dkim=none header.d=none;me.example; dmarc=none action=none header.from=a.example;'
    expect(plain(value).results.map(({ method, result }) => `${method}=${result}`)).toEqual([
      'spf=pass',
      'dkim=none',
      'dmarc=none',
    ])
  })

  test('holds what a sender chose apart: in quotation marks and comments nothing is a result', () => {
    const value =
      'mx.example; spf=fail (; dmarc=pass header.from=x) smtp.mailfrom="a; dmarc=pass header.from=x"@evil.example'
    expect(plain(value)).toEqual({
      authservId: 'mx.example',
      results: [{ method: 'spf', result: 'fail', 'smtp.mailfrom': 'a; dmarc=pass header.from=x@evil.example' }],
    })
  })

  test('takes the first of a property that stands twice', () => {
    expect(plain('mx.example; dmarc=fail header.from=evil.example header.from=bank.example').results).toEqual([
      { method: 'dmarc', result: 'fail', 'header.from': 'evil.example' },
    ])
  })

  test('of any text is a value', () => {
    const text = fc
      .array(
        fc.constantFrom(
          'dkim',
          '=',
          ';',
          '(',
          ')',
          '"',
          '\\',
          ' ',
          '\r\n\t',
          'pass',
          '/',
          '1',
          'header.from',
          '.',
          'é',
          '\0',
        ),
      )
      .map((all) => all.join(''))
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (value) => {
        for (const { method, result } of authenticationResults(value).results)
          expect([typeof method, typeof result]).toEqual(['string', 'string'])
      }),
    )
  })

  test.each(['(', '"', '((((\\', '; ', ';=', 'a=b ', '\\"', '" ', 'a/'])(
    'repeated %j costs no more than its length',
    (piece) => {
      const read = (length: number) => authenticationResults(piece.repeat(length / piece.length))
      expect(growsLinearly(read, 125_000)).toBe(true)
    },
  )
})
