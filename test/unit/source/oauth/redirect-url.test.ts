import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRedirect } from '../../../../src/source/oauth/redirect-url.ts'

const STATE = 'o7b1cL-state'
const CODE = '0.AX_code~with.everything-1'

describe('the URL at which a login ends (RFC 6749 section 4.1.2)', () => {
  test.each([
    `http://localhost:1234/?code=${CODE}&state=${STATE}`,
    `http://localhost/?state=${STATE}&code=${CODE}&session_state=1#`,
    `  "http://localhost:1234/?code=${CODE}&state=${STATE}"\r\n`,
    `<http://localhost:1234/?code=${CODE}&state=${STATE}>`,
    `/?code=${CODE}&state=${STATE}`,
    `?code=${CODE}&state=${STATE}`,
    `code=${CODE}&state=${STATE}`,
    `https://login.example/nativeclient?code=${CODE}&iss=https%3A%2F%2Faccounts.example&state=${STATE}`,
  ])('gives its code, however it is pasted: %s', (text) => {
    expect(parseRedirect(text, STATE)).toEqual({ kind: 'code', code: CODE })
  })

  test('gives the refusal of the authority (section 4.1.2.1)', () => {
    const text = `http://localhost:1/?error=access_denied&error_description=The+user+has+denied&state=${STATE}`
    expect(parseRedirect(text, STATE)).toEqual({
      kind: 'refused',
      error: 'access_denied',
      description: 'The user has denied',
    })
  })

  test.each([
    ['another state (section 10.12)', `http://localhost:1/?code=${CODE}&state=guessed`],
    ['no state', `http://localhost:1/?code=${CODE}`],
    ['an empty state', `http://localhost:1/?code=${CODE}&state=`],
    ['a refusal of another login', 'http://localhost:1/?error=access_denied&state=guessed'],
    ['a code twice (section 3.1)', `http://localhost:1/?code=${CODE}&code=2&state=${STATE}`],
    ['a state twice', `http://localhost:1/?code=${CODE}&state=guessed&state=${STATE}`],
    ['no code', `http://localhost:1/?state=${STATE}`],
    ['nothing', ''],
    ['words', 'what do you want?'],
    ['the URL of the authority', `https://login.example/authorize?response_type=code&state=${STATE}`],
    ['more than a URL can hold', `?code=${'x'.repeat(20_000)}&state=${STATE}`],
  ])('is not: %s', (_, text) => {
    expect(parseRedirect(text, STATE)).toMatchObject({ kind: 'foreign', why: expect.any(String) })
  })

  test('any text is a value, and a code only with the state of this login', () => {
    const near = fc.constantFrom('code=', 'state=', STATE, '&', '?', '#', '%', '%zz', 'error=', '\0', '"')
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(near, fc.string()), { maxLength: 12 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (written) => {
        const redirect = parseRedirect(written, STATE)
        if (redirect.kind === 'foreign') expect(redirect.why).not.toBe('')
        else expect(decodeURIComponent(written.replace(/%(?![0-9a-f]{2})/gi, '%25'))).toContain(STATE)
      }),
    )
  })

  test('any code comes through as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.webUrl(), (code, base) => {
        const url = new URL(base)
        url.search = new URLSearchParams({ code, state: STATE }).toString()
        expect(parseRedirect(url.href, STATE)).toEqual({ kind: 'code', code })
      }),
    )
  })
})
