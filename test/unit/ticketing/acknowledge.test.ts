import { describe, expect, test } from 'vitest'
import { acknowledgementOf } from '../../../src/ticketing/acknowledge.ts'

const FROM = 'carla@mail.example.com'
const ON = { isSwitchedOn: () => true, isOwn: (address: string) => address === 'us@example.org' }

const decide = (over: object = {}, isNewTicket = true, acknowledging: Parameters<typeof acknowledgementOf>[0] = ON) =>
  acknowledgementOf(
    acknowledging,
    'mailbox',
    {
      mayAnswer: true,
      reason: 'kind/none',
      returnPath: null,
      language: 'de',
      from: [{ name: 'Carla', address: FROM }],
      ...over,
    },
    isNewTicket,
  )

const DUE = { recipient: FROM, language: 'de' }
const DIFFERS = { refusal: 'acknowledge/return-path-differs' }

describe('the opening of a ticket', () => {
  test('is acknowledged to who wrote', () => {
    expect(decide()).toEqual(DUE)
  })

  test('is not where it is switched off, and then nothing is said about it', () => {
    expect(decide({}, true, { ...ON, isSwitchedOn: () => false })).toBeUndefined()
  })

  test('of a mailbox that is not set here is left to who sends, who has to know the mailbox', () => {
    expect(decide({}, true, { ...ON, isSwitchedOn: () => 'unknown' })).toEqual(DUE)
  })

  test.each([
    [decide({}, false), 'acknowledge/no-new-ticket'],
    [decide({ mayAnswer: false, reason: 'list/header' }), 'list/header'],
    [decide({ from: [{ name: '', address: 'us@example.org' }] }), 'acknowledge/own-mailbox'],
  ])('is not, and the reason is told (%#)', (decision, refusal) => {
    expect(decision).toEqual({ refusal })
  })

  test.each([
    'anna@mail.example.com',
    'bounces+17@bounces.example.com',
    'x@example.com',
    'x@a.mail.example.com',
    'SRS0=HH=TT=mail.example.com=carla@forwarder.example',
    'forward+SRS=abcde=XY=example.com=carla@contoso.example',
  ])('is acknowledged where the envelope sender is of the same house: %s (RFC 3834 section 4)', (returnPath) => {
    expect(decide({ returnPath })).toEqual(DUE)
  })

  test.each(['mallory@elsewhere.example', 'x@notexample.com', 'SRS0=HH=TT=elsewhere.example=mallory@mail2.example'])(
    'is not where it was sent from elsewhere in her name: %s',
    (returnPath) => {
      expect(decide({ returnPath })).toEqual(DIFFERS)
    },
  )

  test('is not among strangers under one public suffix', () => {
    const from = [{ name: '', address: 'anna@firm.co.uk' }]
    expect(decide({ from, returnPath: 'mallory@other.co.uk' })).toEqual(DIFFERS)
  })
})
