import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import {
  type Look,
  onlyIfOnce,
  REASONS,
  type Reason,
  trustOf,
  unknown,
} from '../../../../src/message/authenticity/trust.ts'

const NOTHING: Look = {
  dkim: 'none',
  spf: null,
  dmarc: 'none',
  arc: null,
  policy: null,
  signed: null,
  sent: false,
  isIncomplete: false,
  isForwarded: false,
}
const FAIL = { dmarc: 'fail', policy: 'reject', spf: 'fail' } as const

describe('the trust that follows from a look', () => {
  test.each([
    [{ dmarc: 'pass', policy: 'reject', signed: 'whole' }, 'dmarc/pass'],
    [{ dmarc: 'pass', policy: 'none', sent: true, spf: 'pass' }, 'dmarc/pass'],
    [{ dmarc: 'pass', policy: 'reject', sent: true, signed: 'partly' }, 'dmarc/pass'],
    [{ dmarc: 'pass', policy: 'reject', signed: 'partly' }, 'dkim/partial-body'],
    [{ signed: 'whole', dkim: 'pass' }, 'dkim/aligned'],
    [{ signed: 'partly', dkim: 'pass' }, 'dkim/partial-body'],
    [{ spf: 'pass', sent: true }, 'dmarc/none'],
    [{ dkim: 'pass' }, 'dmarc/none'],
    [{}, 'dmarc/none'],
    [{ dmarc: 'permerror' }, 'dmarc/none'],
    [{ dmarc: 'temperror' }, 'authenticity/dns-trouble'],
    [{ dkim: 'temperror', isIncomplete: true }, 'authenticity/dns-trouble'],
    [{ ...FAIL, isIncomplete: true }, 'authenticity/dns-trouble'],
    [FAIL, 'dmarc/fail'],
    [{ ...FAIL, policy: 'quarantine', spf: 'none' }, 'dmarc/fail'],
    [{ ...FAIL, spf: 'pass' }, 'dmarc/fail'],
    [{ ...FAIL, spf: 'temperror' }, 'dmarc/fail'],
    [{ ...FAIL, policy: 'none' }, 'dmarc/fail-unenforced'],
    [{ ...FAIL, spf: null }, 'dmarc/fail-spf-unseen'],
    [{ ...FAIL, arc: 'pass' }, 'dmarc/fail'],
    [{ ...FAIL, arc: 'pass', isForwarded: true }, 'arc/pass'],
  ] satisfies [Partial<Look>, Reason][])('%o is %s', (look, reason) => {
    expect(trustOf({ ...NOTHING, ...look })).toMatchObject({ reason, trust: REASONS[reason] })
  })

  test('fails a mail only where DMARC fails, its policy is enforced, and SPF was looked at', () => {
    const DMARC = ['none', 'pass', 'fail', 'temperror', 'permerror'] as const
    for (const dmarc of DMARC) {
      for (const policy of [null, 'none', 'quarantine', 'reject'] as const) {
        for (const spf of [null, 'none', 'pass', 'fail'] as const) {
          const { trust } = trustOf({ ...NOTHING, dmarc, policy, spf })
          const mayFail = dmarc === 'fail' && (policy === 'quarantine' || policy === 'reject') && spf !== null
          expect(trust === 'failed', `${dmarc} ${policy} ${spf}`).toBe(mayFail)
        }
      }
    }
  })

  test('is taken back where a field that may stand once stands twice (RFC 5322 section 3.6)', () => {
    const verified = trustOf({ ...NOTHING, dmarc: 'pass', signed: 'whole' })
    expect(onlyIfOnce(verified, ['from', 'subject', 'received', 'received'])).toBe(verified)
    expect(onlyIfOnce(verified, ['from', 'subject', 'to', 'subject'])).toMatchObject({
      trust: 'unverified',
      reason: 'header/repeated',
    })
    expect(onlyIfOnce(unknown('from/none'), ['to', 'to'])).toMatchObject({ reason: 'from/none' })
  })
})

test('docs/authenticity.md lists every reason with its trust', async () => {
  const page = await readFile(new URL('../../../../docs/authenticity.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+\/[a-z-]+)` +\| ([a-z]+) +\| (.+?) +\|$/gm)]
  expect(rows.map(([, reason, trust]) => [reason, trust])).toEqual(Object.entries(REASONS))
  for (const [, , , sentence] of rows) expect(sentence).toMatch(/^[A-Z].{10,}\.$/)
})
