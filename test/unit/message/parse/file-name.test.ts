import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeFileName } from '../../../../src/message/parse/file-name.ts'

describe('file names that do no harm', () => {
  test.each([
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', 'etcpasswd'],
    ['C:\\Users\\ann\\report.pdf', 'report.pdf'],
    ['\\\\server\\share\\report.pdf', 'report.pdf'],
    ['php://foo', 'phpfoo'],
    ['.htaccess', 'htaccess'],
    ['...', ''],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['console.txt', 'console.txt'],
    ['a\0b\x07.txt', 'ab.txt'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['a\r\n b.txt', 'a b.txt'],
    ['e\u0301.txt', '\u00e9.txt'],
    ['name. ', 'name'],
    ['사진.JPG', '사진.JPG'],
  ])('%j becomes %j', (name, expected) => {
    expect(safeFileName(name)).toBe(expected)
  })

  test('a long one is cut to 255 octets of UTF-8 between characters, and keeps its extension', () => {
    const name = safeFileName(`${'é'.repeat(300)}.docx`)
    expect(name).toMatch(/^é+\.docx$/)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
    expect(Buffer.byteLength(name)).toBeGreaterThan(252)
  })

  test('any text gives a safe name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const name = safeFileName(text)
        return Buffer.byteLength(name) <= 255 && !/^\.|[/\\\p{Cc}]/u.test(name)
      }),
    )
  })
})
