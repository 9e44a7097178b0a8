import { describe, expect, test } from 'vitest'
import type { Copy } from '../../../src/store/copies.ts'
import { judge } from '../../../src/ticketing/recognise.ts'

const SAME: Copy = {
  id: 'first',
  state: 'ticketed',
  reason: 'thread/none',
  isEarlier: true,
  hasMessageId: true,
  identitySha256: 'anna, nine',
  head: null,
}
const judged = (...copies: Partial<Copy>[]) =>
  judge(
    'anna, nine',
    copies.map((each) => ({ ...SAME, ...each })),
  )

describe('a message that shares its Message-ID with one from another source', () => {
  test('is a copy where Date and From are the same too, and that one is done', () => {
    expect(judged({})).toEqual({ kind: 'copy', of: 'first' })
    expect(judged({ state: 'suppressed', reason: 'duplicate/other-source' })).toEqual({ kind: 'copy', of: 'first' })
    expect(judged({ state: 'quarantined', reason: 'duplicate/doubtful' })).toEqual({ kind: 'copy', of: 'first' })
  })

  test('waits for it where it is not done yet', () => {
    expect(judged({ state: 'received', reason: null })).toEqual({ kind: 'wait', of: 'first' })
  })

  test('goes on in its place where it cannot be worked', () => {
    expect(judged({ state: 'quarantined', reason: 'message/parse-timeout' })).toEqual({ kind: 'another' })
  })

  test('is a copy of a later one only if that is on a ticket already', () => {
    expect(judged({ isEarlier: false })).toEqual({ kind: 'copy', of: 'first' })
    expect(judged({ isEarlier: false, identitySha256: 'bert, ten' })).toEqual({ kind: 'another' })
  })

  test.each([{ identitySha256: 'bert, nine' }, { identitySha256: null }, { hasMessageId: false }])(
    'is doubtful where that is all they share: %j',
    (other) => expect(judged(other)).toEqual({ kind: 'doubtful', of: 'first' }),
  )

  test('is a copy of the one it is a copy of, whatever else resembles it', () => {
    expect(judged({ id: 'forged', identitySha256: 'mallory, nine' }, { id: 'own' })).toEqual({
      kind: 'copy',
      of: 'own',
    })
  })

  test('is doubtful where it has no Date or no From itself', () => {
    expect(judge(null, [SAME])).toEqual({ kind: 'doubtful', of: 'first' })
    expect(judge(null, [])).toEqual({ kind: 'another' })
  })

  test('is compared with the octets of one that was indexed before identities were kept', () => {
    const head = Buffer.from('Date: Mon, 02 Nov 2026 09:00:00 +0000\r\nFrom: anna@example.com\r\n\r\n')
    const old = { ...SAME, identitySha256: null, head }
    expect(judge('anna, nine', [old])).toMatchObject({ kind: 'doubtful' })
  })
})
