import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ParsedMessage } from '../../../src/message/parsed-message.ts'
import { similarityOf } from '../../../src/ticketing/similarity.ts'
import { anyText } from '../../support/any-text.ts'
import { understood } from '../../support/understood.ts'

const keyOf = (over: Partial<ParsedMessage>) => similarityOf(understood({ reply: null, ...over }), 'mailbox')
const areAlike = (one: Partial<ParsedMessage>, other: Partial<ParsedMessage>) => keyOf(one) === keyOf(other)

const from = (address: string) => ({ from: [{ name: '', address }] })
const file = (contentType: string, sha256: string) => ({
  attachments: [{ filename: null, contentType, sizeBytes: 1, sha256, disposition: null, contentId: null }],
})

describe('mails of a loop are alike', () => {
  test.each([
    ['in their subject but for marks of replying', { subject: 'Help' }, { subject: 'Re: AW: Fwd: Help' }],
    [
      'however often an automatic reply says so',
      { subject: 'Automatic reply: Help' },
      { subject: 'Automatic reply: Re: Automatic reply: Help' },
    ],
    ['whatever ticket they name', { subject: '[Desk#1200] Help' }, { subject: 'Re: [Desk#1201] Help' }],
    ['whatever they count', { text: 'This is try 17 of 99' }, { text: 'This is try 18 of 99' }],
    [
      'whenever they say they were written',
      { text: 'Away until Monday, 12 January 2026.' },
      { text: 'Away until Tue, 3 Feb 2026.' },
    ],
    ['in other languages as well', { text: 'Abwesend bis 12. März' }, { text: 'Abwesend bis 3. Dezember' }],
    ['however they are wrapped', { text: 'one two\nthree' }, { text: 'one\ttwo three\n' }],
    ['from any subaddress', from('robot+1@machine.example'), from('Robot+2@machine.example')],
    ['far behind their start', { text: `${'word '.repeat(200)}x` }, { text: `${'word '.repeat(200)}y` }],
    ['with more and more of themselves enclosed', file('message/rfc822', 'a'), file('message/rfc822', 'b')],
  ])('%s', (_, one, other) => {
    expect(areAlike(one, other)).toBe(true)
  })
})

describe('other mails are not alike', () => {
  test.each([
    ['of two writers', from('ann@customer.example'), from('bob@customer.example')],
    [
      'of a contact form, in what people write',
      { text: 'Name: Ann. I lost my key' },
      { text: 'Name: Bob. It is broken' },
    ],
    ['of a shop, in what was ordered', { text: 'Order 1: 2 x Shirt 20 EUR' }, { text: 'Order 2: 2 x Shoes 20 EUR' }],
    ['of a scanner, in their files', file('application/pdf', 'a'), file('application/pdf', 'b')],
    ['with short subjects', { subject: 'Help' }, { subject: 'Hull' }],
    [
      'of two days, for a backlog comes in at once',
      { date: '2026-11-02T23:59:00.000Z' },
      { date: '2026-11-03T00:01:00.000Z' },
    ],
  ])('%s', (_, one, other) => {
    expect(areAlike(one, other)).toBe(false)
  })

  test('in two mailboxes', () => {
    expect(similarityOf(understood(), 'one')).not.toBe(similarityOf(understood(), 'two'))
  })
})

test('any mail has a key, in time that grows with nothing', () => {
  const text = anyText()
  fc.assert(
    fc.property(text, text, fc.nat(3), (one, two, power) => {
      const long = `${one}: [${two}] `.repeat(10 ** power)
      expect(keyOf({ subject: long, text: long, date: null, from: [] })).toHaveLength(
        createHash('sha256').digest('hex').length,
      )
    }),
  )
})
