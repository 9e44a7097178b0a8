import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { threadFields } from '../../../../src/message/header/thread-fields.ts'
import { growsLinearly } from '../../../support/growth.ts'

const of = (...lines: string[]) => threadFields(Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1'))

describe('the identification fields (RFC 5322 section 3.6.4)', () => {
  test('are read in their order, with their brackets', () => {
    const fields = of('Message-ID: <c@x>', 'In-Reply-To: <b@x>', 'References: <a@x> <b@x>')
    expect(fields).toEqual({ messageId: '<c@x>', inReplyTo: ['<b@x>'], references: ['<a@x>', '<b@x>'] })
  })

  test('are found whatever the case of their names and the white space before the colon (section 4.5)', () => {
    expect(of('MESSAGE-id \t: <a@x>').messageId).toBe('<a@x>')
  })

  test('are unfolded, within an id too (section 2.2.3)', () => {
    const fields = of('References:', ' <a@x>', '\t<b', ' @x>', 'Subject: <no@x>')
    expect(fields.references).toEqual(['<a@x>', '<b@x>'])
  })

  test('end with the header: what looks like a field in the body is none', () => {
    expect(of('Subject: x', '', 'Message-ID: <body@x>').messageId).toBeNull()
    expect(threadFields(Buffer.from('Subject: x\n\nMessage-ID: <body@x>\n')).messageId).toBeNull()
  })

  test('the first Message-ID counts', () => {
    expect(of('Message-ID: <first@x>', 'Message-ID: <second@x>').messageId).toBe('<first@x>')
  })

  test('comments and words are passed over', () => {
    expect(of('Message-ID: (made by <tool@x>) <real@x> (added by postmaster@x)').messageId).toBe('<real@x>')
    expect(of('In-Reply-To: Your message of "Mon, 1 Jan" <b@x>.').inReplyTo).toEqual(['<b@x>'])
    expect(of('In-Reply-To: Your message of yesterday').inReplyTo).toEqual([])
  })

  test('an id without brackets gets them', () => {
    expect(of('Message-ID: abc@x').messageId).toBe('<abc@x>')
  })

  test('a blank field is as good as none', () => {
    expect(of('Message-ID:  ').messageId).toBeNull()
    expect(of('Message-ID: <>').messageId).toBeNull()
    expect(threadFields(Buffer.alloc(0))).toEqual({ messageId: null, inReplyTo: [], references: [] })
  })

  test('ids are UTF-8 where they can be (RFC 6532), else octet by octet', () => {
    expect(threadFields(Buffer.from('Message-ID: <grün@x>\n')).messageId).toBe('<grün@x>')
    expect(of('Message-ID: <gr\xfcn@x>').messageId).toBe('<grün@x>')
  })

  test('hold no NUL', () => {
    expect(of('Message-ID: <a\0b@x>').messageId).toBe('<ab@x>')
  })

  test('of References the root and the newest 99 are kept, of In-Reply-To the newest 10', () => {
    const ids = Array.from({ length: 5000 }, (_, index) => `<${index}@x>`)
    const { references, inReplyTo } = of(`References: ${ids.join('\r\n ')}`, `In-Reply-To: ${ids.join(' ')}`)
    expect(references).toEqual(['<0@x>', ...ids.slice(-99)])
    expect(inReplyTo).toEqual(ids.slice(-10))
  })

  test('an id of any length is kept', () => {
    const id = `<${'a'.repeat(100_000)}@x>`
    expect(of(`Message-ID: ${id}`).messageId).toBe(id)
  })

  test('any octets give a value without NUL and lone surrogates', () => {
    const piece = fc.constantFrom('Message-ID:', 'References:', 'In-Reply-To:', '<', '>', '(', ')', '\r\n', '\n ', '\0')
    const octets = fc
      .array(
        fc.oneof(
          piece.map((text) => Buffer.from(text)),
          fc.uint8Array({ maxLength: 8 }).map(Buffer.from),
        ),
      )
      .map((parts) => Buffer.concat(parts))
    fc.assert(
      fc.property(octets, (header) => {
        const { messageId, inReplyTo, references } = threadFields(header)
        const values = [messageId ?? '<x>', ...inReplyTo, ...references]
        return values.every((value) => /^<[^\0<>]+>$/.test(value) && value.isWellFormed())
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['opening brackets', '<'],
    ['opening parentheses', '('],
    ['brackets and parentheses', '(<'],
    ['empty ids', '<>'],
    ['folds', '\r\n '],
    ['spaces', ' '],
    ['field names', 'Message-ID\r\n'],
    ['names without a colon', 'references '],
  ])('megabytes of %s take linear time', (_, piece) => {
    const read = (length: number) => threadFields(Buffer.from(`References: ${piece.repeat(length / piece.length)}`))
    expect(growsLinearly(read, 250_000)).toBe(true)
  })
})
