import { describe, expect, test } from 'vitest'
import { createAuthenticator } from '../../../../src/ticketing/authenticity/authenticate.ts'
import { authenticating, BY_MX, dmarc, NOBODY, sentBy } from '../../../support/authenticating.ts'
import type { Zone } from '../../../support/dns-server.ts'
import { keyOf, mailFrom, SELECTOR, signed } from '../../../support/signing.ts'

const BANK: Zone = { ...keyOf('bank.example'), ...dmarc('bank.example') }
const KEY = `${SELECTOR}._domainkey.bank.example TXT`
const mail = mailFrom('a@bank.example')
const byBank = await signed(mail, { by: 'bank.example' })

const ALICE = [{ name: '', address: 'a@bank.example' }]

const sourceOf = (text: string) => ({
  sizeBytes: text.length,
  octets: async function* () {
    yield Buffer.from(text)
  },
})

const NO_DNS = { trust: 'unknown', reason: 'authenticity/no-dns', by: 'nobody', dkim: null, dmarc: null }

describe('without a DNS', () => {
  test('that is switched off nothing is known', async () => {
    const authenticator = createAuthenticator(null)
    const source = sourceOf(mail)
    const from = [{ name: '', address: 'a@bank.example' }]
    const found = await authenticator.authenticate(source, NOBODY, from, new AbortController().signal)
    expect(found).toMatchObject({ trust: 'unknown', reason: 'authenticity/switched-off' })
  })

  test.each([
    ['refuses everything', { ' NS': 'refused', 'com NS': 'refused' }],
    ['fails at everything', { ' NS': 'servfail', 'com NS': 'servfail' }],
  ] satisfies [string, Zone][])('that %s nothing is known, and nobody is asked about a mail', async (_, zone) => {
    await using world = await authenticating({ ...BANK, ...zone })
    expect(await world.look(byBank)).toMatchObject(NO_DNS)
    expect(world.server.questions.filter((each) => each.includes('bank'))).toEqual([])
  })

  test('that knows not even the root is one of a closed network: nothing is known', async () => {
    await using world = await authenticating(BANK)
    delete world.server.zone[' NS']
    await using closed = await authenticating({})
    delete closed.server.zone[' NS']
    expect(await closed.look(byBank)).toMatchObject(NO_DNS)
  })

  test('that is silent at the start nobody waits for it', async () => {
    await using world = await authenticating(
      { ...BANK, ' NS': 'silence', 'com NS': 'silence' },
      {
        dns: { timeoutMilliseconds: 60_000, firstProbeMilliseconds: 1 },
      },
    )
    expect(await world.look(byBank)).toMatchObject(NO_DNS)
    expect(await world.look(byBank)).toMatchObject(NO_DNS)
  })

  test('that falls silent the mails after the first ones are told so at once, until it is back', async () => {
    let now = 0
    await using world = await authenticating(BANK, { dns: { timeoutMilliseconds: 100, now: () => now } })
    expect(await world.look(byBank)).toMatchObject({ trust: 'verified' })
    world.server.isSilent = true
    const others = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        world.look(byBank.replace('From: a@bank.example', `From: a@b${index}.example`)),
      ),
    )
    expect(others.map(({ trust }) => trust)).toEqual(others.map(() => 'unknown'))
    let asked = -1
    // The probe is under way: it ends in a bounded time, and then nobody is asked any more.
    while (asked !== world.server.questions.length) {
      asked = world.server.questions.length
      await world.look(byBank.replace('From: a@bank.example', `From: a@c${asked}.example`))
    }
    expect(await world.look(byBank)).toMatchObject(NO_DNS)

    world.server.isSilent = false
    expect(await world.look(byBank)).toMatchObject(NO_DNS)
    now += 30_000
    expect(await world.look(byBank)).toMatchObject(NO_DNS)
    await expect.poll(() => world.look(byBank)).toMatchObject({ trust: 'verified' })
  })
})

describe('a DNS that answers, but not this', () => {
  test.each(['silence', 'servfail', 'refused'] as const)(
    '(%s for the key) leaves it open who wrote the mail',
    async (answer) => {
      await using world = await authenticating({ ...BANK, [KEY]: answer })
      expect(await world.look(byBank)).toMatchObject({
        trust: 'unknown',
        reason: 'authenticity/dns-trouble',
        dkim: 'temperror',
      })
    },
  )

  test('(servfail for the policy) leaves it open what a mail without proof is', async () => {
    await using world = await authenticating({ ...BANK, '_dmarc.bank.example TXT': 'servfail' })
    expect(await world.look(sentBy('192.0.2.1', 'a@bank.example', mail), BY_MX)).toMatchObject({
      trust: 'unknown',
      reason: 'authenticity/dns-trouble',
      dmarc: 'temperror',
    })
  })

  test('does not excuse a forged mail by the silence of a name server of the forger', async () => {
    await using world = await authenticating({
      ...BANK,
      'bank.example TXT': { txt: ['v=spf1 -all'] },
      [`${SELECTOR}._domainkey.evil.example TXT`]: 'silence',
      'evil.example TXT': 'silence',
    })
    const forged = await signed(mail, { by: 'evil.example' })
    expect(await world.look(sentBy('192.0.2.1', 'a@evil.example', forged), BY_MX)).toMatchObject({
      trust: 'failed',
      reason: 'dmarc/fail',
      dkim: 'temperror',
      spf: 'temperror',
    })
  })

  test('that there is no such name is an answer, and no trouble', async () => {
    await using world = await authenticating(dmarc('bank.example'))
    expect(await world.look(byBank)).toMatchObject({ trust: 'unverified', dkim: 'neutral', dmarc: 'fail' })
  })

  test('says what is too long for UDP over TCP', async () => {
    const [record] = Object.values(keyOf('bank.example'))
    const truncated = typeof record === 'object' && 'txt' in record ? record.txt : []
    await using world = await authenticating({ ...BANK, [KEY]: { truncated } })
    expect(await world.look(byBank)).toMatchObject({ trust: 'verified' })
  })
})

describe('hostile answers', () => {
  test.each([
    ['octets that are no record', 'garbage'],
    ['30 KB of text', { truncated: ['v=DKIM1; p='.padEnd(30_000, 'A')] }],
    ['two hundred records', { truncated: Array.from({ length: 200 }, (_, index) => `v=DKIM1; p=${index}`) }],
    ['a name that leads to itself', { cname: 'bank.example' }],
  ] satisfies [string, Zone[string]][])('for the key (%s) prove nothing', async (_, answer) => {
    await using world = await authenticating({
      ...BANK,
      [KEY]: answer,
      'bank.example CNAME': { cname: 'bank.example' },
    })
    expect(['unverified', 'unknown']).toContain((await world.look(byBank)).trust)
  })
})

describe('the thread', () => {
  test('that is busy for too long is replaced, and its mails come out unknown', async () => {
    const large = await signed(mailFrom('a@bank.example', 'x\n'.repeat(1_000_000)), { by: 'bank.example' })
    const timeLimitSeconds = (sizeBytes: number) => (sizeBytes > 1_000_000 ? 0.001 : 20)
    await using world = await authenticating(BANK, { pool: { timeLimitSeconds } })
    expect(await world.look(large)).toMatchObject({ trust: 'unknown', reason: 'authenticity/timeout' })
    expect(await world.look(byBank)).toMatchObject({ trust: 'verified' })
  })

  test('that ends with mails in it leaves them unknown', async () => {
    let isAsked = (): void => undefined
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve
    })
    const authenticator = createAuthenticator({
      resolve: () => {
        isAsked()
        return new Promise(() => undefined)
      },
      isAnswering: async () => true,
      close: () => undefined,
    })
    const found = authenticator.authenticate(sourceOf(byBank), NOBODY, ALICE, new AbortController().signal)
    await asked
    await authenticator.close()
    expect(await found).toMatchObject({ trust: 'unknown', reason: 'authenticity/broke' })
  })

  test('that has too little memory to begin holds up no mail for longer than its time', async () => {
    await using world = await authenticating(BANK, { pool: { heapMib: 8, timeLimitSeconds: () => 2 } })
    expect(await world.look(byBank)).toMatchObject({ trust: 'unknown', reason: 'authenticity/timeout' })
  })

  test('is given up when the signal says so', async () => {
    await using world = await authenticating({ ...BANK, [KEY]: 'silence' })
    const authenticator = createAuthenticator({
      resolve: () => new Promise(() => undefined),
      isAnswering: async () => true,
      close: () => undefined,
    })
    const source = sourceOf(byBank)
    const abort = new AbortController()
    const reason = new Error('stop')
    const found = authenticator.authenticate(source, NOBODY, [{ name: '', address: 'a@bank.example' }], abort.signal)
    abort.abort(reason)
    await expect(found).rejects.toBe(reason)
    await authenticator.close()
    expect(await world.look(mail)).toMatchObject({ reason: 'dkim/none' })
  })

  test('works on many mails at once', async () => {
    await using world = await authenticating(BANK)
    const found = await Promise.all(Array.from({ length: 100 }, () => world.look(byBank)))
    expect(new Set(found.map(({ trust }) => trust))).toEqual(new Set(['verified']))
    expect(world.server.questions.filter((each) => each === KEY)).toHaveLength(1)
  })
})

describe('a header', () => {
  test.each([
    ['of 300 KB', `X: ${'y'.repeat(300_000)}\r\n`],
    ['of 6,000 lines', 'X: y\r\n'.repeat(6000)],
    ['of 6,000 folds', `X: y\r\n${' z\r\n'.repeat(6000)}`],
  ])('%s is left alone', async (_, fields) => {
    await using world = await authenticating(BANK)
    expect(await world.look(byBank.replace('To:', `${fields}To:`))).toMatchObject({
      trust: 'unknown',
      reason: 'authenticity/header-too-large',
    })
  })

  test.each([
    ['without From', 'X-From: a@bank.example', 'from/none'],
    ['with two From fields', 'From: a@bank.example\r\nFrom: a@bank.example', 'from/several'],
    ['with two authors', 'From: a@bank.example, b@other.example', 'from/several'],
  ])("%s is nobody's, and nobody is asked", async (_, field, reason) => {
    await using world = await authenticating(BANK)
    const asked = world.server.questions.length
    const found = await world.look(byBank.replace('From: a@bank.example', field))
    expect(found).toMatchObject({ trust: 'unknown', reason, by: 'nobody' })
    expect(world.server.questions.length).toBe(asked)
  })

  test('whose From the parser reads in another way proves nothing', async () => {
    const authenticator = createAuthenticator(null)
    const source = sourceOf(mail)
    const from = [{ name: '', address: 'a@other.example' }]
    const found = await authenticator.authenticate(source, NOBODY, from, new AbortController().signal)
    expect(found).toMatchObject({ trust: 'unknown', reason: 'from/ambiguous' })
  })
})
