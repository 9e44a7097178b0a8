import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Authenticating, authenticating, BY_MX, dmarc, NOBODY, sentBy } from '../../../support/authenticating.ts'
import type { Zone } from '../../../support/dns-server.ts'
import { keyOf, mailFrom, signed } from '../../../support/signing.ts'

const spf = (domain: string, terms: string): Zone => ({ [`${domain} TXT`]: { txt: [`v=spf1 ${terms}`] } })
const GOOD = '192.0.2.1'
const BAD = '198.51.100.66'

const includes = Array.from({ length: 12 }, (_, index) => index)
let world: Authenticating
beforeAll(async () => {
  world = await authenticating({
    ...spf('bank.example', `ip4:${GOOD} -all`),
    ...dmarc('bank.example', 'p=reject; sp=none'),
    ...keyOf('bank.example'),
    ...spf('soft.example', `ip4:${GOOD} ~all`),
    ...dmarc('soft.example', 'p=quarantine'),
    ...spf('none.example', '-all'),
    ...dmarc('none.example', 'p=none'),
    ...spf('nopolicy.example', `ip4:${GOOD} -all`),
    ...dmarc('pct.example', 'p=reject; pct=0'),
    ...spf('pct.example', '-all'),
    ...dmarc('test.example', 'p=quarantine; t=y'),
    ...dmarc('broken.example', 'p=rejekt'),
    ...spf('loop.example', 'include:loop.example -all'),
    ...dmarc('loop.example'),
    ...spf('many.example', `${includes.map((index) => `include:i${index}.many.example`).join(' ')} -all`),
    ...Object.assign({}, ...includes.map((index) => spf(`i${index}.many.example`, 'ip4:203.0.113.1 -all'))),
    ...dmarc('many.example'),
    ...spf('mx.example', 'mx -all'),
    'mx.example MX': { mx: ['mail.mx.example'] },
    'mail.mx.example A': { a: [GOOD] },
    ...dmarc('mx.example'),
    ...spf('esp.example', `ip4:${BAD} -all`),
    ...spf('helo.example', `ip4:${GOOD} -all`),
  })
})
afterAll(async () => world[Symbol.asyncDispose]())

const from = (domain: string) => mailFrom(`a@${domain}`)
const look = (ip: string, domain: string, sender = `bounce@${domain}`) =>
  world.look(sentBy(ip, sender, from(domain)), BY_MX)

describe('SPF (RFC 7208), from the hop at the border', () => {
  test('verifies a mail that a server of its domain sent', async () => {
    expect(await look(GOOD, 'bank.example')).toEqual({
      trust: 'verified',
      reason: 'dmarc/pass',
      by: 'dns',
      spf: 'pass',
      dkim: 'none',
      dmarc: 'pass',
      arc: null,
    })
    expect(await look(GOOD, 'mx.example')).toMatchObject({ trust: 'verified', spf: 'pass' })
  })

  test('and DMARC fail together: the domain says that the mail is not its own', async () => {
    expect(await look(BAD, 'bank.example')).toMatchObject({
      trust: 'failed',
      reason: 'dmarc/fail',
      spf: 'fail',
      dmarc: 'fail',
    })
    expect(await look(BAD, 'soft.example')).toMatchObject({ trust: 'failed', spf: 'softfail', dmarc: 'fail' })
  })

  test('that passes for another domain proves nothing: it fails', async () => {
    expect(await look(BAD, 'bank.example', 'x@esp.example')).toMatchObject({
      trust: 'failed',
      spf: 'pass',
      dmarc: 'fail',
    })
  })

  test('is not looked at where nobody is trusted, and without it nothing fails', async () => {
    const found = await world.look(
      sentBy(BAD, 'a@bank.example', await signed(from('bank.example'), { by: 'x.example' })),
      NOBODY,
    )
    expect(found).toMatchObject({ trust: 'unverified', reason: 'dmarc/fail-spf-unseen', spf: null, dmarc: 'fail' })
  })

  test('is not taken from a hop that the sender wrote below the border', async () => {
    const forged = sentBy(GOOD, 'a@bank.example', from('bank.example'))
    expect(await world.look(sentBy(BAD, 'a@bank.example', forged), BY_MX)).toMatchObject({
      trust: 'failed',
      spf: 'fail',
    })
  })

  test('takes MAIL FROM from above the border only', async () => {
    const [received = ''] = /Received:[\s\S]*?\+0000\r\n/.exec(sentBy(GOOD, '', '')) ?? []
    const mail = `${received}Return-Path: <a@bank.example>\r\n${from('bank.example')}`
    const below = mail.replace('Return-Path', 'Received: from x by y\r\nReturn-Path')
    expect(await world.look(below, BY_MX)).toMatchObject({ trust: 'unverified', spf: null })
    expect(await world.look(mail, BY_MX)).toMatchObject({ trust: 'verified', spf: 'pass' })
  })

  test('goes by the name of the client where MAIL FROM is empty (section 2.4)', async () => {
    const mail = sentBy(GOOD, '', from('helo.example')).replace('out.bank.example', 'helo.example')
    expect(await world.look(mail, BY_MX)).toMatchObject({ spf: 'pass' })
  })

  test('ends at ten look-ups (section 4.6.4)', async () => {
    const asked = world.server.questions.length
    expect(await look(GOOD, 'many.example')).toMatchObject({ trust: 'failed', spf: 'permerror' })
    expect(world.server.questions.length - asked).toBeLessThan(20)
  })

  test('ends where a record includes itself', async () => {
    expect(await look(GOOD, 'loop.example')).toMatchObject({ trust: 'failed', spf: 'permerror' })
  })
})

describe('DMARC (RFC 9989)', () => {
  test('with p=none asks nobody to refuse such mail, so it does not fail', async () => {
    expect(await look(BAD, 'none.example')).toMatchObject({ trust: 'unverified', reason: 'dmarc/fail-unenforced' })
  })

  test('has another policy for domains below, by sp=', async () => {
    expect(await look(BAD, 'sub.bank.example')).toMatchObject({ trust: 'unverified', reason: 'dmarc/fail-unenforced' })
  })

  test('knows no pct= any more (appendix A.6)', async () => {
    expect(await look(BAD, 'pct.example')).toMatchObject({ trust: 'failed', reason: 'dmarc/fail' })
  })

  test('that is being tested by t=y asks for one step less', async () => {
    expect(await look(BAD, 'test.example')).toMatchObject({ trust: 'unverified', reason: 'dmarc/fail-unenforced' })
  })

  test('that cannot be read is none', async () => {
    expect(await look(BAD, 'broken.example')).toMatchObject({
      trust: 'unverified',
      reason: 'dmarc/none',
      dmarc: 'none',
    })
  })

  test('that is not there leaves SPF alone, which is too little', async () => {
    expect(await look(GOOD, 'nopolicy.example')).toMatchObject({
      trust: 'unverified',
      reason: 'dmarc/none',
      spf: 'pass',
    })
  })
})
