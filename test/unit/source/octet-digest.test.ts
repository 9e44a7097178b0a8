import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { HeaderDigest, OctetDigest } from '../../../src/source/octet-digest.ts'

describe('the digests of a message', () => {
  test('are those of the whole and of its header, however it is split', () => {
    fc.assert(
      fc.property(fc.array(fc.array(octet, { maxLength: 12 }), { maxLength: 12 }), (parts) => {
        const message = Buffer.from(parts.flat())
        const digest = new OctetDigest()
        for (const part of parts) digest.update(Buffer.from(part))
        expect(digest.finish()).toEqual({
          sizeBytes: message.length,
          sha256: sha256(message),
          headerSha256: sha256(headerOf(message)),
        })
      }),
      { numRuns: 5_000 },
    )
  })

  test.each([
    ['with the empty line', 'Subject: a\r\n\r\n'],
    ['without it', 'Subject: a\r\n'],
    ['without a line end', 'Subject: a'],
    ['with bare LF', 'Subject: a\n\n'],
  ])('agree for a header that TOP gives %s', (_, top) => {
    const digest = new HeaderDigest()
    digest.update(Buffer.from(top))
    expect(digest.finish()).toBe(sha256(Buffer.from('Subject: a')))
  })

  test('have an empty header where the message begins with an empty line', () => {
    const digest = new HeaderDigest()
    for (const part of ['\r', '\n', 'text']) digest.update(Buffer.from(part))
    expect(digest.finish()).toBe(sha256(Buffer.alloc(0)))
  })
})

const octet = fc.oneof(fc.constantFrom(0x0d, 0x0a, 0x41), fc.integer({ min: 0, max: 255 }))

function headerOf(message: Buffer): Buffer {
  const text = message.toString('latin1')
  const emptyLine = /(^|\r?\n)\r?\n/.exec(text)
  return Buffer.from(emptyLine === null ? text.replace(/\r?\n$/, '') : text.slice(0, emptyLine.index), 'latin1')
}

function sha256(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('hex')
}
