import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isExchange, NoticeWatch } from '../../../src/source/exchange.ts'
import { POP3_LIMITS } from '../../../src/source/pop3/limits.ts'

const watched = (...pieces: readonly (string | Buffer)[]) => {
  const watch = new NoticeWatch()
  for (const piece of pieces) watch.update(Buffer.from(piece))
  return watch.isNotice()
}
const NOTICE = 'Retrieval using the POP3 protocol failed for the following message:'

describe('a notice in place of a message', () => {
  test.each([
    `Subject: ${NOTICE} 12\r\n\r\ntext`,
    `Received: x\r\n\tby y\r\nSUBJECT:${NOTICE}\r\nFrom: a@b\r\n\r\ntext`,
    `Subject: Retrieval using the POP3 protocol failed\r\n for the following\r\n\tmessage: 12\r\n\r\ntext`,
    `Subject: Retrieval using the IMAP4 protocol failed for the following message: 12\n\ntext`,
    `Subject:\r\n ${NOTICE}\r\n`,
  ])('is told by its subject: %j', (octets) => {
    expect(watched(octets)).toBe(true)
    for (let at = 0; at <= octets.length; at++) expect(watched(octets.slice(0, at), octets.slice(at))).toBe(true)
    expect(watched(...octets)).toBe(true)
  })

  test.each([
    `Subject: Re: ${NOTICE} 12\r\n\r\ntext`,
    `Subject: x\r\nX-Subject: ${NOTICE}\r\n\r\ntext`,
    `Subject: x\r\n\r\nSubject: ${NOTICE}\r\n`,
    `\r\nSubject: ${NOTICE}\r\n`,
    'Subject: Retrieval using the POP3 protocol failed for the following messages\r\n\r\n',
    '',
  ])('is told from mail: %j', (octets) => {
    expect(watched(octets)).toBe(false)
    expect(watched(...octets)).toBe(false)
  })

  test('is not looked for beyond 64 KiB of header', () => {
    expect(watched(`X: ${'x'.repeat(70_000)}\r\n`, `Subject: ${NOTICE}\r\n\r\n`)).toBe(false)
    const watch = new NoticeWatch()
    for (let piece = 0; piece < 2_000; piece++) watch.update(Buffer.alloc(65_536, 'x'))
    expect(watch.isNotice()).toBe(false)
  })

  test('is told the same however the octets are split', () => {
    const octets = fc.array(fc.constantFrom('\r\n', '\n', 'Subject: ', NOTICE, 'x', ' ', '\r'), { maxLength: 8 })
    fc.assert(fc.property(octets, (pieces) => watched(...pieces) === watched(pieces.join(''))))
  })
})

test('Exchange is told by its host, and by its greeting where it is on premises', () => {
  expect(isExchange({ isMicrosoft: true }, '')).toBe(true)
  expect(isExchange({ isMicrosoft: false }, 'The Microsoft Exchange POP3 service is ready.')).toBe(true)
  expect(isExchange({ isMicrosoft: false }, 'The Microsoft Exchange IMAP4 service is ready. [QQ==]')).toBe(true)
  expect(isExchange({ isMicrosoft: false }, 'Dovecot ready.')).toBe(false)
})

test('a logon may take half a minute and more: Exchange hands it on from server to server', () => {
  const { greetingMs, loginReplyMs, handshakeMs } = POP3_LIMITS
  for (const milliseconds of [greetingMs, loginReplyMs, handshakeMs])
    expect(milliseconds).toBeGreaterThanOrEqual(30_000)
})
