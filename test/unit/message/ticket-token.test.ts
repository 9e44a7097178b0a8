import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTicketTokens } from '../../../src/message/ticket-token.ts'

const KEY = Buffer.alloc(32, 1)
const OTHER = Buffer.alloc(32, 2)
const tokens = createTicketTokens([KEY])
const TOKEN = { ticketNumber: 12, outboxId: '345' }

describe('the msg-id of a mail about a ticket', () => {
  test('is the same whenever it is made, and is known as ours', () => {
    const id = tokens.messageId(TOKEN, 'example.org')
    expect(id).toMatch(/^<t\.12\.345\.[0-9a-f]{32}@example\.org>$/)
    expect(createTicketTokens([KEY]).messageId(TOKEN, 'example.org')).toBe(id)
    expect(tokens.verify(id)).toEqual(TOKEN)
  })

  test('is known after the key was changed, and after somebody changed the case of it or our domain', () => {
    const id = tokens.messageId(TOKEN, 'example.org')
    expect(createTicketTokens([OTHER, KEY]).verify(id)).toEqual(TOKEN)
    expect(tokens.verify(id.toUpperCase())).toEqual(TOKEN)
    expect(tokens.verify(tokens.messageId(TOKEN, 'example.com'))).toEqual(TOKEN)
  })

  test('of another key is not ours', () => {
    expect(createTicketTokens([OTHER]).verify(tokens.messageId(TOKEN, 'example.org'))).toBeNull()
    expect(createTicketTokens([]).verify(tokens.messageId(TOKEN, 'example.org'))).toBeNull()
  })

  test('for another ticket or another row is not ours', () => {
    const id = tokens.messageId(TOKEN, 'example.org')
    for (const forged of [
      id.replace('.12.', '.13.'),
      id.replace('.345.', '.346.'),
      id.replace('.12.345.', '.1.2345.'),
    ]) {
      expect(tokens.verify(forged)).toBeNull()
    }
  })

  test('that was cut, lengthened or changed anywhere before its domain is not ours', () => {
    const id = tokens.messageId(TOKEN, 'example.org')
    const end = id.indexOf('@')
    fc.assert(
      fc.property(fc.nat(end - 1), fc.constantFrom('', '0', 'x', '.', '00'), (at, change) => {
        const changed = id.slice(0, at) + change + id.slice(at + 1)
        if (changed !== id) expect(tokens.verify(changed)).toBeNull()
      }),
    )
  })

  test('any text gives an answer', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(tokens.verify(text)).toBeNull()
      }),
    )
  })
})

describe('the address that answers about a ticket go to (RFC 5233)', () => {
  const address = tokens.address(TOKEN, 'support@example.org') ?? ''

  test('is known as ours, in upper case, too, and after the key was changed', () => {
    expect(address).toMatch(/^support\+t\.12\.345\.[0-9a-f]{20}@example\.org$/)
    for (const known of [tokens, createTicketTokens([OTHER, KEY])]) {
      expect(known.verify(address)).toEqual(TOKEN)
      expect(known.verify(address.toUpperCase())).toEqual(TOKEN)
    }
    expect(createTicketTokens([OTHER]).verify(address)).toBeNull()
  })

  test('for another ticket or another row, or made of the msg-id, is not ours', () => {
    const mac = tokens.messageId(TOKEN, 'x').slice('<t.12.345.'.length)
    for (const forged of [
      address.replace('.12.', '.13.'),
      address.replace('.345.', '.346.'),
      `support+t.12.345.${mac.slice(0, 20)}@example.org`,
    ]) {
      expect(tokens.verify(forged)).toBeNull()
    }
  })

  test('has a local part that any mail system takes, or is none (RFC 5321 section 4.5.3.1.1)', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abc.+ü') }), (local) => {
        const made = tokens.address(TOKEN, `${local}@example.org`)
        if (made === null) expect(Buffer.byteLength(local)).toBeGreaterThan(64 - '+t.12.345.'.length - 20)
        else expect(Buffer.byteLength(made.slice(0, made.lastIndexOf('@')))).toBeLessThanOrEqual(64)
      }),
    )
  })
})
