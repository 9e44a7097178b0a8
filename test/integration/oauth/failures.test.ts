/** What goes wrong with OAuth at real mailboxes: one line each, with code, cause and what to do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dovecot, startDovecot } from '../../support/dovecot.ts'
import { leaksIn } from '../../support/leaks.ts'
import { type LoggedIn, logIn, SECRET_KEY } from '../../support/logged-in.ts'
import {
  CLIENT_SECRET,
  type OAuthServer,
  REFUSALS,
  type Refusal,
  startOAuthServer,
} from '../../support/oauth-server.ts'
import { createDatabase } from '../../support/postgres.ts'
import { buildProgram, logLines, run, runJson, type Settings } from '../../support/program.ts'

let dovecot: Dovecot
beforeAll(async () => {
  await buildProgram()
  dovecot = await startDovecot()
  await dovecot.deliver(USER, [Buffer.from('Subject: one\r\n\r\nmail\r\n')])
})
afterAll(() => dovecot[Symbol.asyncDispose]())

const USER = 'support@mailchute.example'

interface World extends AsyncDisposable {
  readonly server: OAuthServer
  readonly settings: Settings
}

async function openWorld(clientSecret: string | null): Promise<World> {
  const server = await startOAuthServer({ accessToken: dovecot.accessToken, user: USER })
  server.manners.clientSecret = clientSecret
  const settings = {
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: SECRET_KEY,
    MAILBOX_SUPPORT_URL: `pop3://${USER}@127.0.0.1:${dovecot.ports.pop3}`,
    MAILBOX_SUPPORT_OAUTH_SCOPE: 'https://outlook.office365.com/.default',
    ...server.settings('SUPPORT'),
  }
  return { server, settings, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

interface Expected {
  readonly code: string
  readonly exitCode: number
  readonly says: string
  readonly hint: string
}

/** The line of the error, and nothing else on standard error but the log. */
async function expectLine({ server, settings }: World, args: readonly string[], expected: Expected): Promise<void> {
  const { code, stdout, stderr } = await run(args, settings)
  const lines = stderr.split('\n').filter((line) => line.startsWith('error '))
  expect({ code, lines }).toMatchObject({ code: expected.exitCode, lines: [expect.any(String)] })
  expect(lines[0]).toMatch(new RegExp(`^error ${expected.code}: `))
  expect(lines[0]).toContain(expected.says)
  expect(lines[0]?.split('Hint: ')[1]).toContain(expected.hint)
  expect(leaksIn(stdout.toString() + stderr, server.secrets)).toEqual([])
}

const always = (refusal: Refusal) => () => refusal

describe('an application with a secret is told, at the mailbox test, that', () => {
  test.each([
    ['the secret has expired', REFUSALS.secretExpired, 'oauth/client-refused', 78, 'make a new secret'],
    ['nobody has consented', REFUSALS.unconsented, 'oauth/consent-required', 77, 'administrator consent'],
    ['the authority throttles', REFUSALS.throttled, 'oauth/unavailable', 75, 'tried again'],
  ] as const)('%s', async (_, refusal, code, exitCode, hint) => {
    await using world = await openWorld(CLIENT_SECRET)
    world.server.manners.refuse = always(refusal)
    const says = `AADSTS${refusal.aadsts} ${refusal.error}: `
    await expectLine(world, ['mailbox', 'test', 'support'], { code, exitCode, says, hint })
  })

  test('the secret is wrong, by the authority itself, whatever the secret looks like', async () => {
    await using world = await openWorld(CLIENT_SECRET)
    const wrong = { ...world, settings: { ...world.settings, MAILBOX_SUPPORT_OAUTH_CLIENT_SECRET: 'not the secret' } }
    const says = 'AADSTS7000215 invalid_client: Invalid client secret provided'
    const hint = 'OAUTH_CLIENT_SECRET'
    await expectLine(wrong, ['mailbox', 'test', 'support'], { code: 'oauth/client-refused', exitCode: 78, says, hint })
  })

  test('the tenant is unknown, by the authority itself', async () => {
    await using world = await openWorld(CLIENT_SECRET)
    const authority = world.server.authority.replace(/[^/]+$/, 'nowhere')
    const wrong = { ...world, settings: { ...world.settings, MAILBOX_SUPPORT_OAUTH_AUTHORITY: authority } }
    const expected = { code: 'oauth/tenant-unknown', exitCode: 78, says: 'AADSTS90002', hint: 'consumers' }
    await expectLine(wrong, ['mailbox', 'test', 'support'], expected)
  })

  test('the authority is not there', async () => {
    await using world = await openWorld(CLIENT_SECRET)
    const gone = { code: 'oauth/unavailable', exitCode: 75, says: 'not reached (ECONNREFUSED)', hint: 'tried again' }
    await world.server[Symbol.asyncDispose]()
    await expectLine(world, ['mailbox', 'test', 'support'], gone)
  })

  test('the clock of this machine is wrong by ten minutes, where the authority refuses', async () => {
    await using world = await openWorld(CLIENT_SECRET)
    world.server.manners.clockAheadSeconds = 600
    world.server.manners.refuse = always({
      ...REFUSALS.secretWrong,
      aadsts: 700024,
      text: 'Client assertion is not within its valid time range.',
    })
    const expected = { code: 'oauth/clock-wrong', exitCode: 78, says: ' s behind that of 127.0.0.1', hint: 'NTP' }
    await expectLine(world, ['mailbox', 'test', 'support'], expected)
  })

  test('the clock is wrong in a line of the log, where the authority gives a token all the same', async () => {
    await using world = await openWorld(CLIENT_SECRET)
    world.server.manners.clockAheadSeconds = -600
    const { code, stderr } = await run(['mailbox', 'test', 'support'], world.settings)
    expect(code).toBe(0)
    const [line, ...others] = logLines(stderr)
    expect(line).toMatchObject({ event: 'clock.wrong', mailbox: 'support' })
    expect(Math.abs(Number(line?.['skewSeconds']) + 600)).toBeLessThan(5)
    expect(others).toEqual([])
  })
})

describe('a login ends in one line where', () => {
  test.each([
    ['the organisation blocks device codes', REFUSALS.deviceBlocked, 'oauth/flow-blocked', 77, 'without --device'],
    ['nobody types the code in', REFUSALS.deviceExpired, 'oauth/login-unfinished', 75, 'try again'],
    ['the registration is no public client', REFUSALS.secretMissing, 'oauth/client-refused', 78, 'Allow public client'],
  ] as const)('%s', async (_, refusal, code, exitCode, hint) => {
    await using world = await openWorld(null)
    world.server.manners.refuse = ({ endpoint }) => (endpoint === 'token' ? refusal : null)
    const says = `AADSTS${refusal.aadsts} ${refusal.error}`
    await expectLine(world, ['mailbox', 'login', 'support', '--device'], { code, exitCode, says, hint })
  })

  test('there is no key to seal it with: before anybody has logged in', async () => {
    await using world = await openWorld(null)
    const { MAILCHUTE_SECRET_KEY: _, ...settings }: Settings = world.settings
    const expected = { code: 'config/secret-key-missing', exitCode: 78, says: 'MAILCHUTE_SECRET_KEY', hint: 'openssl' }
    await expectLine({ ...world, settings }, ['mailbox', 'login', 'support', '--device'], expected)
    expect(world.server.requests).toEqual([])
  })
})

describe('a mailbox somebody has logged in to', () => {
  const mailboxState = async (settings: Settings) => (await runJson(['mailbox', 'list', '--json'], settings))[0]
  const events = async ({ store, mailboxId }: LoggedIn) => {
    const login = await store.logins.find(mailboxId)
    return { isRefused: login?.refusedAt !== null, hasLogin: login !== null }
  }

  test('is paused when the login is revoked, asks no more, and is polled at once after a new login', async () => {
    await using world = await openWorld(null)
    await using loggedIn = await logIn(world.settings, world.server)
    world.server.revokeAll()
    const expected = {
      ...{
        code: 'oauth/login-required',
        exitCode: 77,
        says: 'AADSTS50173 invalid_grant: The provided grant has expired',
      },
      hint: 'mailchute mailbox login support',
    }
    await expectLine(world, ['drain'], expected)
    expect(await mailboxState(world.settings)).toMatchObject({ state: 'paused', pausedReason: 'oauth/login-required' })
    expect(await events(loggedIn)).toEqual({ isRefused: true, hasLogin: true })

    const asked = world.server.requests.length
    await expectLine(world, ['drain'], { ...expected, says: 'the authority has refused the login since' })
    expect(world.server.requests).toHaveLength(asked)

    await using again = await logIn(world.settings, world.server)
    expect(await mailboxState(world.settings)).toMatchObject({ state: 'active', failures: 0, nextPollAt: null })
    expect(await events(again)).toEqual({ isRefused: false, hasLogin: true })
    expect((await run(['drain'], world.settings)).code).toBe(0)
  })

  test('is not paused when the mail server refuses a good token: Exchange has one answer for everything', async () => {
    await using world = await openWorld(null)
    // As where POP is switched off: Dovecot verifies the token, and refuses this user.
    const settings = { ...world.settings, MAILBOX_SUPPORT_URL: `pop3://off@127.0.0.1:${dovecot.ports.pop3}` }
    await using _ = await logIn(settings, world.server)
    const expected = {
      code: 'source/token-refused',
      exitCode: 77,
      says: 'AUTH',
      hint: 'POP, IMAP or SMTP AUTH is switched off',
    }
    await expectLine({ ...world, settings }, ['drain'], expected)
    expect(await mailboxState(settings)).toMatchObject({ state: 'active', pausedReason: null, failures: 1 })
    // The first token, and the new one that was tried once.
    expect(world.server.requests).toHaveLength(2)
  })

  test('keeps its login through outages and refusals that are not its own', async () => {
    await using world = await openWorld(null)
    await using loggedIn = await logIn(world.settings, world.server)
    for (const refusal of [REFUSALS.down, REFUSALS.throttled, REFUSALS.secretExpired, REFUSALS.unconsented]) {
      world.server.manners.refuse = always(refusal)
      await expect(
        loggedIn.tokens().accessToken(loggedIn.mailbox, 'mail', AbortSignal.timeout(5000)),
      ).rejects.toMatchObject({ message: expect.stringContaining(String(refusal.aadsts)) })
      expect(await events(loggedIn)).toEqual({ isRefused: false, hasLogin: true })
    }
    world.server.manners.refuse = () => null
    expect((await run(['mailbox', 'test', 'support'], world.settings)).code).toBe(0)
  })

  test('counts as not logged in where the login is of another client', async () => {
    await using world = await openWorld(null)
    await using _ = await logIn(world.settings, world.server)
    const settings = { ...world.settings, MAILBOX_SUPPORT_OAUTH_CLIENT_ID: 'another' }
    const expected = {
      code: 'oauth/login-required',
      exitCode: 77,
      says: 'of another OAuth client',
      hint: 'mailbox login support',
    }
    await expectLine({ ...world, settings }, ['mailbox', 'test', 'support'], expected)
    expect(world.server.requests).toEqual([])
  })
})
