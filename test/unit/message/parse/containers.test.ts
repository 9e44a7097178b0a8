import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from '../../../../src/message/parse/parse.ts'
import { cmsContent } from '../../../../src/message/parse/smime.ts'
import { uuFiles } from '../../../../src/message/parse/uuencode.ts'
import { inChunks, mail } from '../octets.ts'
import { attribute, tnef } from './tnef/octets.ts'

const parsed = (message: string | Buffer) => parse(inChunks(message), { content: true })
const names = ({ attachments }: Awaited<ReturnType<typeof parsed>>) => attachments.map(({ filename }) => filename)

const der = (tag: number, ...content: (Buffer | string)[]): Buffer => {
  const octets = Buffer.concat(content.map((one) => Buffer.from(one)))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(octets.length)
  return Buffer.concat([Buffer.from([tag, 0x84]), length, octets])
}
const oid = (last: number): Buffer => Buffer.from(`06092a864886f70d0107${last.toString(16).padStart(2, '0')}`, 'hex')
const END = Buffer.alloc(2)
const ber = (tag: number, ...content: (Buffer | string)[]): Buffer =>
  Buffer.concat([Buffer.from([tag, 0x80]), ...content.map((one) => Buffer.from(one)), END])
const VERSION = Buffer.from('020101', 'hex')
const signedBy = (wrap: typeof der, content: Buffer): Buffer =>
  wrap(0x30, oid(2), wrap(0xa0, wrap(0x30, VERSION, der(0x31), wrap(0x30, oid(1), wrap(0xa0, content)))))

const p7m = (octets: Buffer, parameters = ''): string =>
  mail(
    `Content-Type: application/pkcs7-mime; name=smime.p7m${parameters}`,
    ...['Content-Transfer-Encoding: base64', '', octets.toString('base64')],
  )

describe('S/MIME (RFC 8551)', () => {
  const inner = mail(
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    '',
    'signed text',
    '--b',
    'Content-Type: a/b; name=c',
    '',
    'x',
    '--b--',
  )

  test.each([
    ['DER', signedBy(der, der(0x04, inner))],
    ['BER in pieces', signedBy(ber, ber(0x24, der(0x04, inner.slice(0, 50)), der(0x04, inner.slice(50))))],
  ])('what a signature encloses is read (%s), and the signature kept', async (_, octets) => {
    const message = await parsed(p7m(octets))
    expect(message.text).toBe('signed text')
    expect(names(message)).toEqual(['smime.p7m', 'c'])
    expect(message.defects).toContain('smime-opened')
  })

  test('what is encrypted is kept, and told of', async () => {
    const message = await parsed(p7m(der(0x30, oid(3), der(0xa0, 'secret'))))
    expect(message).toMatchObject({ text: null, attachments: [{ contentType: 'application/pkcs7-mime' }] })
    expect(message.defects).toContain('encrypted-smime')
    expect((await parsed(p7m(Buffer.from('?'), '; smime-type=enveloped-data'))).defects).toContain('encrypted-smime')
  })

  test('of a signed multipart (RFC 1847) the text is read and the signature kept', async () => {
    const message = await parsed(
      mail(
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b',
        ...[
          '',
          '--b',
          '',
          'signed text',
          '--b',
          'Content-Type: application/pkcs7-signature; name=smime.p7s',
          '',
          'x',
          '--b--',
        ],
      ),
    )
    expect(message.text).toBe('signed text')
    expect(names(message)).toEqual(['smime.p7s'])
  })

  test('any octets give a value', () => {
    fc.assert(fc.property(fc.uint8Array(), (octets) => cmsContent(Buffer.from(octets)).kind !== undefined))
    const tags = fc.constantFrom(0x30, 0xa0, 0x24, 0x04, 0x80, 0x84, 0x00, 0x06)
    fc.assert(fc.property(fc.array(tags), (octets) => cmsContent(Buffer.from(octets)).kind !== undefined))
  })
})

describe('PGP (RFC 3156, RFC 9580)', () => {
  test('encrypted parts and armoured texts are told of, and kept as they are', async () => {
    const encrypted = mail(
      'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b',
      ...[
        '',
        '--b',
        'Content-Type: application/pgp-encrypted',
        '',
        'Version: 1',
        '--b',
        'Content-Type: application/octet-stream',
        '',
        'x',
        '--b--',
      ],
    )
    expect((await parsed(encrypted)).defects).toContain('encrypted-pgp')
    const signed = await parsed('\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhi')
    expect(signed.defects).toContain('signed-pgp')
    expect(signed.text).toContain('hi')
    expect((await parsed('\r\n-----BEGIN PGP MESSAGE-----\r\n')).defects).toContain('encrypted-pgp')
  })
})

describe('winmail.dat', () => {
  const winmail = tnef(
    attribute(1, 0x800c, 'text of Outlook\0'),
    attribute(2, 0x9002, Buffer.alloc(14)),
    attribute(2, 0x8010, '../report.pdf\0'),
    attribute(2, 0x800f, 'one'),
  )
  const withWinmail = (octets: Buffer, type = 'application/ms-tnef', text: string[] = []) =>
    parsed(
      mail(
        'Content-Type: multipart/mixed; boundary=b',
        ...['', ...text, '--b', `Content-Type: ${type}; name="winmail.dat"`, 'Content-Transfer-Encoding: base64', ''],
        ...[octets.toString('base64'), '--b--'],
      ),
    )

  test.each(['application/ms-tnef', 'application/octet-stream'])('typed %s is opened', async (type) => {
    const message = await withWinmail(winmail, type)
    expect(message.text).toBe('text of Outlook')
    expect(message.attachments).toMatchObject([
      { filename: 'report.pdf', contentType: 'application/pdf', sizeBytes: 3 },
    ])
    expect(message.defects).toContain('tnef-opened')
  })

  test('its text is not used where the mail has one', async () => {
    expect((await withWinmail(winmail, 'application/ms-tnef', ['--b', '', 'plain'])).text).toBe('plain')
  })

  test('stays where it cannot be opened', async () => {
    const message = await withWinmail(Buffer.from('nonsense'))
    expect(names(message)).toEqual(['winmail.dat'])
    expect(message.defects).toContain('tnef-unreadable')
  })
})

describe('uuencode (POSIX)', () => {
  const FILE = ['begin 644 cat.txt', '#0V%T', '`', 'end']

  test('files become attachments and leave the text', async () => {
    const message = await parsed(
      mail('From: a@x.example', '', 'before', ...FILE, 'after', 'begin 644 b/x.bin', '%:&5L;&\\', '`', 'end'),
    )
    expect(message.text).toBe('before\nafter\n')
    expect(
      message.attachments.map(({ filename, content }) => [filename, Buffer.from(content ?? []).toString()]),
    ).toEqual([
      ['cat.txt', 'Cat'],
      ['bx.bin', 'hello'],
    ])
    expect(message.defects).toContain('uuencode-extracted')
  })

  test('a sentence that begins like one stays', () => {
    expect(uuFiles(Buffer.from('begin 644 of the story\r\nOnce upon a time there was.\r\n'))).toBeNull()
    expect(uuFiles(Buffer.from('we begin 644 x\r\n#0V%T\r\nend\r\n'))).toBeNull()
  })

  test('without an end it is decoded as far as it goes', () => {
    const found = uuFiles(Buffer.from('begin 644 cat.txt\n#0V%T\n\nAfter it.\n'))
    expect(found).toMatchObject({ files: [{ name: 'cat.txt', octets: Buffer.from('Cat'), isWhole: false }] })
    expect(found?.rest.toString()).toBe('\nAfter it.\n')
  })

  test('any octets give a value', () => {
    const piece = fc.constantFrom('begin 644 a\n', 'end\n', '#0V%T\n', '`\n', '\n', 'M', 'text\n')
    fc.assert(
      fc.property(fc.array(piece), (all) => (uuFiles(Buffer.from(all.join('')))?.files.length ?? 0) <= all.length),
    )
  })
})
