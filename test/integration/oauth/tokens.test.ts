/** Access tokens: kept, shared, renewed in time and one at a time, over a real database and a real authority. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKeyring } from '../../../src/access/keyring.ts'
import { createTokens } from '../../../src/access/tokens.ts'
import { openStore } from '../../../src/store/store.ts'
import { leaksInDatabase } from '../../support/leaks.ts'
import { type LoggedIn, logIn, SECRET_KEY } from '../../support/logged-in.ts'
import { ageLogins, loginEvents, waitersForLock } from '../../support/login-rows.ts'
import { type OAuthServer, REFUSALS, startOAuthServer } from '../../support/oauth-server.ts'
import { createDatabase } from '../../support/postgres.ts'
import type { Settings } from '../../support/program.ts'

const USER = 'support@mailchute.example'
const SIGNAL = AbortSignal.timeout(100_000)

let server: OAuthServer
let settings: Settings
let loggedIn: LoggedIn
let given = 0
beforeEach(async () => {
  given = 0
  server = await startOAuthServer({
    user: USER,
    accessToken: (_, __, resource) => {
      given += 1
      return `a token for ${resource}, number ${given}`
    },
  })
  settings = {
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: SECRET_KEY,
    MAILBOX_SUPPORT_URL: `outlook://${USER}`,
    ...server.settings('SUPPORT'),
  }
  loggedIn = await logIn(settings, server)
})
afterEach(async () => {
  await loggedIn[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const mail = (tokens = loggedIn.tokens(), mustBeNew = false) =>
  tokens.accessToken(loggedIn.mailbox, 'mail', SIGNAL, { mustBeNew })
const state = async () => {
  const login = await loggedIn.store.logins.find(loggedIn.mailboxId)
  if (login === null) throw new Error('there is no login')
  return login
}
const storedRefreshToken = async () =>
  loggedIn.keyring.open('refresh-token', loggedIn.mailboxId, (await state()).refreshToken)

describe('a token', () => {
  test('is got once, for this process and for the others, and saved with the refresh token that came along', async () => {
    const before = await storedRefreshToken()
    const tokens = loggedIn.tokens()
    expect([await mail(tokens), await mail(tokens), await mail()]).toEqual(Array(3).fill('a token for mail, number 1'))
    expect(server.requests).toHaveLength(1)
    expect(await storedRefreshToken()).not.toBe(before)
    expect((await state()).expiresAt?.getTime()).toBeGreaterThan(Date.now() + 89 * 86_400_000)
    expect(await leaksInDatabase(settings['DATABASE_URL'] ?? '', [...server.secrets, SECRET_KEY])).toEqual([])
  })

  test('of Graph is another one, from the same login', async () => {
    const tokens = loggedIn.tokens()
    expect(await mail(tokens)).toBe('a token for mail, number 1')
    expect(await tokens.accessToken(loggedIn.mailbox, 'graph', SIGNAL)).toBe('a token for graph, number 2')
    expect(await mail(tokens)).toBe('a token for mail, number 1')
  })

  test('with less than ten minutes left is renewed before it is handed out', async () => {
    const tokens = loggedIn.tokens()
    server.manners.expiresInSeconds = 599
    expect([await mail(tokens), await mail(tokens), await mail()]).toEqual(
      [1, 2, 3].map((number) => `a token for mail, number ${number}`),
    )
    server.manners.expiresInSeconds = 660
    expect([await mail(tokens), await mail(tokens)]).toEqual(Array(2).fill('a token for mail, number 4'))
  })

  test('that was refused is not handed out again, unless another process has got a new one', async () => {
    const [one, two] = [loggedIn.tokens(), loggedIn.tokens()]
    expect([await mail(one), await mail(two)]).toEqual(Array(2).fill('a token for mail, number 1'))
    expect(await mail(one, true)).toBe('a token for mail, number 2')
    expect(await mail(two, true)).toBe('a token for mail, number 2')
    expect(await mail(two, true)).toBe('a token for mail, number 3')
    expect(server.requests).toHaveLength(3)
  })

  test('that cannot be opened any more is got again', async () => {
    await mail()
    const key = createKeyring({ secretKey: SECRET_KEY, oldSecretKey: null, databaseUrl: 'x', dataDir: '/' })
    const token = await key.seal('access-token mail', 'another mailbox', 'moved')
    const { clientSha256 } = await state()
    const ends = new Date(Date.now() + 3_600_000)
    await loggedIn.store.logins.saveAccessToken(loggedIn.mailboxId, 'mail', { clientSha256, token, expiresAt: ends })
    expect(await mail()).toBe('a token for mail, number 2')
  })
})

describe('renewals', () => {
  /** Each with connections and memory of its own, like processes. */
  async function withProcesses(count: number, work: (tokens: ReturnType<LoggedIn['tokens']>[]) => Promise<void>) {
    const stores = Array.from({ length: count }, () => openStore(settings['DATABASE_URL'] ?? ''))
    const { keyring } = loggedIn
    const deps = { onClockWrong: () => undefined, now: () => new Date() }
    await work(stores.map((store) => createTokens({ ...deps, shared: { store, keyring } }))).finally(() =>
      Promise.all(stores.map((store) => store.close())),
    )
  }

  test('of two processes at once are one request: the second waits, looks again, and has the token', async () => {
    await withProcesses(3, async (processes) => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      server.manners.beforeAnswer = () => released
      const tokens = processes.map((process) => mail(process))
      await waitersForLock(settings['DATABASE_URL'] ?? '', 2)
      release()
      expect(await Promise.all(tokens)).toEqual(Array(3).fill('a token for mail, number 1'))
      expect(server.requests).toHaveLength(1)
    })
  })

  test('of two processes at once are one request, even of tokens that do not last ten minutes', async () => {
    server.manners.expiresInSeconds = 60
    await withProcesses(3, async (processes) => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      server.manners.beforeAnswer = () => released
      const tokens = processes.map((process) => mail(process))
      await waitersForLock(settings['DATABASE_URL'] ?? '', 2)
      release()
      expect(await Promise.all(tokens)).toEqual(Array(3).fill('a token for mail, number 1'))
    })
  })

  test('of a refused login are one request: the others hear that somebody has to log in', async () => {
    server.revokeAll()
    await withProcesses(3, async (processes) => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      server.manners.beforeAnswer = () => released
      const outcomes = Promise.allSettled(processes.map((process) => mail(process)))
      await waitersForLock(settings['DATABASE_URL'] ?? '', 2)
      release()
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'oauth/login-required' } })
      }
      expect(server.requests).toHaveLength(1)
    })
  })

  test('do not outlive the wish of a caller that waits for another process', async () => {
    await withProcesses(1, async ([other]) => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const { promise: asked, resolve: hasAsked } = Promise.withResolvers<void>()
      server.manners.beforeAnswer = () => {
        hasAsked()
        return released
      }
      const first = mail(other)
      await asked
      const caller = new AbortController()
      const second = loggedIn.tokens().accessToken(loggedIn.mailbox, 'mail', caller.signal)
      await waitersForLock(settings['DATABASE_URL'] ?? '', 1)
      caller.abort(new Error('enough'))
      await expect(second).rejects.toThrow('enough')
      release()
      expect(await first).toBe('a token for mail, number 1')
    })
  })

  test('under way are not called off: a strict authority has taken back the old token already', async () => {
    server.manners.isStrict = true
    const caller = new AbortController()
    server.manners.beforeAnswer = async () => caller.abort(new Error('shut down'))
    await loggedIn.tokens().accessToken(loggedIn.mailbox, 'mail', caller.signal)
    server.manners.beforeAnswer = async () => undefined
    expect(await mail(loggedIn.tokens())).toBe('a token for mail, number 1')
    expect(await loggedIn.tokens().renewLogin(loggedIn.mailbox, SIGNAL)).toBe(true)
  })

  test('of an idle mailbox can be asked for at any time, and say so in one event a day', async () => {
    const tokens = loggedIn.tokens()
    const events = () => loginEvents(settings['DATABASE_URL'] ?? '')
    for (let nth = 0; nth < 3; nth += 1) expect(await tokens.renewLogin(loggedIn.mailbox, SIGNAL)).toBe(true)
    expect(server.requests).toHaveLength(3)
    expect(await events()).toEqual(['login/completed'])
    await ageLogins(settings['DATABASE_URL'] ?? '', 2)
    await tokens.renewLogin(loggedIn.mailbox, SIGNAL)
    await tokens.renewLogin(loggedIn.mailbox, SIGNAL)
    expect(await events()).toEqual(['login/completed', 'login/renewed'])
    expect(await loggedIn.store.logins.remove(loggedIn.mailboxId)).toBe(true)
    expect(await events()).toEqual(['login/completed', 'login/renewed', 'login/removed'])
    expect(await tokens.renewLogin(loggedIn.mailbox, SIGNAL)).toBe(false)
    expect(await loggedIn.store.logins.remove(loggedIn.mailboxId)).toBe(false)
  })

  test('that the authority puts off leave everything as it was', async () => {
    const before = await state()
    server.manners.refuse = () => REFUSALS.throttled
    await expect(mail()).rejects.toMatchObject({ code: 'oauth/unavailable', context: { retryAfterSeconds: 17 } })
    expect(await state()).toEqual(before)
  })
})
