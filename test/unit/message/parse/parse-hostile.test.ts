import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MailchuteError } from '../../../../src/errors.ts'
import { PARSE_LIMITS } from '../../../../src/message/parse/limits.ts'
import { parse } from '../../../../src/message/parse/parse.ts'
import { inChunks } from '../octets.ts'

const parsed = (message: string | Buffer, limits = PARSE_LIMITS) => parse(inChunks(message), { limits })

const nested = (depth: number): string =>
  Array.from(
    { length: depth },
    (_, index) => `Content-Type: multipart/mixed; boundary=b${index}\r\n\r\n--b${index}\r\n`,
  ).join('')

const parts = (count: number): string =>
  `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-Type: image/png\r\n\r\nx\r\n'.repeat(count)}--b--\r\n`

describe('hostile mail', () => {
  test('no octets at all are a mail without anything', async () => {
    expect(await parsed('')).toMatchObject({ messageId: null, subject: '', text: null, html: null, attachments: [] })
  })

  test('a mail without a header keeps its text', async () => {
    expect((await parsed('\r\njust text')).text).toBe('just text')
  })

  test('a header without a body gives its fields', async () => {
    expect((await parsed('Subject: only')).subject).toBe('only')
  })

  test('2,000 levels of nesting are followed down', async () => {
    expect((await parsed(`${nested(2000)}\r\ninnermost`)).text).toBe('innermost')
  })

  test('5,000 parts give 1,000 attachments and a defect', async () => {
    const message = await parsed(parts(5000))
    expect(message.attachments).toHaveLength(1000)
    expect(message.defects).toContain('attachments-truncated')
  })

  test('more parts or a longer header than the limit are message/unparseable', async () => {
    const limits = { ...PARSE_LIMITS, maxParts: 100, maxHeaderOctets: 10_000 }
    const expected = { code: 'message/unparseable', remedy: 'quarantine' }
    await expect(parsed(parts(200), limits)).rejects.toMatchObject(expected)
    await expect(parsed(`Subject: ${'secret '.repeat(5000)}\r\n\r\n`, limits)).rejects.toMatchObject(expected)
  })

  test('no word of the mail stands in the error (I9)', async () => {
    const limits = { ...PARSE_LIMITS, maxHeaderOctets: 1000 }
    const error: unknown = await parsed(`Subject: ${'secret '.repeat(500)}\r\n\r\n`, limits).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(MailchuteError)
    expect(String(error)).not.toContain('secret')
  })

  test('any octets give a storable value or a typed error', async () => {
    const pieces = [
      'Content-Type: multipart/mixed; boundary=b\r\n',
      'Content-Type: text/html; charset=utf-16\r\n',
      'Content-Type: message/rfc822\r\n',
      'Content-Transfer-Encoding: base64\r\n',
      "Content-Disposition: attachment; filename*=utf-8''%00%ff\r\n",
      'From: a: b: c;;\r\n',
      'Subject: =?utf-8?b?/w==?=\r\n',
      'Date: 99 Foo\r\n',
      '--b\r\n',
      '--b--\r\n',
      '\r\n',
      '\0',
    ]
    const octets = fc
      .array(
        fc.oneof(
          fc.constantFrom(...pieces).map((text) => Buffer.from(text)),
          fc.uint8Array({ maxLength: 20 }).map(Buffer.from),
        ),
        { maxLength: 30 },
      )
      .map((all) => Buffer.concat(all))
    await fc.assert(
      fc.asyncProperty(octets, fc.integer({ min: 1, max: 100 }), async (message, chunkOctets) => {
        const outcome = await parse(inChunks(message, chunkOctets)).catch((thrown: unknown) => thrown)
        if (outcome instanceof MailchuteError) return outcome.code === 'message/unparseable'
        const json = JSON.stringify(outcome)
        return !json.includes('\\u0000') && !/\\ud[89a-f]/.test(json)
      }),
      { numRuns: 300 },
    )
  })
})
