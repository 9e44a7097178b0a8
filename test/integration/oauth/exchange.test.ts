/** An OAuth client, a token, and a mailbox with the manners of Exchange behind TLS: the whole way with the program. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createConnect } from '../../../src/access/connect.ts'
import { readConfig } from '../../../src/config.ts'
import { refuseLogin } from '../../../src/sandbox/manners.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { leaksIn } from '../../support/leaks.ts'
import { logIn, SECRET_KEY } from '../../support/logged-in.ts'
import { mail } from '../../support/mails.ts'
import { CLIENT_SECRET, type OAuthServer, startOAuthServer } from '../../support/oauth-server.ts'
import { createDatabase } from '../../support/postgres.ts'
import { buildProgram, logLines, run, runJson, type Settings } from '../../support/program.ts'
import { startExchangeMailbox, type TestMailbox } from '../../support/sandbox.ts'

beforeAll(buildProgram, 300_000)

let stack: AsyncDisposableStack
let server: TestMailbox
let authority: OAuthServer
let caFile: string
let ca: string

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  const { ca: authorityOfTls, cert, key } = await makeCertificate('DNS:localhost,IP:127.0.0.1')
  ca = authorityOfTls
  caFile = path.join(await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'ca-')), 'ca.pem')
  await writeFile(caFile, ca)
  server = stack.use(await startExchangeMailbox([], { tls: { mode: 'implicit', key, cert } }))
  const { MAILBOX_TEST_ACCESS_TOKEN: token = '' } = server.env()
  authority = stack.use(await startOAuthServer({ accessToken: () => token, user: server.mailbox.user }))
  for (const id of ['one', 'two']) server.mailbox.deliver(mail({ id, from: `${id}@example.com` }))
})
afterEach(() => stack.disposeAsync())

/** A client with a secret is one of Microsoft 365; without it somebody logs in. */
async function settingsOf(clientSecret: string | null): Promise<Settings> {
  authority.manners.clientSecret = clientSecret
  const { MAILBOX_TEST_URL: url = '' } = server.env(`ca=${encodeURIComponent(caFile)}&auth=oauth`)
  return {
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: SECRET_KEY,
    MAILBOX_TEST_URL: url,
    MAILBOX_TEST_OAUTH_SCOPE: 'https://outlook.office365.com/.default',
    ...authority.settings('TEST'),
  }
}

const TOKEN_REFUSED = 'source/token-refused'

describe('a mailbox with the manners of Exchange and an OAuth client', () => {
  test('is emptied over TLS with a token of the application', async () => {
    const settings = await settingsOf(CLIENT_SECRET)
    const [report] = await runJson(['drain', '--json'], settings)
    const sheet = { listed: 2, retrieved: 2, stored: 2, deleted: 2, left: 0, error: null }
    expect(report).toMatchObject({ mailboxes: [sheet], work: { ticketed: 2, suppressed: 0, quarantined: 0 } })
    expect(server.mailbox.messages()).toEqual([])
    expect(server.sandbox.log.filter(({ verb }) => verb === 'AUTH')).toMatchObject([{ argument: 'XOAUTH2' }])
  })

  test('is emptied with the token of somebody who has logged in', async () => {
    const settings = await settingsOf(null)
    await (await logIn(settings, authority))[Symbol.asyncDispose]()
    const [report] = await runJson(['drain', '--json'], settings)
    expect(report).toMatchObject({ mailboxes: [{ deleted: 2, error: null }], work: { ticketed: 2 } })
  })

  test('that refuses a token that is good is tried again with back-off, and never paused', async () => {
    const settings = await settingsOf(CLIENT_SECRET)
    server.sandbox.behave([refuseLogin('Authentication failure: unknown user name or bad password.')])
    for (const failures of [1, 2]) {
      const { code, stdout, stderr } = await run(['drain', '--json'], settings)
      expect(JSON.parse(stdout.toString())).toMatchObject({ mailboxes: [{ error: { code: TOKEN_REFUSED } }] })
      expect(code).toBe(77)
      expect(stderr).toContain(`error ${TOKEN_REFUSED}: `)
      const events = logLines(stderr).map((line) => [line.event, line['code']])
      expect(events).toContainEqual(['poll.failed', TOKEN_REFUSED])
      expect(events.map(([event]) => event)).not.toContain('mailbox.paused')
      expect(leaksIn(stdout.toString() + stderr, authority.secrets)).toEqual([])
      const [mailbox] = await runJson(['mailbox', 'list', '--json'], settings)
      expect(mailbox).toMatchObject({ state: 'active', pausedReason: null, failures, nextPollAt: expect.any(String) })
    }
    server.sandbox.behave([])
    const [report] = await runJson(['drain', '--json'], settings)
    expect(report).toMatchObject({ mailboxes: [{ deleted: 2, error: null }] })
  }, 300_000)

  test('is what outlook:// means, wherever its host is', async () => {
    const { MAILBOX_TEST_URL: _, ...settings } = await settingsOf(CLIENT_SECRET)
    const url = 'outlook://support@mailchute.example'
    const [mailbox] = readConfig({ ...settings, MAILBOX_TEST_URL: url }, tmpdir()).mailboxes
    if (mailbox === undefined) throw new Error('no mailbox is set')
    expect(mailbox).toMatchObject({ isMicrosoft: true, security: 'tls', port: 995, host: 'outlook.office365.com' })
    const asked: unknown[] = []
    const connect = createConnect({
      accessToken: async ({ credentials }, resource) => {
        asked.push({ grant: credentials.client.grant, resource })
        return server.env()['MAILBOX_TEST_ACCESS_TOKEN'] ?? ''
      },
    })
    const here = { host: '127.0.0.1', port: server.sandbox.port, user: server.mailbox.user, ca }
    await using session = await connect({ ...mailbox, ...here })(new AbortController().signal)
    expect(await session.list()).toHaveLength(2)
    expect(asked).toEqual([{ grant: 'client-credentials', resource: 'mail' }])
  })
})
