/** SIGKILL of the built program while it renews a login: before, while and after the authority's answer comes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dovecot, startDovecot } from '../../support/dovecot.ts'
import { logIn, SECRET_KEY } from '../../support/logged-in.ts'
import { loginEvents, waitersForLock } from '../../support/login-rows.ts'
import { type OAuthServer, startOAuthServer } from '../../support/oauth-server.ts'
import { createDatabase } from '../../support/postgres.ts'
import { buildProgram, run, type Settings, start } from '../../support/program.ts'

const USER = 'support@mailchute.example'
/** After the answer has left: its way through the process into the database takes some of these. */
const KILLED_AFTER_MILLISECONDS = [0, 1, 2, 3, 5, 8, 12, 20]

let dovecot: Dovecot
let server: OAuthServer
let settings: Settings
beforeAll(async () => {
  await buildProgram()
  dovecot = await startDovecot()
  server = await startOAuthServer({ accessToken: dovecot.accessToken, user: USER })
  // Each time the program starts it has to renew.
  server.manners.expiresInSeconds = 60
  await dovecot.deliver(USER, [Buffer.from('Subject: one\r\n\r\nmail\r\n')])
  settings = {
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: SECRET_KEY,
    MAILBOX_SUPPORT_URL: `pop3://${USER}@127.0.0.1:${dovecot.ports.pop3}`,
    ...server.settings('SUPPORT'),
  }
  await using _ = await logIn(settings, server)
})
afterAll(async () => {
  await dovecot[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

test('three programs that renew a login at once make one token request', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  server.manners.beforeAnswer = () => released
  const programs = [1, 2, 3].map(() => start(['mailbox', 'test', 'support'], settings))
  await waitersForLock(settings['DATABASE_URL'] ?? '', 2)
  release()
  const ended = await Promise.all(programs.map((program) => program.ended))
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(3).fill({ code: 0, stderr: '' }))
  expect(server.requests).toHaveLength(1)
})

describe('a program that is killed while it renews a login', () => {
  test('while the answer is held back: another one renews at once, with the refresh token there was', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>()
    const { promise: never, reject: end } = Promise.withResolvers<void>()
    server.manners.beforeAnswer = () => {
      resolve()
      return never
    }
    const killed = start(['mailbox', 'test', 'support'], settings)
    await asked
    server.manners.beforeAnswer = async () => undefined
    killed.child.kill('SIGKILL')
    expect((await killed.ended).signal).toBe('SIGKILL')
    end(new Error('nobody is there any more'))
    const tested = await run(['mailbox', 'test', 'support'], settings)
    expect({ ...tested, stdout: '' }).toMatchObject({ code: 0, stderr: '' })
  })

  test('at moments around the answer, again and again: the login stays good', async () => {
    for (const milliseconds of KILLED_AFTER_MILLISECONDS) {
      const { promise: answered, resolve } = Promise.withResolvers<void>()
      server.manners.beforeAnswer = async () => resolve()
      const killed = start(['mailbox', 'test', 'support'], settings)
      await answered
      await new Promise((elapsed) => setTimeout(elapsed, milliseconds))
      killed.child.kill('SIGKILL')
      await killed.ended
    }
    const tested = await run(['drain'], settings)
    expect({ code: tested.code, stderr: tested.stderr }).toMatchObject({ code: 0 })
    expect(await dovecot.files(USER)).toEqual([])
    const events = await loginEvents(settings['DATABASE_URL'] ?? '')
    expect(events).not.toContain('login/refused')
  })
})
