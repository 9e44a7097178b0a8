import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { meaningOf } from '../../../../src/source/pop3/response-code.ts'
import { parseStatusLine } from '../../../../src/source/pop3/status-line.ts'
import { StatusLineReader } from '../../../../src/source/pop3/status-line-reader.ts'

describe('a status line', () => {
  test.each([
    ['+OK', 'ok', null, ''],
    ['+OK ready', 'ok', null, 'ready'],
    ['-ERR', 'err', null, ''],
    ['-ERR [IN-USE] locked', 'err', 'IN-USE', 'locked'],
    ['-ERR [sys/temp] later', 'err', 'SYS/TEMP', 'later'],
    ['-ERR [LOGIN-DELAY 30] too soon', 'err', 'LOGIN-DELAY', 'too soon'],
    ['+', 'continue', null, ''],
    ['+ ', 'continue', null, ''],
    ['+ eyJ9', 'continue', null, 'eyJ9'],
  ])('%j is read (RFC 1939 section 3, RFC 2449 section 8, RFC 5034 section 4)', (line, kind, responseCode, text) => {
    expect(parseStatusLine(line)).toEqual({ kind, responseCode, text })
  })

  test.each(['', '+ok', '+OKAY', '-ERROR', 'OK', '* OK', '220 ready', ' +OK', '++'])('%j is none', (line) => {
    expect(parseStatusLine(line)).toBeNull()
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        const kind = parseStatusLine(line)?.kind ?? 'none'
        expect(['ok', 'err', 'continue', 'none']).toContain(kind)
      }),
    )
  })

  test('is read in pieces, up to its limit', () => {
    const reader = new StatusLineReader(20)
    expect(reader.read(Buffer.from('+O'), 0)).toEqual({ end: 2, line: 'pending' })
    expect(reader.read(Buffer.from('K a\r'), 0)).toEqual({ end: 4, line: 'pending' })
    expect(reader.read(Buffer.from('\nrest'), 0)).toEqual({
      end: 1,
      line: { kind: 'ok', responseCode: null, text: 'a' },
    })
    expect(reader.read(Buffer.from('+OK 3456789012345678'), 0).line).toBe('pending')
    expect(reader.read(Buffer.from('9'), 0).line).toBe('malformed')
  })
})

describe('a refusal', () => {
  test.each([
    ['-ERR [IN-USE] x', 'source/mailbox-locked'],
    ['-ERR [LOGIN-DELAY] x', 'source/login-delay'],
    ['-ERR [SYS/TEMP] x', 'source/server-busy'],
    ['-ERR [SYS/TEMP/disk] x', 'source/server-busy'],
    ['-ERR [SYS/PERM] x', 'source/server-refused'],
    ['-ERR [AUTH] x', 'source/credentials-refused'],
    ['-ERR [SYS/TEMPEST] x', 'source/message-refused'],
    ['-ERR Server Unavailable. 21', 'source/server-busy'],
    ['-ERR Protocol error. Connection is closed. 10', 'source/protocol-violation'],
    ['-ERR maildrop already locked', 'source/mailbox-locked'],
    ['-ERR wrong password, try again', 'source/message-refused'],
    ['-ERR', 'source/message-refused'],
  ])('%j means %s (RFC 2449, RFC 3206, Exchange)', (line, code) => {
    const reply = parseStatusLine(line)
    expect(reply).not.toBeNull()
    if (reply !== null) expect(meaningOf(reply, 'source/message-refused')).toBe(code)
  })
})
