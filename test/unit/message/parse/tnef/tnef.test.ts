import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodedRtf } from '../../../../../src/message/parse/tnef/compressed-rtf.ts'
import { rtfText } from '../../../../../src/message/parse/tnef/rtf.ts'
import { readTnef } from '../../../../../src/message/parse/tnef/tnef.ts'
import { attribute, properties, tnef } from './octets.ts'

const BINARY = 0x0102
const STRING = 0x001e
const UNICODE = 0x001f
const LONG = 0x0003
const REND_DATA = attribute(2, 0x9002, Buffer.alloc(14))

/** The example of [MS-OXRTFCP] section 3.1.1. */
const EXAMPLE = Buffer.from(
  '2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0',
  'hex',
)

describe('winmail.dat ([MS-OXTNEF])', () => {
  test('files come with their long names, types and Content-IDs', () => {
    const found = readTnef(
      tnef(
        attribute(1, 0x9007, Buffer.from('e4040000', 'hex')),
        attribute(1, 0x800c, 'the text\r\nof it\0'),
        REND_DATA,
        attribute(2, 0x8010, 'SHORT~1.TXT\0'),
        attribute(2, 0x800f, 'one'),
        attribute(
          2,
          0x9005,
          properties([
            [UNICODE, 0x3707, 'lang ü.txt'],
            [STRING, 0x370e, 'Text/Plain'],
            [UNICODE, 0x3712, 'id@x'],
          ]),
        ),
        REND_DATA,
        attribute(2, 0x8010, Buffer.from('f\xfcnf.bin\0', 'latin1')),
        attribute(2, 0x800f, Buffer.from([0, 1, 2])),
      ),
    )
    expect(found).toEqual({
      subject: '',
      text: 'the text\nof it',
      html: null,
      files: [
        { name: 'lang ü.txt', octets: Buffer.from('one'), contentType: 'text/plain', contentId: 'id@x' },
        { name: 'fünf.bin', octets: Buffer.from([0, 1, 2]), contentType: null, contentId: null },
      ],
    })
  })

  test('the text comes from HTML or RTF', () => {
    const html = properties([
      [LONG, 0x3fde, 65001],
      [BINARY, 0x1013, Buffer.from('<p>fünf</p>')],
    ])
    expect(readTnef(tnef(attribute(1, 0x9003, html)))).toMatchObject({ text: null, html: '<p>fünf</p>' })
    const rtf = properties([[BINARY, 0x1009, EXAMPLE]])
    expect(readTnef(tnef(attribute(1, 0x9003, rtf)))).toMatchObject({ text: 'hello world' })
  })

  test('a message within gives its text and its files', () => {
    const inner = tnef(
      attribute(1, 0x8004, 'inner\0'),
      attribute(1, 0x800c, 'inner text\0'),
      REND_DATA,
      attribute(2, 0x8010, 'deep.bin\0'),
      attribute(2, 0x800f, 'deep'),
    )
    const object = properties([
      [LONG, 0x3705, 5],
      [0x000d, 0x3701, Buffer.concat([Buffer.alloc(16), inner])],
    ])
    const found = readTnef(tnef(REND_DATA, attribute(2, 0x9005, object)))
    expect(found?.files.map(({ name, octets }) => [name, octets.toString()])).toEqual([
      ['inner.txt', 'inner text'],
      ['deep.bin', 'deep'],
    ])
  })

  test('what is cut off is read up to there; what is none is none', () => {
    const whole = tnef(
      attribute(1, 0x800c, 'text\0'),
      REND_DATA,
      attribute(2, 0x8010, 'a\0'),
      attribute(2, 0x800f, 'one'),
    )
    expect(readTnef(whole.subarray(0, -4))).toMatchObject({
      text: 'text',
      files: [{ name: 'a', octets: Buffer.from('o') }],
    })
    expect(readTnef(Buffer.from('no winmail'))).toBeNull()
    expect(readTnef(Buffer.alloc(0))).toBeNull()
  })

  test('any octets give a value', () => {
    const attributes = fc
      .record({
        id: fc.constantFrom(0x9003, 0x9005, 0x9002, 0x800f, 0x8010, 0x9007),
        data: fc.uint8Array({ maxLength: 60 }),
      })
      .map(({ id, data }) => attribute(1, id, Buffer.from(data)))
    fc.assert(
      fc.property(fc.array(attributes), fc.uint8Array(), (all, rest) => {
        const found = readTnef(Buffer.concat([tnef(...all), rest]))
        return found !== null && found.files.length <= all.length + rest.length
      }),
    )
  })
})

describe('RTF', () => {
  test('is decompressed ([MS-OXRTFCP] section 3.1.1)', () => {
    expect(decodedRtf(EXAMPLE)).toBe('{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n')
    expect(decodedRtf(Buffer.from('none'))).toBeNull()
  })

  test('gives its text without tables of fonts and colours', () => {
    const rtf =
      "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}{\\*\\generator x;}\\pard f\\'fcnf \\u8364?\\par{\\b two}\\tab \\{x\\}}"
    expect(rtfText(rtf)).toEqual({ text: 'fünf €\ntwo\t{x}', html: null })
  })

  test('gives the HTML that was wrapped in it ([MS-OXRTFEX])', () => {
    const rtf =
      '{\\rtf1\\ansi\\fromhtml1{\\fonttbl{\\f0 Arial;}}{\\*\\htmltag64 <p>}\\htmlrtf \\par\\htmlrtf0 one{\\*\\htmltag84 <b>}two{\\*\\htmltag92 </b>}{\\*\\htmltag72 </p>}}'
    expect(rtfText(rtf)).toEqual({ text: null, html: '<p>one<b>two</b></p>' })
  })

  test('any text gives a text, in linear time', () => {
    const piece = fc.constantFrom('{', '}', '\\*', '\\u9', "\\'e4", '\\htmlrtf', '\\uc5', '\\par', 'x', '\\')
    fc.assert(fc.property(fc.array(piece), (all) => typeof rtfText(all.join('')) === 'object'))
    expect(rtfText('{'.repeat(4_000_000)).text).toBeNull()
    expect(rtfText('\\u65 '.repeat(1_000_000)).text?.length).toBe(1_000_000)
  })
})
