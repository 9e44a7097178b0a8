import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasMoreLines } from '../../../src/message/has-more-lines.ts'
import { inPieces } from '../../../src/message/in-pieces.ts'

const PIECE_CHARS = 64 * 1024

test('a text that is changed in pieces is what it is changed at once, also where a line ends between two of them', () => {
  for (const end of ['\r\n', '\r', '\n']) {
    for (let chars = PIECE_CHARS - 3; chars <= PIECE_CHARS + 1; chars++) {
      const text = `${'x'.repeat(chars)}${end.repeat(3)}${'y'.repeat(PIECE_CHARS)}`
      const mended = (piece: string) => piece.replace(/\r\n?/g, '\n')
      expect(inPieces(text, mended) === mended(text)).toBe(true)
    }
  }
})

test('lines are counted with any of their ends', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\r', '\n', '\r\n')), fc.integer({ min: 1, max: 10 }), (pieces, most) => {
      const text = pieces.join('')
      return hasMoreLines(text, most) === text.split(/\r\n|\n|\r/).length > most
    }),
  )
})
