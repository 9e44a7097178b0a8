/**
 * Every step of a renewal fails in turn, before it takes effect and after: the login is as good as before, and the
 * next renewal works. At an authority that takes back the old refresh token at once, too, as long as the process
 * lives: what it was given is not forgotten because the database failed.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTokens } from '../../../src/access/tokens.ts'
import type { LockedLogin } from '../../../src/store/logins.ts'
import type { Store } from '../../../src/store/store.ts'
import { createFaults, type Faults } from '../../support/faults.ts'
import { type LoggedIn, logIn, SECRET_KEY } from '../../support/logged-in.ts'
import { loginEvents } from '../../support/login-rows.ts'
import { type OAuthServer, startOAuthServer } from '../../support/oauth-server.ts'
import { createDatabase } from '../../support/postgres.ts'

const USER = 'support@mailchute.example'
const SIGNAL = AbortSignal.timeout(110_000)
const GUARD = { code: 'store/unavailable' } as const

let server: OAuthServer
let loggedIn: LoggedIn
let databaseUrl = ''
beforeEach(async () => {
  databaseUrl = await createDatabase()
  server = await startOAuthServer({ user: USER, accessToken: () => 'a token' })
  server.manners.expiresInSeconds = 60
  loggedIn = await logIn(
    {
      DATABASE_URL: databaseUrl,
      MAILCHUTE_SECRET_KEY: SECRET_KEY,
      MAILBOX_SUPPORT_URL: `outlook://${USER}`,
      ...server.settings('SUPPORT'),
    },
    server,
  )
})
afterEach(async () => {
  await loggedIn[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** The store with each of its functions counted, and those inside the transaction. */
function guarded(faults: Faults, store: Store): Store {
  const { logins } = store
  const whileLocked: Store['logins']['whileLocked'] = (mailboxId, work) =>
    logins.whileLocked(mailboxId, (locked) => {
      const { login, ...steps } = locked
      return work({ login, ...faults.guard(steps, GUARD) } as LockedLogin)
    })
  return faults.guard({ ...store, logins: { ...logins, whileLocked } }, GUARD)
}

const tokensOver = (store: Store) =>
  createTokens({
    shared: { store, keyring: loggedIn.keyring },
    onClockWrong: () => undefined,
    now: () => new Date(),
  })

async function stepsOfARenewal(): Promise<readonly string[]> {
  const faults = createFaults()
  await tokensOver(guarded(faults, loggedIn.store)).accessToken(loggedIn.mailbox, 'mail', SIGNAL)
  return faults.labels()
}

describe.each([
  ['leaves the old refresh token good, as Microsoft does', false],
  ['takes the old refresh token back at once', true],
])('at an authority that %s', (_, isStrict) => {
  test.each(['before', 'after'] as const)('a renewal that fails %s any of its steps is made good', async (moment) => {
    const steps = await stepsOfARenewal()
    expect(steps).toEqual(expect.arrayContaining(['saveRenewed', 'accessToken', 'logins.whileLocked']))
    server.manners.isStrict = isStrict
    for (const step of steps) {
      const faults = createFaults()
      const tokens = tokensOver(guarded(faults, loggedIn.store))
      faults.arm(step, 1, moment)
      const failed = await tokens.accessToken(loggedIn.mailbox, 'mail', SIGNAL).catch((error: unknown) => error)
      expect({ step, hasStruck: faults.disarm(), failed }).toMatchObject({ hasStruck: true, failed: GUARD })
      expect(await tokens.renewLogin(loggedIn.mailbox, SIGNAL)).toBe(true)
      expect((await loggedIn.store.logins.find(loggedIn.mailboxId))?.refusedAt).toBeNull()
    }
    // What a new process finds is good, too.
    expect(await tokensOver(loggedIn.store).accessToken(loggedIn.mailbox, 'mail', SIGNAL)).toBe('a token')
    expect(await loginEvents(databaseUrl)).toEqual(['login/completed'])
  })
})

test('a refusal that could not be saved is asked for again, and saved then', async () => {
  server.revokeAll()
  for (const step of ['saveRefused', 'logins.whileLocked']) {
    const faults = createFaults()
    const tokens = tokensOver(guarded(faults, loggedIn.store))
    faults.arm(step, 1, 'before')
    await expect(tokens.accessToken(loggedIn.mailbox, 'mail', SIGNAL)).rejects.toMatchObject(GUARD)
    expect(faults.disarm()).toBe(true)
    expect((await loggedIn.store.logins.find(loggedIn.mailboxId))?.refusedAt).toBeNull()
  }
  const required = { code: 'oauth/login-required' }
  await expect(tokensOver(loggedIn.store).accessToken(loggedIn.mailbox, 'mail', SIGNAL)).rejects.toMatchObject(required)
  expect((await loggedIn.store.logins.find(loggedIn.mailboxId))?.refusedAt).toBeInstanceOf(Date)
  expect(await loginEvents(databaseUrl)).toEqual(['login/completed', 'login/refused'])
})
