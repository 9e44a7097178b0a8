import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStuffer } from '../../../src/sandbox/stuffing.ts'

const awkwardOctets = fc.array(fc.constantFrom('\r', '\n', '.', 'a', '\r\n', '\r\n.', '\0', '\xff'), { maxLength: 40 })

function stuffed(chunks: readonly string[]): string {
  const stuffer = createStuffer()
  const pieces = chunks.flatMap((chunk) => stuffer.push(Buffer.from(chunk, 'latin1')))
  return Buffer.concat([...pieces, stuffer.end()]).toString('latin1')
}

/** What a client does (RFC 1939 section 3): up to the first CRLF-dot-CRLF, then one dot off every line that has one. */
function unstuffed(wire: string): string {
  const end = `\r\n${wire}`.indexOf('\r\n.\r\n')
  return `\r\n${wire}`
    .slice(0, end + 2)
    .replaceAll('\r\n.', '\r\n')
    .slice(2)
}

describe('byte-stuffing (RFC 1939 section 3)', () => {
  test('a client gets the octets back, and a final CRLF where there was none', () => {
    fc.assert(
      fc.property(awkwardOctets, (octets) => {
        const text = octets.join('')
        const whole = text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`
        expect(unstuffed(stuffed([text]))).toBe(whole)
      }),
    )
  })

  test('it makes no difference how the octets are cut into chunks', () => {
    fc.assert(
      fc.property(awkwardOctets, (octets) => {
        expect(stuffed(octets)).toBe(stuffed([octets.join('')]))
        const text = octets.join('')
        for (let at = 0; at <= text.length; at += 1) {
          expect(stuffed([text.slice(0, at), text.slice(at)])).toBe(stuffed([text]))
        }
      }),
    )
  })

  test('a mail without any octet is the end mark alone', () => {
    expect(stuffed([])).toBe('.\r\n')
  })
})
