import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateMails } from '../../../src/sandbox/generate.ts'
import { type Dovecot, startDovecot } from '../../support/dovecot.ts'
import { leaksIn, leaksInDatabase } from '../../support/leaks.ts'
import { CLIENT_SECRET, type OAuthServer, startOAuthServer } from '../../support/oauth-server.ts'
import { createDatabase } from '../../support/postgres.ts'
import { buildProgram, type Ended, run, runJson, type Settings, start } from '../../support/program.ts'
import { CTRL_C, ENTER, onTerminal } from '../../support/terminal.ts'

const MAILS = 12
const KEY = Buffer.alloc(32, 7).toString('base64')

let dovecot: Dovecot
let folder = ''
beforeAll(async () => {
  await buildProgram()
  dovecot = await startDovecot()
  folder = await mkdtemp(path.join(tmpdir(), 'mailchute-ca-'))
  await writeFile(path.join(folder, 'ca.pem'), dovecot.ca)
})
afterAll(async () => {
  await dovecot[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

interface World extends AsyncDisposable {
  readonly server: OAuthServer
  readonly settings: Settings
}

/** A mailbox with mail on Dovecot, and an authority whose tokens Dovecot verifies. */
async function openWorld(
  user: string,
  scheme: 'pop3s' | 'pop3+stls',
  clientSecret: string | null = null,
): Promise<World> {
  const server = await startOAuthServer({ accessToken: dovecot.accessToken, user })
  server.manners.clientSecret = clientSecret
  await dovecot.deliver(
    user,
    generateMails({ count: MAILS, seed: 5, averageBytes: 2000 }).map(({ octets }) => octets),
  )
  const port = scheme === 'pop3s' ? dovecot.ports.pop3s : dovecot.ports.pop3
  const settings = {
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: KEY,
    LOG_LEVEL: 'trace',
    MAILBOX_SUPPORT_URL: `${scheme}://${user}@127.0.0.1:${port}?ca=${folder}/ca.pem`,
    ...server.settings('SUPPORT'),
  }
  return { server, settings, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const LOGIN = ['mailbox', 'login', 'support']

async function expectWorked({ server, settings }: World, user: string, ended: readonly Ended[]): Promise<void> {
  const [drained] = await runJson(['drain', '--json'], settings)
  expect(drained).toMatchObject({
    mailboxes: [{ listed: MAILS, stored: MAILS, deleted: MAILS, error: null }],
    work: { ticketed: MAILS },
  })
  expect(await dovecot.files(user)).toEqual([])
  const printed = ended.map(({ stdout, stderr }) => stdout.toString() + stderr).join('\n')
  const secrets = [...server.secrets, KEY]
  expect(secrets.length).toBeGreaterThan(2)
  expect(leaksIn(printed, secrets)).toEqual([])
  expect(await leaksInDatabase(settings['DATABASE_URL'] ?? '', secrets)).toEqual([])
}

describe('a login', () => {
  test('with a browser on this machine: the redirect comes by itself, and POP3S takes the token (RFC 8252)', async () => {
    await using world = await openWorld('browser@mailchute.example', 'pop3s')
    const login = start(LOGIN, world.settings)
    const [, url = ''] = await login.printed(/^ {2}(http\S+)$/m)
    expect(new URL(url).searchParams.get('login_hint')).toBe('browser@mailchute.example')
    const back = await world.server.browse(url)
    expect(new URL(back).hostname).toBe('localhost')
    expect((await fetch(new URL('/favicon.ico', back))).status).toBe(404)
    expect((await fetch(back.replace(/([?&])state=[^&]*/, '$1state=guessed'))).status).toBe(400)
    const page = await fetch(back)
    expect(await page.text()).toContain('<h1>Logged in</h1>')
    const ended = await login.ended
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.stdout.toString()).toMatch(/login works, 12 messages/)
    await expectWorked(world, 'browser@mailchute.example', [ended])
  })

  test('with a browser elsewhere: the redirect URL is pasted, whatever else was pasted before', async () => {
    await using world = await openWorld('paste@mailchute.example', 'pop3+stls')
    const login = start(LOGIN, world.settings, { hasInput: true })
    const [, url = ''] = await login.printed(/^ {2}(http\S+)$/m)
    login.child.stdin?.write('what?\nhttp://localhost/?code=1&state=2\n')
    login.child.stdin?.write(`"${await world.server.browse(url)}"\n`)
    const ended = await login.ended
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.stderr.match(/That is not the URL/g)).toHaveLength(2)
    await expectWorked(world, 'paste@mailchute.example', [ended])
  })

  test('on a terminal: a URL longer than a line of it may be (4096, termios) is pasted whole, and Ctrl-C ends it', async () => {
    await using world = await openWorld('terminal@mailchute.example', 'pop3s')
    const url = (screen: string) => /^ {2}(http\S+)/m.exec(screen)?.[1] ?? ''
    const login = onTerminal(LOGIN, world.settings, folder)
    await login.answer('paste it here')
    const back = await world.server.browse(url(login.screen()))
    await login.answer('', `${back}&session=${'x'.repeat(6000)}`, ENTER)
    expect(await login.ended).toBe(0)
    expect(login.screen()).toMatch(/login works, 12 messages/)
    const stopped = onTerminal(LOGIN, world.settings, folder)
    await stopped.answer('paste it here', CTRL_C)
    expect(await stopped.ended).toBe(75)
  })

  test('with a redirect URI of its own that is not this machine: pasted, or nothing', async () => {
    await using world = await openWorld('elsewhere@mailchute.example', 'pop3s')
    const redirect = ['--redirect', 'http://localhost/']
    const login = start([...LOGIN, ...redirect], world.settings, { hasInput: true })
    const [, url = ''] = await login.printed(/^ {2}(http\S+)$/m)
    expect(new URL(url).searchParams.get('redirect_uri')).toBe('http://localhost/')
    login.child.stdin?.write(`${await world.server.browse(url)}\n`)
    expect(await login.ended).toMatchObject({ code: 0 })
    const alone = await run([...LOGIN, ...redirect], world.settings)
    expect(alone).toMatchObject({ code: 75 })
    expect(alone.stderr).toContain('oauth/login-unfinished')
  })

  test('to Graph asks for the consent of Exchange too where mail goes out over SMTP, and ends when told to', async () => {
    await using world = await openWorld('graph@mailchute.example', 'pop3s')
    const login = start(LOGIN, {
      ...world.settings,
      MAILBOX_SUPPORT_URL: 'graph://graph@mailchute.example',
      MAILBOX_SUPPORT_SMTP_URL: 'smtp+starttls://smtp.office365.com',
    })
    const [, url = ''] = await login.printed(/^ {2}(http\S+)$/m)
    expect(new URL(url).searchParams.get('scope')?.split(' ')).toEqual([
      'https://graph.microsoft.com/Mail.ReadWrite',
      'offline_access',
      'https://outlook.office.com/SMTP.Send',
    ])
    login.child.kill('SIGTERM')
    expect(await login.ended).toMatchObject({ code: 75, stderr: expect.stringContaining('runtime/shutting-down') })
    expect(world.server.requests).toEqual([])
  })

  test('by device code: it asks until somebody has typed it in (RFC 8628)', async () => {
    await using world = await openWorld('device@mailchute.example', 'pop3+stls')
    const polls = () => world.server.requests.filter(({ grantType }) => grantType.endsWith('device_code')).length
    world.server.manners.verificationUri = 'https://microsoft.example/\x1b[2Jdevicelogin'
    const login = start([...LOGIN, '--device'], world.settings)
    const [, code = ''] = await login.printed(/type in the code (\S+)/)
    const { promise: asked, resolve } = Promise.withResolvers<void>()
    world.server.manners.beforeAnswer = async () => {
      if (polls() === 2) resolve()
    }
    await asked
    world.server.manners.grantedScope = 'https://outlook.office.com/POP.AccessAsUser.All'
    world.server.approve(code)
    const ended = await login.ended
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.stdout.toString()).toContain('Open https://microsoft.example/ [2Jdevicelogin and')
    expect(ended.stderr).toContain('not granted, though asked for: https://outlook.office.com/SMTP.Send.')
    await expectWorked(world, 'device@mailchute.example', [ended])
  })

  test('is not needed for client credentials, which get in by themselves (RFC 6749 section 4.4)', async () => {
    await using world = await openWorld('application@mailchute.example', 'pop3s', CLIENT_SECRET)
    const settings = { ...world.settings, MAILBOX_SUPPORT_OAUTH_SCOPE: 'https://outlook.office365.com/.default' }
    const { DATABASE_URL: _, ...bare }: Settings = settings
    const told = await run(LOGIN, bare)
    expect(told).toMatchObject({ code: 0 })
    expect(told.stdout.toString()).toContain('no login is needed')
    const tested = await run(['mailbox', 'test', 'support'], bare)
    expect({ ...tested, stdout: tested.stdout.toString() }).toMatchObject({ code: 0 })
    await expectWorked({ ...world, settings }, 'application@mailchute.example', [told, tested])
    await run(['drain'], settings)
    const asked = world.server.requests.filter(({ endpoint }) => endpoint === 'token')
    // One by the test without a database; the two drains share theirs.
    expect(asked).toHaveLength(2)
  })
})
