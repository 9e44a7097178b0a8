import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ERROR_CATALOGUE, type ErrorCode, MailchuteError } from '../../../src/errors.ts'
import { nextPollAt, pausesMailbox } from '../../../src/intake/back-off.ts'

const NOW = new Date('2026-11-23T12:00:00Z')
const secondsAfter = (failures: number, random: number) => secondsAsked(failures, random, undefined)
const secondsAsked = (failures: number, random: number, retryAfterSeconds: number | undefined) => {
  const error = new MailchuteError('source/server-busy', '', {
    context: retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  })
  return (nextPollAt(failures, NOW, random, error).getTime() - NOW.getTime()) / 1000
}

describe('the pause after polls that failed', () => {
  test('doubles from half a minute to a quarter of an hour', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7].map((failures) => Math.round(secondsAfter(failures, 0.999999)))
    expect(longest).toEqual([30, 60, 120, 240, 480, 900, 900])
  })

  test('is spared by up to a half, so that many mailboxes do not come back at once', () => {
    expect(secondsAfter(1, 0)).toBe(15)
    expect(secondsAfter(100, 0)).toBe(450)
  })

  test('is never shorter than 15 seconds and never longer than 15 minutes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const seconds = secondsAfter(failures, random)
          expect(seconds).toBeGreaterThanOrEqual(15)
          expect(seconds).toBeLessThanOrEqual(900)
        },
      ),
    )
  })

  test('is at least what the server asks for, up to an hour', () => {
    expect(secondsAsked(1, 0.5, 300)).toBe(300)
    expect(secondsAsked(100, 0.5, 10)).toBe(675)
    expect(secondsAsked(1, 0.5, 86_400)).toBe(3600)
    for (const senseless of [-1, 0, Number.NaN]) expect(secondsAsked(1, 0, senseless)).toBe(15)
  })

  test('pauses a mailbox with an alert for refused credentials and dead logins only', () => {
    const codes = (Object.keys(ERROR_CATALOGUE) as ErrorCode[]).filter((code) =>
      pausesMailbox(new MailchuteError(code, '')),
    )
    expect(codes).toEqual(['source/credentials-refused', 'oauth/login-required'])
  })
})
