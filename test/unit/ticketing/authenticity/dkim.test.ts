import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Authenticity } from '../../../../src/message/authenticity/authenticity.ts'
import { type Authenticating, authenticating, dmarc } from '../../../support/authenticating.ts'
import { keyOf, mailFrom, SELECTOR, signed } from '../../../support/signing.ts'

const ALICE = 'Alice <alice@bank.example>'

let world: Authenticating
beforeAll(async () => {
  world = await authenticating({
    ...keyOf('bank.example'),
    ...dmarc('bank.example', 'p=none'),
    ...keyOf('mail.bank.example'),
    ...keyOf('list.example'),
    ...keyOf('xn--bcher-kva.example'),
    ...keyOf('strict.example'),
    ...keyOf('sub.strict.example'),
    ...dmarc('strict.example', 'p=reject; adkim=s'),
    ...keyOf('quiet.example'),
    [`${SELECTOR}._domainkey.revoked.example TXT`]: { txt: ['v=DKIM1; p='] },
  })
})
afterAll(async () => world[Symbol.asyncDispose]())

const bank = (body?: string) => mailFrom(ALICE, body)

describe('a signature (RFC 6376)', () => {
  test('of the domain in From verifies the mail', async () => {
    expect(await world.look(await signed(bank(), { by: 'bank.example' }))).toEqual({
      trust: 'verified',
      reason: 'dmarc/pass',
      by: 'dns',
      spf: null,
      dkim: 'pass',
      dmarc: 'pass',
      arc: null,
    } satisfies Authenticity)
  })

  test('of a domain below it does as well, where it asks for no strict alignment (RFC 9989 section 4.7)', async () => {
    const relaxed = await world.look(await signed(bank(), { by: 'mail.bank.example' }))
    expect(relaxed).toMatchObject({ trust: 'verified', dmarc: 'pass' })
    const strict = await world.look(await signed(mailFrom('a@strict.example'), { by: 'sub.strict.example' }))
    expect(strict).toMatchObject({ trust: 'unverified', dkim: 'pass', dmarc: 'fail' })
  })

  test('of another domain passes and proves nothing of the author', async () => {
    const found = await world.look(await signed(bank(), { by: 'list.example' }))
    expect(found).toMatchObject({ trust: 'unverified', reason: 'dmarc/fail-unenforced', dkim: 'pass', dmarc: 'fail' })
  })

  test('beside one of another domain is found', async () => {
    const mail = await signed(bank(), { by: 'bank.example' }, { by: 'list.example' })
    expect(await world.look(mail)).toMatchObject({ trust: 'verified', dkim: 'pass' })
  })

  test('of a domain without a policy verifies its own mail', async () => {
    const found = await world.look(await signed(mailFrom('a@quiet.example'), { by: 'quiet.example' }))
    expect(found).toMatchObject({ trust: 'verified', reason: 'dkim/aligned', dmarc: 'none' })
    const other = await world.look(await signed(mailFrom('a@quiet.example'), { by: 'list.example' }))
    expect(other).toMatchObject({ trust: 'unverified', reason: 'dmarc/none', dkim: 'pass' })
  })

  test('that has expired does not count', async () => {
    const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000)
    const mail = await signed(bank(), { by: 'bank.example', signTime: ago(48), expires: ago(24) })
    expect(await world.look(mail)).toMatchObject({ trust: 'unverified', dkim: 'neutral', dmarc: 'fail' })
  })

  test('over a body that was changed does not count', async () => {
    const mail = await signed(bank(), { by: 'bank.example' })
    const changed = mail.replace('my order', 'your money')
    expect(await world.look(changed)).toMatchObject({ trust: 'unverified', dkim: expect.not.stringMatching('pass') })
  })

  test('over a From that was changed does not count', async () => {
    const mail = await signed(bank(), { by: 'bank.example' })
    const found = await world.look(mail.replace('alice@bank', 'carol@bank'))
    expect(found).toMatchObject({ trust: 'unverified', dkim: 'fail' })
  })

  test('whose key was revoked does not count', async () => {
    const found = await world.look(await signed(mailFrom('a@revoked.example'), { by: 'revoked.example' }))
    expect(found).toMatchObject({ trust: 'unverified', dkim: 'neutral' })
  })

  test('over the beginning of the body proves nothing once something follows (section 8.2)', async () => {
    const mail = await signed(bank(), { by: 'bank.example', maxBodyLength: 34 })
    expect(await world.look(mail)).toMatchObject({ trust: 'verified' })
    const found = await world.look(`${mail}Please pay to another account.\r\n`)
    expect(found).toMatchObject({ trust: 'unverified', reason: 'dkim/partial-body', dkim: 'pass' })
  })

  test('does not cover a second Subject above the signed one (section 5.4.2)', async () => {
    const mail = await signed(bank(), { by: 'bank.example' })
    const found = await world.look(`Subject: Pay at once\r\n${mail}`)
    expect(found).toMatchObject({ trust: 'unverified', reason: 'header/repeated', dkim: 'pass', dmarc: 'pass' })
  })

  test('holds for an internationalised domain, written either way (RFC 8616)', async () => {
    for (const from of ['a@xn--bcher-kva.example', 'a@bücher.example']) {
      const found = await world.look(await signed(mailFrom(from), { by: 'xn--bcher-kva.example' }))
      expect(found, from).toMatchObject({ trust: 'verified', reason: 'dkim/aligned' })
    }
  })

  test('survives lines that lost their CR', async () => {
    const mail = await signed(bank(), { by: 'bank.example' })
    expect(await world.look(mail.replaceAll('\r\n', '\n'))).toMatchObject({ trust: 'verified' })
  })

  test('is verified over a body of any size, in pieces', async () => {
    const line = `${'x'.repeat(70)}\r\n`
    const mail = await signed(bank(line.repeat(50_000)), { by: 'bank.example' })
    expect(mail.length).toBeGreaterThan(3_000_000)
    expect(await world.look(mail)).toMatchObject({ trust: 'verified' })
    expect(await world.look(`${mail}y`)).toMatchObject({ trust: 'unverified' })
  })

  test('of absurd length is passed over: white space in it takes mailauth quadratic time', async () => {
    const absurd = `DKIM-Signature: v=1; a=rsa-sha256; d=bank.example; s=test; h=from; bh=a; b=${' \t'.repeat(60_000)}x\r\n`
    expect(await world.look(absurd + bank())).toMatchObject({ trust: 'unverified' })
    expect(await world.look(absurd + (await signed(bank(), { by: 'bank.example' })))).toMatchObject({
      trust: 'verified',
    })
  })

  test('is found among a hundred others, of which few are looked at', async () => {
    const mine = await signed(bank(), { by: 'bank.example' })
    const other = (await signed(bank(), { by: 'list.example' })).slice(0, -bank().length)
    const others = Array.from({ length: 100 }, (_, index) => other.replace('list.example', `l${index}.example`)).join(
      '',
    )
    const asked = world.server.questions.length
    expect(await world.look(others + mine)).toMatchObject({ trust: 'verified' })
    const questions = world.server.questions.slice(asked).filter((each) => each.includes('_domainkey'))
    expect(questions.length).toBeLessThanOrEqual(10)
  })
})
