import { createHash, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digestOf, type EventFields, lineOf } from '../../../src/audit/event-line.ts'
import { exportKeyOf, sealKeysOf } from '../../../src/audit/keys.ts'
import { packMarks, unpackMarks } from '../../../src/audit/marks.ts'
import { makeSeal, NO_SEAL, proofOf, type Seal, sealDigest } from '../../../src/audit/seal.ts'

const MAILBOX = '3f0d1a52-3a55-4a75-9a5b-0c9a5a1f0e11'
const MESSAGE = 'c56a4180-65aa-42ec-a945-5fd21dec0538'
const AT = '2026-11-26T08:30:00.123000Z'
const STORED: EventFields = ['41', MESSAGE, MAILBOX, AT, 'intake/stored', '{"poll": "7", "uniqueId": "u\\"1"}']
const HELD: EventFields = ['43', null, MAILBOX, AT, 'intake/held', '{}']
const SEALED_AT = '2026-11-26T08:31:00.000Z'

const sha256 = (octets: string | Buffer) => createHash('sha256').update(octets).digest('hex')

describe('the line of an event', () => {
  test('is canonical JSON of its columns: this form is for ever', () => {
    expect(lineOf(STORED)).toBe(
      `{"at":"${AT}","code":"intake/stored","detail":{"poll":"7","uniqueId":"u\\"1"},"id":"41","inboundMessageId":"${MESSAGE}","mailboxId":"${MAILBOX}"}`,
    )
    expect(lineOf(HELD)).toBe(
      `{"at":"${AT}","code":"intake/held","detail":{},"id":"43","inboundMessageId":null,"mailboxId":"${MAILBOX}"}`,
    )
    expect(digestOf(HELD)).toBe(sha256(lineOf(HELD)))
  })

  test('has no line end in it, and is JSON, whatever the code is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (code) => {
        const line = lineOf(['1', null, MAILBOX, AT, code, '{}'])
        expect(line).not.toMatch(/[\n\r]/)
        expect(JSON.parse(line).code).toBe(code)
      }),
    )
  })
})

describe('a seal', () => {
  const first = makeSeal(null, [STORED, HELD], SEALED_AT, null)

  test('is made as docs/audit.md says: this form is for ever', () => {
    const eventsSha256 = sha256(Buffer.from(sha256(lineOf(STORED)) + sha256(lineOf(HELD)), 'hex'))
    const marksSha256 = sha256(first.marks)
    const line = `{"at":"${SEALED_AT}","events":2,"eventsSha256":"${eventsSha256}","firstEventId":"41","keyId":null,"lastEventId":"43","marksSha256":"${marksSha256}","number":"1","previous":"${NO_SEAL}"}`
    expect(first).toMatchObject({ number: '1', digest: sha256(line), mac: null })
  })

  test('follows the one before', () => {
    const second = makeSeal(first, [['50', null, MAILBOX, AT, 'test/x', '{}']], SEALED_AT, null)
    expect(second).toMatchObject({ number: '2', previous: first.digest, firstEventId: '50', lastEventId: '50' })
    expect(makeSeal(second, [], SEALED_AT, null)).toMatchObject({ firstEventId: null, lastEventId: '50', events: 0 })
  })

  test.each([
    'number',
    'firstEventId',
    'lastEventId',
    'events',
    'eventsSha256',
    'marksSha256',
    'previous',
    'at',
    'keyId',
  ] as const)('has another digest if its %s is another', (field) => {
    expect(sealDigest({ ...first, [field]: 'other' })).not.toBe(first.digest)
  })

  test('is proven by its key, and by no other', () => {
    const keys = sealKeysOf([Buffer.alloc(32, 1), Buffer.alloc(32, 2)])
    const [key, other] = keys
    const seal: Seal = makeSeal(null, [HELD], SEALED_AT, key ?? null)
    expect(proofOf(seal, keys)).toBe('proven')
    expect(proofOf(seal, [])).toBe('unknown')
    expect(proofOf(seal, other === undefined ? [] : [other])).toBe('unknown')
    expect(proofOf({ ...seal, mac: '0'.repeat(64) }, keys)).toBe('forged')
    expect(proofOf({ ...seal, mac: null }, keys)).toBe('forged')
    expect(proofOf({ ...seal, keyId: other?.id ?? '' }, keys)).toBe('forged')
    expect(proofOf(first, keys)).toBe('unkeyed')
  })
})

describe('marks', () => {
  test('give back ids and the start of each digest', () => {
    const digests = [STORED, HELD].map(digestOf)
    const marks = unpackMarks(40n, packMarks(40n, ['41', '43'], digests))
    expect(marks).toEqual([41n, 43n].map((id, index) => ({ id, start: digests[index]?.slice(0, 16) })))
  })
})

describe('keys', () => {
  test('are derived for one purpose each, always the same', () => {
    const secret = Buffer.alloc(32, 7)
    const [one] = sealKeysOf([secret])
    expect(sealKeysOf([secret])).toEqual([one])
    expect(one?.octets.equals(secret)).toBe(false)
    const key = exportKeyOf(secret)
    const signature = sign(null, Buffer.from('x'), key)
    expect(verify(null, Buffer.from('x'), exportKeyOf(secret), signature)).toBe(true)
    expect(verify(null, Buffer.from('x'), exportKeyOf(Buffer.alloc(32, 8)), signature)).toBe(false)
  })
})
