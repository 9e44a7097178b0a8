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

  test('what nests deeper than 100 levels is one attachment', async () => {
    const message = await parsed(`From: a@x.example\r\n${nested(2000)}\r\ninnermost`)
    expect(message.from).toEqual([{ name: '', address: 'a@x.example' }])
    expect(message.attachments).toHaveLength(1)
    expect(message.defects).toContain('depth-truncated')
    expect((await parsed(`${nested(90)}\r\ninnermost`)).text).toBe('innermost')
  })

  test('5,000 parts give 1,000 attachments and a defect', async () => {
    const message = await parsed(parts(5000))
    expect(message.attachments).toHaveLength(1000)
    expect(message.defects).toContain('attachments-truncated')
  })

  test('of more parts than the limit the first ones are kept', async () => {
    const message = await parsed(parts(200), { ...PARSE_LIMITS, maxParts: 100 })
    expect(message.attachments).toHaveLength(100)
    expect(new Set(message.attachments.map(({ sizeBytes }) => sizeBytes))).toEqual(new Set([1]))
    expect(message.defects).toContain('parts-truncated')
  })

  test('of a header longer than the limit the fields up to it are kept, and the body is found', async () => {
    const limits = { ...PARSE_LIMITS, maxHeaderOctets: 10_000 }
    const filler = `X-Filler: ${'x'.repeat(60)}\r\n`
    const source = `From: a@x.example\r\nSubject: hello\r\n${filler.repeat(5000)}\r\nthe body`
    for (const chunkOctets of [997, 10_007, 65_536, 1e6]) {
      const message = await parse(inChunks(source, chunkOctets), { limits })
      expect(message).toMatchObject({ subject: 'hello', text: 'the body', from: [{ address: 'a@x.example' }] })
      expect(message.defects).toContain('header-truncated')
    }
  })

  test('of a field longer than the limit its start is kept', async () => {
    const limits = { ...PARSE_LIMITS, maxHeaderOctets: 1000 }
    const message = await parse(inChunks(`Subject: ${'long '.repeat(5000)}\r\n\r\nthe body`, 500), { limits })
    expect(message.subject).toMatch(/^long long/)
    expect(message.text).toBe('the body')
  })

  test('a part whose header is longer than the limit keeps its body', async () => {
    const limits = { ...PARSE_LIMITS, maxHeaderOctets: 1000 }
    const part = `--b\r\nContent-Type: text/plain\r\nX-Long: ${'x'.repeat(300_000)}\r\n\r\ninner\r\n`
    const message = await parsed(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${part}--b--\r\n`, limits)
    expect(message.text).toBe('inner')
    expect(message.defects).toContain('header-truncated')
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

  test('a mail that was damaged anywhere gives a storable value, whatever the chunks', async () => {
    const whole = Buffer.from(
      [
        'From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>, "Doe, J" <d@x.example>',
        'Subject: =?utf-8?b?RnJhZ2U=?= =?iso-2022-jp?b?GyRCJUYlOSVIGyhC?=',
        'Content-Type: multipart/mixed; boundary="b b"',
        ...['', '--b b', 'Content-Type: multipart/alternative; boundary=c', '', '--c', '', 'text', '--c'],
        ...[
          'Content-Type: text/html; charset=utf-16',
          'Content-Transfer-Encoding: quoted-printable',
          '',
          '<p>=C3=BC=',
          '--c--',
        ],
        ...['--b b', "Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%BC", ''],
        ...[
          'begin 644 a',
          '#0V%T',
          'end',
          '--b b',
          'Content-Type: message/rfc822',
          'Content-Transfer-Encoding: base64',
          '',
        ],
        ...['U3ViamVjdDogeA==', '--b b', 'Content-Type: application/ms-tnef', 'Content-Transfer-Encoding: base64', ''],
        ...['eJ8+IgEAAQyABAAAAGFiY2Q=', '--b b--', ''],
      ].join('\r\n'),
    )
    const damage = fc.record({
      at: fc.nat({ max: whole.length }),
      cut: fc.nat({ max: 20 }),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.constantFrom('\r', '\n', '\r\n\r\n', '--', '=?', '"', '\0').map((text) => Buffer.from(text)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(damage, { maxLength: 6 }),
        fc.integer({ min: 1, max: 300 }),
        async (all, chunkOctets) => {
          const damaged = all.reduce(
            (octets, { at, cut, put }) => Buffer.concat([octets.subarray(0, at), put, octets.subarray(at + cut)]),
            whole,
          )
          const message = await parse(inChunks(damaged, chunkOctets), { content: true })
          const json = JSON.stringify(message)
          const isWhole = message.attachments.every(({ content, sizeBytes }) => content?.length === sizeBytes)
          return isWhole && !json.includes('\\u0000') && !/\\ud[89a-f]/.test(json)
        },
      ),
      { numRuns: 500 },
    )
  })
})
