import { describe, expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../../../src/config/policy.ts'
import { failuresOf } from '../../../src/source/failure.ts'

const quoting = (password: string) =>
  failuresOf({
    ...{ name: 'test', url: '', protocol: 'pop3', host: 'h', port: 110, security: 'tls', user: 'u', folder: 'INBOX' },
    ...{ isMicrosoft: false, source: '', ca: null, schedule: '', deleteAfterSeconds: null, maxMessageBytes: 1 },
    ...{ moveTo: null, endpoint: null, smtp: null, acknowledge: null, policy: DEFAULT_POLICY },
    retention: { rawSeconds: null, contentSeconds: null },
    credentials: { kind: 'password', password },
  }).quote

describe("a server's words (I9)", () => {
  test.each(['pässwört1', 'пароль1', 'ä b', 'aü', 'ü1'])(
    'hold nothing of the password %s, in UTF-8 or not',
    (password) => {
      const inUtf8 = `unknown command PASS ${password}!`
      for (const words of [inUtf8, Buffer.from(inUtf8).toString('latin1'), inUtf8.toUpperCase()]) {
        expect(quoting(password)(words)).toMatch(/^unknown command PASS ?\[redacted\]!$/i)
      }
    },
  )

  test('are told where the password is nothing that could be printed', () => {
    expect(quoting('пароль')('not now, come back')).toBe('not now, come back')
  })

  test('may repeat the password as often as a line is long', () => {
    expect(quoting('abcd')('abcd '.repeat(20_000))).toMatch(/^\[redacted\] \[redacted\] /)
  })
})
