import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quoteSentence } from '../../../../src/source/oauth/quote.ts'

describe("an authority's words (I9)", () => {
  test('are told to the end of the first sentence, without their number', () => {
    const words = 'AADSTS7000222: The client secret keys for app v2.0 are expired. Visit the portal. Trace ID: 1'
    expect(quoteSentence(words, [])).toBe('The client secret keys for app v2.0 are expired')
    expect(quoteSentence('Token has been expired or revoked', [])).toBe('Token has been expired or revoked')
    expect(quoteSentence('', [])).toBe('')
  })

  test('are told in one printable line of bounded length', () => {
    expect(quoteSentence('one\r\ntwo\x1b[31m three', [])).toBe('one two [31m three')
    expect(quoteSentence('word '.repeat(500), []).length).toBeLessThanOrEqual(200)
  })

  test.each([
    ['an address', 'User ann@customer.example does not exist.', [], 'User [address] does not exist'],
    ['an encoded address', 'User ann%40customer.example is gone.', [], 'User [address] is gone'],
    ['a short secret', "The secret 'pw' is bad.", ['pw'], "The secret '[redacted]' is bad"],
    ['a secret with spaces', 'The secret my pass word is bad.', ['my pass word'], 'The secret [redacted] is bad'],
    ['a secret that ends sentences', 'The secret a. b is bad.', ['a. b'], 'The secret [redacted] is bad'],
    ['a secret beyond ASCII', 'The secret pässword is bad.', ['pässword'], 'The secret [redacted] is bad'],
    ['a secret as a form has it', 'The field was a%7Eb+c.', ['a~b c'], 'The field was [redacted]'],
    ['an encoded secret', 'The secret a%2Fb is bad.', ['a/b'], 'The secret [redacted] is bad'],
    ['a part of a secret', 'The code 0123456789abcd is bad.', ['x0123456789abcdefgh'], 'The code [redacted] is bad'],
    ['whatever is as long as a token', `It is ${'x'.repeat(50)} here.`, [], 'It is [redacted] here'],
  ])('are told without %s', (_, words, secrets, told) => {
    expect(quoteSentence(words, secrets)).toBe(told)
  })

  test('are read in time linear in their length', () => {
    const startedAt = performance.now()
    expect(quoteSentence(`a${' '.repeat(200_000)}b`, [])).toBe('a b')
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })

  test('never hold a secret, wherever it stands', () => {
    const secret = fc.string({ unit: 'grapheme', minLength: 6 }).filter((each) => !'[redacted]'.includes(each))
    fc.assert(
      fc.property(fc.string(), secret, fc.string(), (before, kept, after) => {
        expect(quoteSentence(before + kept + after, [kept])).not.toContain(kept)
      }),
    )
  })
})
