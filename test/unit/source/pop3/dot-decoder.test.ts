import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { DotDecoder } from '../../../../src/source/pop3/dot-decoder.ts'

describe('the body of a multi-line reply', () => {
  test('comes back octet by octet, however it is split (RFC 1939 section 3)', () => {
    fc.assert(
      fc.property(body, fc.array(fc.nat(400)), fc.constantFrom('', '+OK\r\n', '.\r\n'), (message, cuts, behind) => {
        const wire = Buffer.concat([encode(message), Buffer.from(behind)])
        const { octets, rest } = decodeAll(split(wire, cuts))
        expect(octets).toEqual(message)
        expect(rest).toBe(behind)
      }),
      { numRuns: 2_000 },
    )
  })

  test('ends where the end mark ends, wherever a segment ends', () => {
    const message = Buffer.from('.\r\n..\r\r\n.x\r\n\n.\n\0\xff\r\n', 'latin1')
    const wire = Buffer.concat([encode(message), Buffer.from('+OK next')])
    for (let cut = 0; cut <= wire.length; cut += 1) {
      expect(decodeAll(split(wire, [cut]))).toEqual({ octets: message, rest: '+OK next' })
    }
    expect(decodeAll([...wire].map((octet) => Buffer.of(octet)))).toEqual({ octets: message, rest: '+OK next' })
  })

  test.each(['\n.\r\n', '\r.\r\n', 'x.\r\n', '\r\n.\n', '\r\n.\r', '\r\n.\r\r'])('does not end at %j', (octets) => {
    const decoder = new DotDecoder()
    expect(decoder.decode(Buffer.from(`text${octets}`), 0).end).toBeNull()
  })

  test('is not copied where no line is stuffed', () => {
    const wire = Buffer.from('Subject: a\r\n\r\ntext\r\n.\r\n')
    const { octets } = new DotDecoder().decode(wire, 0)
    expect(octets.buffer).toBe(wire.buffer)
    expect(octets.byteOffset).toBe(wire.byteOffset)
  })

  test('undoes the stuffing of a line that holds only CR behind its dot', () => {
    expect(decodeAll([Buffer.from('.'), Buffer.from('\r'), Buffer.from('x\r\n.\r\n')]).octets.toString()).toBe(
      '\rx\r\n',
    )
  })
})

const octet = fc.oneof(fc.constantFrom(0x0d, 0x0a, 0x2e, 0x00, 0xff, 0x41), fc.integer({ min: 0, max: 255 }))
/** Any octets; a message on the wire ends with a line end, or is empty. */
const body = fc
  .array(octet, { maxLength: 200 })
  .map((octets) => Buffer.concat([Buffer.from(octets), Buffer.from(octets.length === 0 ? '' : '\r\n')]))

/** The reference: line by line, as section 3 words it. */
function encode(message: Buffer): Buffer {
  const lines = message.toString('latin1').split('\r\n')
  const stuffed = lines.map((line) => (line.startsWith('.') ? `.${line}` : line)).join('\r\n')
  return Buffer.from(`${stuffed}.\r\n`, 'latin1')
}

function split(wire: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.filter((cut) => cut < wire.length).sort((a, b) => a - b), wire.length]
  return ends.map((end, index) => wire.subarray(ends[index - 1] ?? 0, end))
}

function decodeAll(chunks: readonly Buffer[]): { octets: Buffer; rest: string } {
  const decoder = new DotDecoder()
  const parts: Buffer[] = []
  let rest: string | null = null
  for (const chunk of chunks) {
    if (rest !== null) {
      rest += chunk.toString('latin1')
      continue
    }
    const { octets, end } = decoder.decode(chunk, 0)
    parts.push(octets)
    if (end !== null) rest = chunk.toString('latin1', end)
  }
  if (rest === null) throw new Error('the end mark was not found')
  return { octets: Buffer.concat(parts), rest }
}
