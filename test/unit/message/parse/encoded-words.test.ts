import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeHeaderText } from '../../../../src/message/parse/encoded-words.ts'

const decoded = (value: string | Buffer, hints: string[] = []) => {
  const faults: string[] = []
  const octets = Buffer.from(value).toString('latin1')
  return { text: decodeHeaderText(octets, hints, (fault) => faults.push(fault)), faults }
}
const text = (value: string | Buffer, ...hints: string[]) => decoded(value, hints).text

describe('encoded words (RFC 2047)', () => {
  test.each([
    ['plain text', 'plain text'],
    ['=?utf-8?q?J=C3=BCrgen?= =?utf-8?b?w7w=?= end', 'Jürgenü end'],
    ['=?UTF-8?Q?a_b?=\t=?iso-8859-1?q?=E9?=', 'a bé'],
    ['a =?utf-8*en?q?b?= c', 'a b c'],
    ['=?utf-8?q?a?=b', 'ab'],
    ['1 =?x 2 ?= 3', '1 =?x 2 ?= 3'],
    ['=?utf-8?q??=', ''],
  ])('%j is %j', (value, expected) => {
    expect(text(value)).toBe(expected)
  })

  test('a character split over two words comes together', () => {
    expect(text('=?utf-8?q?J=C3?= =?utf-8?q?=BCrgen?=')).toBe('Jürgen')
    expect(text('=?utf-8?b?SsO8cg==?= =?utf-8?b?Z2Vu?=')).toBe('Jürgen')
    expect(text('=?utf-8?b?SsO?= =?utf-8?b?8cmdlbg==?=')).toBe('Jürgen')
  })

  test('shifts of ISO-2022-JP at the seam of two words do no harm', () => {
    const word = '=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?='
    expect(text(`${word} ${word}`)).toBe('テストテスト')
  })

  test.each([
    ['=?utf8?q?=C3=A4?=', 'ä'],
    ['=?utf-8?b?w6Q?=', 'ä'],
    ['=?utf-8?q?a b c?=', 'a b c'],
    ['=?cp-850?q?=84?=', 'ä'],
    ['=?ansi?q?=80?=', '€'],
    ['=?x-unknown?q?=C3=A4?=', 'ä'],
    ['=?iso-8859-8-i?q?=F9=EC=E5=ED?=', 'שלום'],
    ['=?ks_c_5601-1987?b?sKHDtA==?=', Buffer.from('sKHDtA==', 'base64')],
    ['=?unicode-1-1-utf-7?q?Fr+APY-sche?=', 'Frösche'],
    ['=?koi8-r?b?8NLJ18XU?=', 'Привет'],
    ['=?gb2312?b?xOO6ww==?=', '你好'],
    ['=?shift_jis?b?g2WDWINn?=', 'テスト'],
    ['=?big5?b?p0GmbrTMs3o=?=', Buffer.from('p0GmbrTMs3o=', 'base64')],
  ])('%j is read in its charset', (value, expected) => {
    const wanted = typeof expected === 'string' ? expected : text(value)
    expect(text(value)).toBe(wanted)
    expect(text(value)).not.toMatch(/\ufffd|=\?/)
  })

  test('raw octets in a word are of its charset', () => {
    expect(text(Buffer.from('=?iso-8859-1?q?Fr\xf6sche?=', 'latin1'))).toBe('Frösche')
  })

  test.each(['Café', 'J\xf6rg', 'Zo\xeb', 'Ren\xe9', 'José', '\xe9t\xe9', 'S\xf8', '\xc5s'])(
    'a word in Latin 1 with an accent near its end is not UTF-8 that was cut: %s',
    (word) => {
      expect(text(Buffer.from(word, 'latin1'))).toBe(word)
    },
  )

  test('UTF-8 that was cut in the midst of its last character is UTF-8', () => {
    const octets = Buffer.from('Frösche und Käfer für René')
    expect(text(octets.subarray(0, -1))).toBe('Frösche und Käfer für Ren\ufffd')
  })

  test('octets that name no charset are UTF-8 (RFC 6532), else of the charset of the body, else Western', () => {
    expect(decoded('Frösche')).toEqual({ text: 'Frösche', faults: [] })
    expect(text(Buffer.from('\xf0\xd2\xc9\xd7\xc5\xd4', 'latin1'), 'koi8-r')).toBe('Привет')
    const western = decoded(Buffer.from('Fr\xf6sche f\xfcr 5 \x80', 'latin1'))
    expect(western).toEqual({ text: 'Frösche für 5 €', faults: ['header-charset-guessed'] })
    expect(text('Fr+APY-sche', 'utf-7')).toBe('Frösche')
    expect(text('1+APY-2', 'utf-8')).toBe('1+APY-2')
  })

  test('what holds no text is left as it stands', () => {
    const word = '=?UTF-8?B?nnDusSNdG92w6Fuw61fMjAxOF8wMy0xMzMyNTMzMTkzLnBkZg==?='
    expect(decoded(word)).toEqual({ text: word, faults: ['encoded-word-unreadable'] })
  })

  test('any text gives a text', () => {
    const piece = fc.constantFrom('=?', '?=', '=?utf-8?q?', '=?utf-7?b?', '=C3', '?', ' ', '\t', '\x1b$B', '+APY-', 'é')
    fc.assert(fc.property(fc.array(fc.oneof(piece, fc.string())), (all) => typeof text(all.join('')) === 'string'))
  })

  test('a hundred thousand words take linear time', () => {
    expect(text('=?utf-8?q?a?= '.repeat(100_000)).length).toBe(100_001)
    expect(text('=?utf-8?q?a'.repeat(100_000)).length).toBe(1_100_000)
    expect(text(`${'=?utf-8?q?a'.repeat(100_000)}?=`)).toMatch(/a$/)
  })
})
