import { setImmediate } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createKeyring } from '../../src/access/keyring.ts'
import { keepLogin } from '../../src/access/login-record.ts'
import { createTokens, type Tokens } from '../../src/access/tokens.ts'
import { type Config, type MailboxConfig, readConfig } from '../../src/config.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { livesOf, watchExpiry } from '../../src/upkeep/expiry.ts'
import { dailySchedule, renewIdleLogins } from '../../src/upkeep/renew-logins.ts'
import { type OAuthServer, startOAuthServer } from '../support/oauth-server.ts'
import { createDatabase } from '../support/postgres.ts'

const DAY = 86_400_000
const MAILBOX = 'erin'
const never = new AbortController().signal

let authority: OAuthServer
let config: Config
let mailbox: MailboxConfig
let store: Store
let tokens: Tokens
let databaseUrl = ''
beforeAll(async () => {
  authority = await startOAuthServer({ user: MAILBOX, accessToken: (user) => `token-of-${user}` })
})
afterAll(() => authority[Symbol.asyncDispose]())
beforeEach(async () => {
  databaseUrl = await createDatabase()
  const env = {
    DATABASE_URL: databaseUrl,
    MAILCHUTE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    MAILBOX_ERIN_URL: 'outlook://erin@corp.example',
    MAILBOX_ERIN_OAUTH_CLIENT_SECRET_EXPIRES: '2028-05-31',
    MAILBOX_ERIN_OAUTH_GRANT: 'login',
    ...authority.settings('ERIN'),
  }
  config = readConfig(env, '/nonexistent')
  const [first] = config.mailboxes
  if (first === undefined) throw new Error('no mailbox')
  mailbox = first
  store = openStore(databaseUrl)
  await store.mailboxes.ensure(config.mailboxes)
  tokens = createTokens({
    shared: { store, keyring: createKeyring(config) },
    onClockWrong: () => undefined,
    now: () => new Date(),
  })
  return async () => await store.close()
})

async function rowId(): Promise<string> {
  return (await store.mailboxes.find(MAILBOX))?.id ?? ''
}

async function logIn(): Promise<void> {
  const { credentials } = mailbox
  if (credentials.kind !== 'oauth') throw new Error('no client')
  const grant = {
    ...{ accessToken: 'first', expiresAt: new Date(Date.now() + 3_600_000), scope: null, clockSkewSeconds: null },
    ...{ refreshToken: authority.issueRefreshToken(), refreshTokenExpiresAt: new Date(Date.now() + 90 * DAY) },
  }
  await keepLogin({ store, keyring: createKeyring(config) }, await rowId(), credentials.client, 'mail', grant, 'test')
}

async function sql<Row extends object>(text: string): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  return (await client.query<Row>(text).finally(() => client.end())).rows
}

const BLOCKED = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`

/** Lets so many statements come to the row of the mailbox before any of them can pass it. */
async function whileRowIsLocked<T>(waiting: number, work: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT 1 FROM mailboxes FOR UPDATE')
    const done = work()
    // Not in this transaction: it would see the same answer for ever.
    while ((await sql<{ n: number }>(BLOCKED))[0]?.n !== waiting) await setImmediate()
    await client.query('COMMIT')
    return await done
  } finally {
    await client.end()
  }
}

const events = (code: string) =>
  sql<{ detail: object }>(`SELECT detail FROM inbound_events WHERE code = '${code}' ORDER BY id`)
const renew = (now = new Date()) => renewIdleLogins({ store, tokens }, config.mailboxes, now, never)
const refreshes = () => authority.requests.filter(({ grantType }) => grantType === 'refresh_token').length

describe('idle logins', () => {
  test('one that nobody used for days is renewed, a fresh one is not', async () => {
    await logIn()
    const before = refreshes()
    expect(await renew()).toEqual([])
    expect(await renew(new Date(Date.now() + 2 * DAY))).toEqual([])
    expect(refreshes()).toBe(before)
    expect(await renew(new Date(Date.now() + 4 * DAY))).toEqual([{ mailbox: MAILBOX, error: null }])
    expect(refreshes()).toBe(before + 1)
    const [login] = await store.logins.all()
    expect(Date.now() - (login?.renewedAt.getTime() ?? 0)).toBeLessThan(60_000)
  })

  test('several processes at once do it one after the other, and none loses it', async () => {
    await logIn()
    await sql(`UPDATE mailbox_logins SET renewed_at = now() - interval '4 days'`)
    const renewals = (await Promise.all([renew(), renew(), renew()])).flat()
    expect(new Set(renewals.map(({ error }) => error))).toEqual(new Set([null]))
    expect((await store.logins.find(await rowId()))?.refusedAt).toBeNull()
  })

  test('a dead one is told of once: somebody has to log in again', async () => {
    await logIn()
    await sql(`UPDATE mailbox_logins SET renewed_at = now() - interval '4 days'`)
    authority.revokeAll()
    expect(await renew()).toEqual([
      { mailbox: MAILBOX, error: expect.objectContaining({ code: 'oauth/login-required' }) },
    ])
    expect(await renew()).toEqual([])
    expect(await events('login/refused')).toHaveLength(1)
  })

  test('an authority that does not answer is no reason to give up', async () => {
    await logIn()
    authority.manners.refuse = () => ({ status: 503, error: 'temporarily_unavailable', aadsts: 90_033, text: 'busy' })
    const late = new Date(Date.now() + 4 * DAY)
    expect(await renew(late)).toMatchObject([{ error: { code: 'oauth/unavailable' } }])
    authority.manners.refuse = () => null
    expect(await renew(late)).toEqual([{ mailbox: MAILBOX, error: null }])
  })

  test('are looked at once a day, each installation at a time of its own', () => {
    expect(dailySchedule(0)).toBe('0 0 0 * * *')
    expect(dailySchedule(0.999999)).toBe('59 59 23 * * *')
    expect(dailySchedule(0.5)).toBe('0 0 12 * * *')
  })
})

describe('what ends soon', () => {
  const secretEnds = Date.parse('2028-05-31')
  const at = (days: number, hours = 0) => new Date(secretEnds - days * DAY + hours * 3_600_000)

  test('is told of in an event, once a day however many processes look', async () => {
    expect(await watchExpiry(store, config.mailboxes, at(31))).toEqual([])
    const both = await whileRowIsLocked(2, () =>
      Promise.all([0, 1].map(() => watchExpiry(store, config.mailboxes, at(20, 1)))),
    )
    expect(both.flat()).toMatchObject([{ mailbox: MAILBOX, what: 'client-secret', daysLeft: 19 }])
    expect(await watchExpiry(store, config.mailboxes, at(20, 20))).toEqual([])
    expect(await watchExpiry(store, config.mailboxes, at(19, 1))).toHaveLength(1)
    expect(await watchExpiry(store, config.mailboxes, at(-2, 1))).toMatchObject([{ daysLeft: -3 }])
    expect(await events('login/expires-soon')).toEqual([
      { detail: { what: 'client-secret', daysLeft: 19 } },
      { detail: { what: 'client-secret', daysLeft: 18 } },
      { detail: { what: 'client-secret', daysLeft: -3 } },
    ])
  })

  test('is the refresh token, too, and of a login only', async () => {
    await logIn()
    const login = await store.logins.find(await rowId())
    const lives = livesOf(mailbox, login, new Date(Date.now() + 61 * DAY))
    expect(lives.map(({ what, daysLeft }) => [what, daysLeft > 0])).toEqual([
      ['refresh-token', true],
      ['client-secret', true],
    ])
    expect(await watchExpiry(store, config.mailboxes, new Date(Date.now() + 61 * DAY))).toMatchObject([
      { what: 'refresh-token', daysLeft: 28 },
    ])
    expect(livesOf({ ...mailbox, credentials: { kind: 'password', password: 'x' } }, login, new Date())).toEqual([])
  })
})
