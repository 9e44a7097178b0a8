import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { borderOf, trustedHosts } from '../../../../src/message/authenticity/border.ts'
import { rawFields } from '../../../../src/message/authenticity/header-section.ts'
import { received } from '../../../../src/message/authenticity/received.ts'
import { growsLinearly } from '../../../support/growth.ts'

describe('Received (RFC 5321 section 4.4)', () => {
  test.each([
    [
      'Postfix',
      'from mail.bank.example (unknown [192.0.2.1])\r\n\tby mx.example (Postfix) with ESMTP id 1; date',
      'mail.bank.example',
      '192.0.2.1',
    ],
    [
      'Postfix, a claim in brackets',
      'from [10.0.0.1] (host.example [192.0.2.1]) by mx.example',
      '10.0.0.1',
      '192.0.2.1',
    ],
    ['Postfix, IPv6', 'from a.example (a.example [IPv6:2001:DB8::1]) by mx.example', 'a.example', '2001:db8::1'],
    [
      'Exim',
      'from host.example ([192.0.2.1] helo=claim.example) by mx.example with esmtp',
      'claim.example',
      '192.0.2.1',
    ],
    ['Exim, without a name', 'from [192.0.2.1] (helo=claim.example) by mx.example', 'claim.example', '192.0.2.1'],
    ['qmail', 'from unknown (HELO claim.example) (192.0.2.1) by mx.example with SMTP', 'claim.example', '192.0.2.1'],
    [
      'qmail, a claim that is an address',
      'from unknown (HELO [203.0.113.9]) (192.0.2.1) by mx.example',
      '203.0.113.9',
      '192.0.2.1',
    ],
    [
      'Microsoft',
      'from a.bank.example (192.0.2.1) by mx.example\r\n (10.167.1.1) with Microsoft SMTP Server id 15.20',
      'a.bank.example',
      '192.0.2.1',
    ],
    [
      'Sendmail',
      'from claim.example (host.example [192.0.2.1] (may be forged)) by MX.example. (8.17)',
      'claim.example',
      '192.0.2.1',
    ],
    ['without an address', 'from mail.example by mx.example with LMTP', 'mail.example', null],
  ])('as %s writes it', (_, value, helo, ip) => {
    expect(received(value)).toEqual({ by: 'mx.example', from: { helo, ip } })
  })

  test('without from tells that nothing came from another host', () => {
    expect(received('by 2002:a05:6402:1a2b:0:0:0:0 with SMTP id x; date')).toEqual({
      by: '2002:a05:6402:1a2b:0:0:0:0',
      from: null,
    })
  })

  test('of any text is a value, in linear time', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void received(text)))
    for (const piece of ['(', '[', 'helo ', 'from ', '(helo=', ']']) {
      expect(growsLinearly((times) => received(`from x (${piece.repeat(times)}`), 25_000)).toBe(true)
    }
  })
})

const hop = (from: string, by: string) => `Received: from ${from}\r\n\tby ${by} with ESMTP id 1; date\r\n`
const border = (header: string, ...trusted: string[]) => borderOf(rawFields(Buffer.from(header)), trustedHosts(trusted))

describe('the border', () => {
  const MX = hop('out.bank.example (x [192.0.2.1])', 'mx.example')
  const INNER = hop('mx.example (mx.example [10.0.0.1])', 'store.example')

  test('is the first hop from outside that a trusted server took', () => {
    expect(border(`A: 1\r\n${INNER}B: 2\r\n${MX}C: 3\r\n`, 'example')).toEqual({
      insideBefore: 3,
      end: 5,
      client: { ip: '192.0.2.1', helo: 'out.bank.example' },
    })
  })

  test("is not moved by what the sender wrote below it in our servers' names", () => {
    const forged = hop('good.example (x [203.0.113.1])', 'mx.example')
    const found = border(INNER + MX + forged, 'mx.example', 'store.example')
    expect(found).toEqual({ insideBefore: 1, end: 2, client: { ip: '192.0.2.1', helo: 'out.bank.example' } })
  })

  test('is not moved by a client that calls itself like one of our servers', () => {
    const liar = hop('mx.example (x [192.0.2.1])', 'mx.example')
    const forged = hop('good.example (x [203.0.113.1])', 'mx.example')
    expect(border(liar + forged, 'mx.example').client).toMatchObject({ ip: '192.0.2.1' })
  })

  test("is nowhere where the first hop is nobody's whom we trust", () => {
    expect(border(`A: 1\r\n${MX}`, 'other.example')).toEqual({ insideBefore: 1, end: 1, client: null })
    expect(border(MX)).toEqual({ insideBefore: 0, end: 0, client: null })
    expect(border('A: 1\r\n', 'mx.example').end).toBe(0)
  })

  test('takes no name for one of ours that only ends like it', () => {
    expect(border(hop('x (x [192.0.2.1])', 'evilmx.example'), 'mx.example').client).toBeNull()
    expect(border(hop('x (x [192.0.2.1])', 'a.mx.example'), 'mx.example').client).not.toBeNull()
  })

  test('lies beyond the networks that the settings name, and beyond private ones', () => {
    const inner = hop('relay.example (relay.example [198.51.100.7])', 'store.example')
    expect(border(inner + MX, 'example').client).toMatchObject({ ip: '198.51.100.7' })
    expect(border(inner + MX, 'example', '198.51.100.0/24').client).toMatchObject({ ip: '192.0.2.1' })
  })

  test('of Google lies below its own field without from', () => {
    const own = 'Received: by 2002:a05:6402:1a2b:b0:1:2:3 with SMTP id x; date\r\n'
    const mx = hop('mail.bank.example (mail.bank.example. [192.0.2.1])', 'mx.google.com')
    expect(border(own + mx, 'mx.google.com')).toMatchObject({ insideBefore: 1, end: 2, client: { ip: '192.0.2.1' } })
  })

  test('of Microsoft lies below the hops between its servers', () => {
    const header =
      hop(
        'AM9PR01MB1.eurprd01.prod.exchangelabs.com (2603:10a6:20b:1::1)',
        'DB7PR01MB2.eurprd01.prod.exchangelabs.com with HTTPS',
      ) +
      hop(
        'DB3PR01CA1.eurprd01.prod.exchangelabs.com (2603:10a6:8:52::19)',
        'AM9PR01MB1.eurprd01.prod.exchangelabs.com (2603:10a6:20b:1::1)',
      ) +
      'Authentication-Results: x\r\n' +
      hop('mail.bank.example (192.0.2.1)', 'DB3EUR05FT1.mail.protection.outlook.com (10.233.1.1)')
    expect(border(header, 'microsoft')).toEqual({
      insideBefore: 3,
      end: 4,
      client: { ip: '192.0.2.1', helo: 'mail.bank.example' },
    })
  })

  test('of any header is somewhere in it', () => {
    const line = fc.constantFrom(INNER, MX, 'Received: by x\r\n', 'Received:\r\n', 'A: b\r\n', hop('y', 'z'), ' \r\n')
    fc.assert(
      fc.property(
        fc.array(line),
        fc.array(fc.constantFrom('example', 'microsoft', '10.0.0.0/8', '')),
        (lines, trusted) => {
          const { insideBefore, end } = border(lines.join(''), ...trusted)
          expect(insideBefore).toBeLessThanOrEqual(end)
          expect(end).toBeLessThanOrEqual(lines.length)
        },
      ),
    )
  })
})
