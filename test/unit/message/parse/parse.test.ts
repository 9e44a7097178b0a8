import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { PARSE_LIMITS } from '../../../../src/message/parse/limits.ts'
import { parse } from '../../../../src/message/parse/parse.ts'
import { inChunks, mail } from '../octets.ts'

const parsed = (message: string | Buffer, limits: Partial<typeof PARSE_LIMITS> = {}) =>
  parse(inChunks(message), { limits: { ...PARSE_LIMITS, ...limits } })

const multipart = (kind: string, ...parts: string[][]): string =>
  mail(`Content-Type: multipart/${kind}; boundary=b`, '', ...parts.flatMap((part) => ['--b', ...part]), '--b--')

describe('parse', () => {
  test('gives the fields of an ordinary mail', async () => {
    const message = await parsed(
      mail(
        'From: =?utf-8?q?J=C3=BCrgen?= <j@example.net>',
        'To: "Help, Desk" <help@example.com>, bare@example.com',
        'Cc: Team: a@x.example, B <b@x.example>;, c@x.example',
        'Reply-To: r@example.net',
        'Subject: =?utf-8?b?RnJhZ2U=?= zur Rechnung',
        'Date: Tue, 2 Jan 2024 10:00:00 +0100',
        'Message-ID: <1@example.net>',
        'References: <0@example.net>',
        '',
        'Hello',
      ),
    )
    expect(message).toEqual({
      messageId: '<1@example.net>',
      inReplyTo: [],
      references: ['<0@example.net>'],
      date: '2024-01-02T09:00:00.000Z',
      subject: 'Frage zur Rechnung',
      from: [{ name: 'Jürgen', address: 'j@example.net' }],
      to: [
        { name: 'Help, Desk', address: 'help@example.com' },
        { name: '', address: 'bare@example.com' },
      ],
      cc: [
        { name: '', address: 'a@x.example' },
        { name: 'B', address: 'b@x.example' },
        { name: '', address: 'c@x.example' },
      ],
      replyTo: [{ name: '', address: 'r@example.net' }],
      text: 'Hello\n',
      html: null,
      attachments: [],
      header: expect.any(Array),
      reportParts: [],
      returnPath: null,
      language: null,
      defects: [],
    })
  })

  test('names what is missing or unreadable', async () => {
    expect((await parsed('Subject: x\r\n\r\nhi')).defects).toEqual([
      'message-id-missing',
      'from-missing',
      'date-missing',
    ])
    const message = await parsed('Date: the day after tomorrow\r\n\r\nhi')
    expect(message.date).toBeNull()
    expect(message.defects).toContain('date-unreadable')
  })

  test('reads Hindi in UTF-8 by quoted-printable', async () => {
    const message = await parsed(
      mail(
        'Subject: =?UTF-8?B?4KSo4KSu4KS44KWN4KSk4KWH?=',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        '=E0=A4=A8=E0=A4=AE=E0=A4=B8=E0=A5=8D=E0=A4=A4=E0=A5=87',
      ),
    )
    expect(message.subject).toBe('नमस्ते')
    expect(message.text).toBe('नमस्ते\n')
  })

  test('reads Japanese in ISO-2022-JP (RFC 1468)', async () => {
    const message = await parsed(
      mail(
        'Subject: =?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=',
        'Content-Type: text/plain; charset=ISO-2022-JP',
        '',
        '\x1b$B$3$s$K$A$O\x1b(B',
      ),
    )
    expect(message.subject).toBe('こんにちは')
    expect(message.text).toBe('こんにちは\n')
  })

  test.each([
    ['Bj\xf6rn', 'Björn'],
    ['Jos\xe9', 'José'],
    ['Ren\xe9e', 'Renée'],
    ['\xd8ystein', 'Øystein'],
  ])('takes accents near the end of a name for accents, not for UTF-8 that was cut (%#)', async (octets, name) => {
    const octetsOfMail = Buffer.from(`From: ${octets} <a@x.example>\r\nSubject: ${octets}\r\n\r\nhi`, 'latin1')
    const { from, subject } = await parsed(octetsOfMail)
    expect([from[0]?.name, subject]).toEqual([name, name])
  })

  test('takes a header in 8-bit octets that are not UTF-8 as windows-1252', async () => {
    const octets = Buffer.from('From: J\xfcrgen <j@x.example>\r\nSubject: 5 \x80 f\xfcr dich\r\n\r\nhi', 'latin1')
    const message = await parsed(octets)
    expect(message.subject).toBe('5 € für dich')
    expect(message.from[0]?.name).toBe('Jürgen')
    expect(message.defects).toContain('header-charset-guessed')
  })

  test('streams attachments: counts and digests their decoded octets', async () => {
    const octets = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 256))
    const base64 = octets.toString('base64').replace(/.{76}/g, '$&\r\n')
    const source = multipart(
      'mixed',
      ['Content-Type: text/plain', '', 'see the file'],
      [
        'Content-Type: application/pdf; name="a.pdf"',
        'Content-Disposition: attachment; filename="a.pdf"',
        'Content-Transfer-Encoding: base64',
        '',
        base64,
      ],
    )
    const sha256 = createHash('sha256').update(octets).digest('hex')
    const attachment = {
      filename: 'a.pdf',
      contentType: 'application/pdf',
      sizeBytes: 200_000,
      sha256,
      disposition: 'attachment',
      contentId: null,
    }
    for (const chunkOctets of [1021, 65_536]) {
      expect((await parse(inChunks(source, chunkOctets))).attachments).toEqual([attachment])
    }
    const [withContent] = (await parse(inChunks(source), { content: true })).attachments
    expect(octets.equals(withContent?.content ?? Buffer.alloc(0))).toBe(true)
  })

  test('keeps an enclosed mail whole, as an attachment of type message/rfc822', async () => {
    const enclosed = 'Subject: inner\r\n\r\ninner text'
    const message = await parsed(
      multipart(
        'mixed',
        ['', 'outer text'],
        ['Content-Type: message/rfc822', 'Content-Disposition: inline', '', enclosed],
      ),
    )
    expect(message.text).toBe('outer text')
    expect(message.attachments).toMatchObject([
      { contentType: 'message/rfc822', disposition: 'inline', sizeBytes: enclosed.length },
    ])
  })

  test('keeps cid: links, and the Content-ID they name without brackets (RFC 2392)', async () => {
    const message = await parsed(
      multipart(
        'related',
        ['Content-Type: text/html', '', '<img src="cid:logo@x">'],
        ['Content-Type: image/png', 'Content-ID: <logo@x>', '', 'png'],
      ),
    )
    expect(message.html).toContain('cid:logo@x')
    expect(message.attachments).toMatchObject([{ contentId: 'logo@x', disposition: null }])
  })

  test('of alternatives (RFC 2046 section 5.1.4) the text is the text and the HTML the HTML, as they were sent', async () => {
    const html = '<p onclick="alert(1)">Hello <b>you</b></p>'
    const message = await parsed(
      multipart('alternative', ['Content-Type: text/plain', '', 'Hello'], ['Content-Type: text/html', '', html]),
    )
    expect(message).toMatchObject({ text: 'Hello', html })
  })

  test('makes text from the HTML where there is none, or a blank one', async () => {
    const html = ['Content-Type: text/html', '', '<p>Hello <b>you</b></p>']
    expect((await parsed(mail(...html))).text).toBe('Hello you')
    expect((await parsed(multipart('alternative', ['', ' '], html))).text).toBe('Hello you')
    expect((await parsed(multipart('related', html))).text).toBe('Hello you')
  })

  test('loses neither of a text and an HTML part that follow each other', async () => {
    const message = await parsed(
      multipart('mixed', ['Content-Type: text/html', '', '<p>Body</p>'], ['', 'footer of the list, a < b']),
    )
    expect(message.text).toBe('Body\nfooter of the list, a < b')
    expect(message.html).toBe('<p>Body</p><br>\nfooter of the list, a &lt; b')
  })

  test('makes each string storable: NUL and lone surrogates become U+FFFD', async () => {
    const message = await parsed(
      mail(
        'From: "a\0b" <x@y.example>',
        'Subject: a\0b =?utf-16le?B?AAAA2A==?=',
        'Content-Type: text/plain; charset=utf-16le',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from([0x41, 0, 0, 0, 0x00, 0xd8, 0x42, 0]).toString('base64'),
      ),
    )
    expect(message.subject).toMatch(/^a\ufffdb /)
    expect(message.text).toContain('A\ufffd')
    const strings = [message.subject, message.text ?? '', message.from[0]?.name ?? '']
    expect(strings.filter((value) => value.includes('\0') || !value.isWellFormed())).toEqual([])
  })

  test('a subject of 1 MB is kept whole', async () => {
    const subject = 'long '.repeat(200_000).trim()
    expect((await parsed(`Subject: ${subject}\r\n\r\nhi`)).subject).toBe(subject)
    const folded = 'long\r\n '.repeat(150_000)
    expect((await parsed(`Subject: ${folded}end\r\n\r\nhi`)).subject).toHaveLength(150_000 * 5 + 3)
  })

  test('keeps to its limits and says so', async () => {
    const many = multipart(
      'mixed',
      ...Array.from({ length: 5 }, (_, index) => [`Content-Type: image/x${index}`, '', 'x']),
    )
    const attachments = await parsed(many, { maxAttachments: 3 })
    expect(attachments.attachments).toHaveLength(3)
    expect(attachments.defects).toContain('attachments-truncated')
    expect((await parsed(many, { maxAttachments: 5 })).defects).not.toContain('attachments-truncated')

    const addresses = await parsed('To: a@x.example, b@x.example, c@x.example\r\n\r\nhi', { maxAddresses: 2 })
    expect(addresses.to).toHaveLength(2)
    expect(addresses.defects).toContain('addresses-truncated')

    const text = await parsed(`\r\n${'0123456789'.repeat(100)}`, { maxTextChars: 10 })
    expect(text.text).toBe('0123456789')
    expect(text.defects).toContain('text-truncated')

    expect((await parsed('Subject: 0123456789\r\n\r\n', { maxValueChars: 4 })).subject).toBe('0123')
  })

  test('drops text beyond its limit while it streams by, over all parts together', async () => {
    const part = ['Content-Type: text/plain', '', '0123456789'.repeat(10_000)]
    const message = await parsed(multipart('mixed', part, part, part), { maxTextOctets: 150_000 })
    expect(message.text?.replaceAll('\n', '')).toHaveLength(150_000)
    expect(message.defects).toContain('text-truncated')
  })

  test('passes on what reading the octets throws', async () => {
    const failure = new Error('the disk is gone')
    async function* broken() {
      yield Buffer.from('Subject: x\r\n\r\nhi')
      throw failure
    }
    await expect(parse(broken())).rejects.toBe(failure)
  })
})
