import { describe, expect, test } from 'vitest'
import { parse } from '../../../../src/message/parse/parse.ts'
import { inChunks, mail } from '../octets.ts'

const parsed = async (message: string | Buffer) => {
  const whole = await parse(inChunks(message), { content: true })
  // Where the octets are cut must not matter.
  expect(await parse(inChunks(message, 7), { content: true })).toEqual(whole)
  return whole
}
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const contents = ({ attachments }: Awaited<ReturnType<typeof parsed>>) =>
  attachments.map(({ filename, content }) => [filename, Buffer.from(content ?? []).toString('latin1')])
const FROM = 'From: a@x.example\r\n'

describe('line ends and headers', () => {
  test.each([
    ['CRLF', '\r\n'],
    ['LF', '\n'],
    ['CR', '\r'],
    ['CR CR LF', '\r\r\n'],
  ])('%s ends lines', async (_, end) => {
    const source = ['Subject: folded', ' subject', 'Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'one']
    const message = await parsed([...source, 'two', '--b', 'Content-Type: a/b', '', 'x', '--b--', ''].join(end))
    expect(message).toMatchObject({ subject: 'folded subject', attachments: [{ contentType: 'a/b' }] })
    expect(message.text?.split('\n').filter((line) => line !== '')).toEqual(['one', 'two'])
  })

  test.each(['\r\n\r\n', 'From ann@x.example Mon Aug 22 09:45:15 2011\r\n', '\n \n>From x\n'])(
    'what stands before the header is left out: %j',
    async (before) => {
      const message = await parsed(`${before}Subject: hello\r\nFrom: a@x.example\r\n\r\nhi`)
      expect(message).toMatchObject({ subject: 'hello', text: 'hi' })
      expect(message.defects).toContain('header-start-mended')
    },
  )

  test.each([
    ['Subject: hello\r\nThis is the text.\r\nAnd more.', 'This is the text.\nAnd more.'],
    ['Subject: hello\r\n \r\nThis is the text.', ' \nThis is the text.'],
  ])('a body without an empty line before it: %j', async (source, text) => {
    const message = await parsed(source)
    expect(message).toMatchObject({ subject: 'hello', text })
    expect(message.defects).toContain('header-end-missing')
  })

  test('lines that are no fields are left out where known fields follow', async () => {
    const message = await parsed('Subject: hello\r\n=?garbage?=\r\n\tfolded\r\nFrom: a@x.example\r\n\r\nhi')
    expect(message).toMatchObject({ subject: 'hello', text: 'hi', from: [{ address: 'a@x.example' }] })
    expect(message.defects).toContain('header-garbage')
  })
})

describe('charsets of texts', () => {
  const german = latin1('\xdcber f\xfcnf \x80')
  test.each([
    ['Content-Type: text/plain; charset=iso-8859-1', german, 'Über fünf €', []],
    ['Content-Type: text/plain; charset=us-ascii', german, 'Über fünf €', ['charset-wrong']],
    ['Content-Type: text/plain; charset=utf-8', german, 'Über fünf €', ['charset-wrong']],
    ['Content-Type: text/plain; charset=x-unknown', german, 'Über fünf €', ['charset-unknown']],
    ['X: y', german, 'Über fünf €', ['charset-missing']],
    ['X: y', Buffer.from('Über'), 'Über', ['charset-missing']],
    ['Content-Type: text/plain; charset=us-ascii', Buffer.from('Über'), 'Über', ['charset-wrong']],
    ['Content-Type: text/plain; charset=iso-8859-1', Buffer.from('\ufeffÜber'), 'Über', []],
    ['Content-Type: text/plain', Buffer.from('\ufeffÜber', 'utf16le'), 'Über', []],
    ['Content-Type: text/plain; charset=utf-7', Buffer.from('+ANw-ber'), 'Über', []],
    ['Content-Type: text/plain; charset=koi8-r', latin1('\xf0\xd2\xc9\xd7\xc5\xd4'), 'Привет', []],
  ])('%s', async (field, body, text, defects) => {
    const message = await parsed(Buffer.concat([Buffer.from(`${FROM}${field}\r\n\r\n`), body]))
    expect(message.text).toBe(text)
    expect(message.defects.filter((code) => code.startsWith('charset'))).toEqual(defects)
  })

  test('text in Russian or Japanese that names no charset is detected', async () => {
    const russian = 'Здравствуйте, у меня не работает вход в личный кабинет, помогите пожалуйста.'
    const koi8 = new Map(
      [...Array(128).keys()].map((index) => [
        new TextDecoder('koi8-r').decode(Uint8Array.of(index + 128)),
        index + 128,
      ]),
    )
    const octets = Buffer.from([...russian].map((character) => koi8.get(character) ?? character.charCodeAt(0)))
    expect((await parsed(Buffer.concat([Buffer.from(`${FROM}\r\n`), octets]))).text).toBe(russian)
    const jis = `${FROM}\r\n\x1b$B$3$s$K$A$O\x1b(B`
    expect((await parsed(jis)).text).toBe('こんにちは')
  })

  test('a page names its charset itself', async () => {
    const page = latin1(`${FROM}Content-Type: text/html\r\n\r\n<meta charset="koi8-r"><p>\xf0\xd2\xc9\xd7\xc5\xd4`)
    expect((await parsed(page)).text).toBe('Привет')
  })
})

describe('parts', () => {
  test('a text with a file name is an attachment, octet for octet in its own charset', async () => {
    const message = await parsed(
      latin1(
        mail(
          'Content-Type: multipart/mixed; boundary=b',
          ...['', '--b', 'Content-Type: text/plain', '', 'see the files'],
          ...[
            '--b',
            'Content-Type: text/plain; charset=iso-8859-1; name="a.txt"',
            'Content-Disposition: inline',
            '',
            'f\xfcnf',
          ],
          ...['--b', 'Content-Type: text/html', 'Content-Disposition: attachment', '', '<p>x</p>'],
          ...[
            '--b',
            'Content-Type: text/csv; name=b.csv',
            'Content-Transfer-Encoding: quoted-printable',
            '',
            'a=3Db=',
            'c  ',
            'd=zz',
          ],
          ...['--b', 'Content-Type: x/y; name=c', 'Content-Transfer-Encoding: x-who-knows', '', 'as=20it', 'is'],
          '--b--',
        ),
      ),
    )
    expect(message.text).toBe('see the files')
    expect(contents(message)).toEqual([
      ['a.txt', 'f\xfcnf'],
      [null, '<p>x</p>'],
      ['b.csv', 'a=bc\r\nd=zz'],
      ['c', 'as=20it\r\nis'],
    ])
    expect(message.defects).toEqual(expect.arrayContaining(['transfer-encoding-unknown', 'quoted-printable-broken']))
  })

  test.each([
    ['aGVsbG8gd29ybGQ', 'hello world', false],
    ['aGVs bG8g\r\n\r\nd29y bGQ=', 'hello world', false],
    ['aGVsbG8=\r\nIHdvcmxk', 'hello world', true],
    ['aGVs*bG8g!d29ybGQ=', 'hello world', true],
  ])('base64 %j', async (body, text, isBroken) => {
    const message = await parsed(`${FROM}Content-Transfer-Encoding: base64\r\n\r\n${body}`)
    expect(message.text).toBe(text)
    expect(message.defects.includes('base64-broken')).toBe(isBroken)
  })

  test.each([
    [`filename*0*=utf-8''%C3%BC; filename*1=" b"; filename*2*=%2Etxt`, 'ü b.txt'],
    [`filename*=iso-8859-1'de'f%FCnf.txt; filename="x.txt"`, 'fünf.txt'],
    [`filename*=f%C3%BCnf.txt`, 'fünf.txt'],
    [`filename*1=b.txt; filename*0=a`, 'ab.txt'],
    [`filename="=?utf-8?q?f=C3=BCnf?= =?utf-8?q?.txt?="`, 'fünf.txt'],
    [`filename==?utf-8?b?ZsO8bmYudHh0?=`, 'fünf.txt'],
    [`filename=my file (1).txt; size=3`, 'my file (1).txt'],
    [`filename="fünf;=.txt" (comment)`, 'fünf;=.txt'],
    [`filename="a\\"b.txt"`, 'a"b.txt'],
    [`FileName = 'a.txt'`, 'a.txt'],
    [`filename="unclosed.txt`, 'unclosed.txt'],
  ])('Content-Disposition: attachment; %s', async (parameters, filename) => {
    const message = await parsed(`${FROM}Content-Type: a/b\r\nContent-Disposition: attachment; ${parameters}\r\n\r\nx`)
    expect(message.attachments).toMatchObject([{ filename, disposition: 'attachment' }])
  })

  test('an enclosed mail is whole, also in base64, and is named by its subject', async () => {
    const inner = 'Subject: =?utf-8?q?inner/=C3=BC?=\r\n\r\ninner text'
    const message = await parsed(
      mail(
        'Content-Type: multipart/mixed; boundary=b',
        ...['', '--b', 'Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64', ''],
        Buffer.from(inner).toString('base64'),
        ...['--b', 'Content-Type: message/rfc822', '', ...inner.split('\r\n')],
        ...['--b', 'Content-Type: message/partial; id=x', '', 'a part', '--b--'],
      ),
    )
    expect(contents(message)).toEqual([
      ['innerü.eml', Buffer.from(inner).toString('latin1')],
      ['innerü.eml', Buffer.from(inner).toString('latin1')],
      [null, 'a part'],
    ])
    expect(message.defects).toContain('file-name-made')
    expect(message.text).toBeNull()
  })

  test('reports are read whatever they are typed and however they are nested and encoded', async () => {
    const status = 'Reporting-MTA: dns; x.example\r\n\r\nFinal-Recipient: rfc822; a@x.example'
    const message = await parsed(
      mail(
        'Content-Type: multipart/mixed; boundary=o',
        ...['', '--o', 'Content-Type: multipart/report; report-type=delivery-status; boundary=b'],
        ...['', '--b', '', 'It failed.'],
        ...['--b', 'Content-Type: message/delivery-status', 'Content-Transfer-Encoding: base64', ''],
        Buffer.from(status).toString('base64'),
        ...['--b', 'Content-Type: text/plain', '', ...status.split('\r\n')],
        ...[
          '--b',
          'Content-Type: text/rfc822-headers',
          'Content-Transfer-Encoding: quoted-printable',
          '',
          'Subject: a=3Db',
        ],
        ...['--b--', '--o--'],
      ),
    )
    expect(message.reportParts).toEqual([
      { contentType: 'message/delivery-status', text: status },
      { contentType: 'message/delivery-status', text: status },
      { contentType: 'text/rfc822-headers', text: 'Subject: a=b' },
    ])
    expect(message.attachments.map(({ contentType }) => contentType)).toEqual([
      'message/delivery-status',
      'text/rfc822-headers',
    ])
  })

  test('a calendar is an attachment also among alternatives', async () => {
    const alternatives = [
      '--b',
      '',
      'come',
      '--b',
      'Content-Type: text/calendar; method=REQUEST',
      '',
      'BEGIN:VCALENDAR',
      '--b--',
    ]
    const message = await parsed(mail('Content-Type: multipart/alternative; boundary=b', '', ...alternatives))
    expect(message.text).toBe('come')
    expect(contents(message)).toEqual([['invite.ics', 'BEGIN:VCALENDAR']])
  })
})

describe('malformed multiparts lose no part', () => {
  const part = (text: string) => ['Content-Type: text/plain', '', text]
  const multipart = (type: string, ...lines: string[]) => parsed(mail(`Content-Type: ${type}`, '', ...lines))

  test.each([
    ['no closing boundary', 'multipart/mixed; boundary=b', ['--b', ...part('one'), '--b', ...part('two')]],
    ['no boundary named', 'multipart/mixed', ['--b', ...part('one'), '--b', ...part('two'), '--b--']],
    ['another boundary named', 'multipart/mixed; boundary=x', ['--b', ...part('one'), '--b', ...part('two'), '--b--']],
    [
      'boundary in quotes',
      `multipart/mixed; boundary="b ('=?"`,
      [`--b ('=?`, ...part('one'), `--b ('=?`, ...part('two')],
    ],
    ['boundary with white space', 'multipart/mixed; boundary="b "', ['--b  ', ...part('one'), '--b\t', ...part('two')]],
    ['boundary in 8 bits', 'multipart/mixed; boundary="bé"', ['--bé', ...part('one'), '--bé', ...part('two')]],
    [
      'no empty line before the text',
      'multipart/mixed; boundary=b',
      ['--b', 'Content-Type: text/plain', 'one!', '--b', 'two!', '--b--'],
    ],
    ['an unknown subtype', 'multipart/*; boundary=b', ['--b', ...part('one'), '--b', ...part('two'), '--b--']],
    [
      'base64 that is none',
      'multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64',
      ['--b', ...part('one'), '--b', ...part('two'), '--b--'],
    ],
    [
      'boundaries that begin alike',
      'multipart/mixed; boundary=b',
      [
        '--b',
        'Content-Type: multipart/mixed; boundary=bb',
        '',
        '--bb',
        ...part('one'),
        '--bb--',
        '--b',
        ...part('two'),
        '--b--',
      ],
    ],
    [
      'the same boundary within',
      'multipart/mixed; boundary=b',
      [
        '--b',
        'Content-Type: multipart/alternative; boundary=b',
        '',
        '--b',
        ...part('one'),
        '--b--',
        '--b',
        ...part('two'),
        '--b--',
      ],
    ],
    [
      'an inner multipart without its end',
      'multipart/mixed; boundary=b',
      ['--b', 'Content-Type: multipart/mixed; boundary=c', '', '--c', ...part('one'), '--b', ...part('two'), '--b--'],
    ],
  ])('%s', async (_, type, lines) => {
    const { text } = await multipart(type, ...lines)
    expect(text?.replace(/[!\n]+/g, ' ').trim()).toBe('one two')
  })

  test('a part that is a header alone is kept', async () => {
    const empty = ['--b', 'Content-Type: a/b; name=c', '--b', ...part('text'), '--b--']
    const message = await multipart('multipart/mixed; boundary=b', ...empty)
    expect(message).toMatchObject({ text: 'text', attachments: [{ filename: 'c', sizeBytes: 0 }] })
  })

  test('a boundary that never appears: all is text', async () => {
    const message = await multipart('multipart/mixed; boundary=b', 'just text', '-- ', 'Ann')
    expect(message.text).toBe('just text\n-- \nAnn\n')
    expect(message.defects).toContain('multipart-without-parts')
  })

  test('text before or behind the parts is the text where there is no other', async () => {
    const file = ['--b', 'Content-Type: a/b', '', 'x', '--b--']
    const before = await multipart('multipart/mixed; boundary=b', 'The only text.', ...file)
    expect(before).toMatchObject({ text: 'The only text.', attachments: [{ contentType: 'a/b' }] })
    expect((await multipart('multipart/mixed; boundary=b', ...file, 'The only text.')).text).toBe('The only text.')
    expect((await multipart('multipart/mixed; boundary=b', 'This is a MIME message.', ...file)).text).toBeNull()
  })

  test.each([
    ['text', 'text/plain'],
    ['plain', 'text/plain'],
    ['', 'text/plain'],
    ['text/plain/x', 'text/plain'],
    ['html', 'text/html'],
  ])('Content-Type: %j is %s', async (value, type) => {
    const message = await parsed(`${FROM}Content-Type: ${value}\r\n\r\n<b>hi</b>`)
    expect(message.html).toBe(type === 'text/html' ? '<b>hi</b>' : null)
    expect(message.text).toBe(type === 'text/html' ? 'hi' : '<b>hi</b>')
    expect(message.defects).toContain('content-type-mended')
  })

  test('the only text of a mail is shown also where it has a file name', async () => {
    const message = await parsed(`${FROM}Content-Type: text/plain; name=a.txt\r\n\r\nhi`)
    expect(message).toMatchObject({ text: 'hi', attachments: [{ filename: 'a.txt' }] })
    expect(message.defects).toContain('text-from-named-part')
  })

  test('several texts that are called alternatives are all kept', async () => {
    const lines = ['--b', ...part('one'), '--b', ...part('two'), '--b', ...part('one'), '--b--']
    expect((await multipart('multipart/alternative; boundary=b', ...lines)).text).toBe('one\ntwo')
  })
})

describe('who wrote', () => {
  test.each([
    ['Reply-To: r@x.example\r\nSender: s@x.example\r\nReturn-Path: <p@x.example>', 'r@x.example'],
    ['From: <>\r\nSender: s@x.example\r\nReturn-Path: <p@x.example>', 's@x.example'],
    ['From: Ann Lee\r\nReturn-Path: <p@x.example>', 'p@x.example'],
  ])('without a usable From it is %j', async (header, address) => {
    const message = await parsed(`${header}\r\n\r\nhi`)
    expect(message.from).toMatchObject([{ address }])
    expect(message.defects).toContain('from-substituted')
    expect(message.defects).not.toContain('from-missing')
  })

  test('several addresses are all kept, and told of', async () => {
    const message = await parsed('From: a@x.example, b@x.example\r\n\r\nhi')
    expect(message.from.map(({ address }) => address)).toEqual(['a@x.example', 'b@x.example'])
    expect(message.defects).toContain('from-several')
  })
})

describe('format=flowed (RFC 3676)', () => {
  test.each([
    ['flowed', 'one \r\ntwo\r\n> three \r\n> four\r\n-- \r\nAnn', 'one two\n> three four\n-- \nAnn'],
    ['flowed; delsp=yes', 'one \r\ntwo', 'onetwo'],
    ['fixed', 'one \r\ntwo', 'one \ntwo'],
  ])('%s', async (format, body, text) => {
    expect((await parsed(`${FROM}Content-Type: text/plain; format=${format}\r\n\r\n${body}`)).text).toBe(text)
  })
})
