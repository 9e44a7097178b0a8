import { describe, expect, test } from 'vitest'
import { borderOf, trustedHosts } from '../../../../src/message/authenticity/border.ts'
import { rawFields } from '../../../../src/message/authenticity/header-section.ts'
import { providersWord } from '../../../../src/message/authenticity/provider.ts'

const GOOGLE = ['mx.google.com']
const MICROSOFT = ['microsoft']

function word(header: string, authservIds: string[], receivedBy = authservIds) {
  const fields = rawFields(Buffer.from(header.replace(/\r?\n/g, '\r\n')))
  return providersWord(fields, authservIds, borderOf(fields, trustedHosts(receivedBy)), 'bank.example')
}

const google = (results: string) => `Received: by 2002:a05:: with SMTP id x; date
Received: from m.example (m.example. [192.0.2.1])
	by mx.google.com with ESMTPS id y; date
Authentication-Results: mx.google.com; ${results}
`
const microsoft = (results: string) => `Received: from a.outlook.com (2603:10a6::1) by b.outlook.com with HTTPS; date
Authentication-Results: ${results}
Received: from m.example (192.0.2.1) by c.mail.protection.outlook.com (10.0.0.1); date
`
const PASS = 'dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=bank.example'
const FORGED = `Authentication-Results: mx.google.com; ${PASS}\n`

describe('the word of the receiving server (RFC 8601)', () => {
  test.each([
    [PASS, 'verified', 'provider/dmarc-pass'],
    ['dmarc=fail (p=REJECT sp=REJECT dis=REJECT) header.from=bank.example', 'failed', 'provider/dmarc-fail'],
    ['dmarc=fail (p=reject) header.from=bank.example', 'failed', 'provider/dmarc-fail'],
    ['dmarc=fail policy.dmarc=quarantine header.from=bank.example', 'failed', 'provider/dmarc-fail'],
    ['dmarc=fail (p=REJECT dis=NONE) header.from=bank.example', 'unverified', 'provider/dmarc-fail-unenforced'],
    ['dmarc=fail (p=NONE) header.from=bank.example', 'unverified', 'provider/dmarc-fail-unenforced'],
    ['dkim=pass header.i=@bank.example; dmarc=none header.from=bank.example', 'verified', 'provider/dkim-aligned'],
    ['dkim=pass header.i=@evil.example; dmarc=none header.from=bank.example', 'unverified', 'provider/dmarc-none'],
    ['dkim=pass header.d=example; dmarc=none header.from=bank.example', 'unverified', 'provider/dmarc-none'],
    ['dmarc=pass header.from=evil.example', 'unknown', 'provider/other-author'],
    ['dmarc=pass', 'unknown', 'provider/other-author'],
  ])('%s', (results, trust, reason) => {
    expect(word(google(results), GOOGLE)).toMatchObject({ trust, reason, by: 'provider' })
  })

  test.each([
    [
      'spf=pass smtp.mailfrom=a@bank.example; dkim=pass header.d=bank.example;dmarc=pass action=none header.from=bank.example;compauth=pass reason=100',
      'verified',
      'provider/dmarc-pass',
    ],
    [
      'spf=fail smtp.mailfrom=bank.example; dkim=none header.d=none;dmarc=fail action=oreject header.from=bank.example;compauth=fail reason=000',
      'failed',
      'provider/compauth-fail',
    ],
    [
      'spf=fail; dmarc=fail action=quarantine header.from=bank.example;compauth=pass reason=130',
      'failed',
      'provider/dmarc-fail',
    ],
    [
      'spf=fail; dmarc=fail action=none header.from=bank.example;compauth=fail reason=001',
      'unverified',
      'provider/dmarc-fail-unenforced',
    ],
    [
      'spf=pass; dkim=pass header.d=bank.example;dmarc=bestguesspass action=none header.from=bank.example',
      'verified',
      'provider/dkim-aligned',
    ],
    [
      'spf=pass; dkim=none;dmarc=bestguesspass action=none header.from=bank.example;compauth=pass reason=109',
      'unverified',
      'provider/dmarc-none',
    ],
  ])('of Microsoft: %s', (results, trust, reason) => {
    expect(word(microsoft(results), MICROSOFT)).toMatchObject({ trust, reason, by: 'provider' })
  })

  test('is silent where it tells nothing of DMARC, failed to look, or says two things', () => {
    for (const results of [
      'none',
      'spf=pass',
      'dmarc=temperror header.from=bank.example',
      `${PASS}; dmarc=fail`,
      'dmarc=quux',
    ]) {
      expect(word(google(results), GOOGLE), results).toBeNull()
    }
  })
})

describe('a forged Authentication-Results', () => {
  const FAIL = 'dmarc=fail (p=REJECT dis=QUARANTINE) header.from=bank.example'

  test('below the true one does not count', () => {
    expect(word(google(FAIL) + FORGED, GOOGLE)).toMatchObject({ trust: 'failed' })
  })

  test('below the next hop does not count, even where the true one is missing', () => {
    const header = google(FAIL).replace(/Authentication-Results.*\n/, '')
    expect(word(`${header}Received: from x by mx.google.com\n${FORGED}`, GOOGLE)).toBeNull()
  })

  test('in a mail that no trusted server took does not count', () => {
    expect(word(`Received: from x by y.example\n${FORGED}`, GOOGLE)).toBeNull()
    expect(word(FORGED, GOOGLE)).toBeNull()
  })

  test('with another id, or one like ours, does not count', () => {
    const header = google(PASS)
    expect(word(header.replace('Results: mx.google.com', 'Results: mx.google.com.evil.example'), GOOGLE)).toBeNull()
    expect(word(header, ['google.com'], GOOGLE)).toBeNull()
    expect(word(header, [], GOOGLE)).toBeNull()
  })

  test('without an id, as Microsoft writes it, does not count below the border', () => {
    const header = microsoft('x').replace(/Authentication-Results.*\n/, '')
    expect(word(`${header}Authentication-Results: ${PASS}\n`, MICROSOFT)).toBeNull()
    expect(word(google(PASS).replace('mx.google.com; dmarc', 'dmarc'), GOOGLE)).toBeNull()
  })

  test("without an id, below a hop that the sender wrote in Microsoft's name, does not count", () => {
    const forged = microsoft(`${PASS}`)
    const header = microsoft('x').replace(/Authentication-Results.*\n/, '')
    expect(word(header + forged, MICROSOFT)).toBeNull()
  })
})
