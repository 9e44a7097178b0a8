import { describe, expect, test } from 'vitest'
import type { Trust } from '../../../src/message/authenticity/authenticity.ts'
import { senderOf } from '../../../src/ticketing/sender.ts'

const OURS = 'support@example.org'
const of = (trust: Trust, addresses: readonly string[] = ['carla@example.com'], defects: readonly string[] = []) =>
  senderOf({ from: addresses.map((address) => ({ name: OURS, address })), defects }, trust, (one) => one === OURS)

describe('who a mail is from, before anybody lets it onto a ticket', () => {
  test.each(['verified', 'unverified', 'unknown'] as const)('is believed where that is %s', (trust) => {
    expect(of(trust)).toEqual({ addresses: ['carla@example.com'], isAuthentic: true })
  })

  test('is not believed where it fails DMARC (RFC 7489)', () => {
    expect(of('failed').isAuthentic).toBe(false)
  })

  test('is believed to be one of us only where it is verified', () => {
    expect(of('verified', [OURS]).isAuthentic).toBe(true)
    for (const trust of ['unverified', 'unknown'] as const) {
      expect(of(trust, [OURS]).isAuthentic).toBe(false)
      expect(of(trust, ['carla@example.com', OURS]).isAuthentic).toBe(false)
    }
  })

  test('is everybody in From, not the first alone', () => {
    expect(of('verified', ['a@x', 'b@x', 'a@x']).addresses).toEqual(['a@x', 'b@x'])
  })

  test('is nobody where there is no From and something else stands in for it', () => {
    for (const code of ['from-missing', 'from-substituted']) {
      expect(of('unknown', ['carla@example.com'], [code]).isAuthentic).toBe(false)
    }
    expect(of('unknown', ['carla@example.com'], ['from-several']).isAuthentic).toBe(true)
  })

  test('is nobody where From names nobody: each of none would take part in every ticket', () => {
    expect(of('unknown', []).isAuthentic).toBe(false)
  })
})
