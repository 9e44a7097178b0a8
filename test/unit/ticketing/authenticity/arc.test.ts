import { sealMessage } from 'mailauth/lib/arc/index.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Authenticating, authenticating, BY_MX, dmarc, sentBy } from '../../../support/authenticating.ts'
import { keyOf, mailFrom, privateKey, SELECTOR, signed } from '../../../support/signing.ts'

let world: Authenticating
beforeAll(async () => {
  world = await authenticating({
    ...keyOf('bank.example'),
    ...dmarc('bank.example'),
    'bank.example TXT': { txt: ['v=spf1 -all'] },
    ...keyOf('google.com'),
    ...keyOf('evil.example'),
  })
})
afterAll(async () => world[Symbol.asyncDispose]())

const seal = async (mail: string, by: string, found: string, i = 1, cv: 'none' | 'pass' = 'none') =>
  (
    await sealMessage(mail, {
      signingDomain: by,
      selector: SELECTOR,
      privateKey,
      authResults: `${by}; ${found}`,
      cv,
      ...(i === 1 ? {} : { i }),
    })
  ).toString() + mail

const SEEN = 'dmarc=pass header.from=bank.example'
/** As a list passes it on: with a footer that breaks the signature. */
const list = async () => `${await signed(mailFrom('a@bank.example'), { by: 'bank.example' })}-- \r\nthe list\r\n`
const look = (mail: string) => world.look(sentBy('192.0.2.7', 'list@list.example', mail), BY_MX)

describe('ARC (RFC 8617)', () => {
  test('of a forwarder that is trusted excuses a broken signature, and verifies nothing', async () => {
    expect(await look(await list())).toMatchObject({ trust: 'failed' })
    const found = await look(await seal(await list(), 'google.com', SEEN))
    expect(found).toMatchObject({ trust: 'unverified', reason: 'arc/pass', arc: 'pass', dmarc: 'fail' })
  })

  test('of anybody else excuses nothing, and is not looked at', async () => {
    const found = await look(await seal(await list(), 'evil.example', SEEN))
    expect(found).toMatchObject({ trust: 'failed', reason: 'dmarc/fail', arc: null })
  })

  test('excuses nothing where the forwarder saw DMARC fail, or another author', async () => {
    for (const seen of ['dmarc=fail header.from=bank.example', 'dmarc=pass header.from=evil.example', 'spf=pass']) {
      expect(await look(await seal(await list(), 'google.com', seen)), seen).toMatchObject({
        trust: 'failed',
        arc: 'pass',
      })
    }
  })

  test('that was copied from another mail excuses nothing', async () => {
    const mail = await seal(await list(), 'google.com', SEEN)
    expect(await look(mail.replace('my order', 'my money'))).toMatchObject({ trust: 'failed', arc: 'fail' })
  })

  test('with a stranger between the forwarders excuses nothing', async () => {
    const first = await seal(await list(), 'evil.example', SEEN)
    const mail = await seal(first, 'google.com', 'dmarc=fail header.from=bank.example', 2, 'pass')
    expect(await look(mail)).toMatchObject({ trust: 'failed', reason: 'dmarc/fail' })
  })
})
