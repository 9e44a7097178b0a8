import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startSandbox } from '../../../src/sandbox/server.ts'
import { type Acknowledging, openAcknowledging } from '../../support/acknowledging.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { mail } from '../../support/mails.ts'
import { CLIENT_SECRET, type OAuthServer, startOAuthServer } from '../../support/oauth-server.ts'
import { startSmtp, type TestSmtp } from '../../support/smtp-server.ts'

const USER = 'support@contoso.example'

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

interface Office {
  readonly desk: Acknowledging
  readonly smtp: TestSmtp
  readonly authority: OAuthServer
  /** What the SMTP server takes. */
  readonly good: Set<string>
}

/** A mailbox of Microsoft's kind: polled and sent from with tokens of one client, STARTTLS and XOAUTH2 on the way out. */
async function openOffice(): Promise<Office> {
  const handedOut: string[] = []
  const accessToken = () => `access-token-${handedOut.push('')}`
  const authority = await startOAuthServer({ user: USER, accessToken })
  authority.manners.clientSecret = CLIENT_SECRET
  const sandbox = await startSandbox({ mailboxes: [{ user: USER, password: 'none', accessToken: 'access-token-1' }] })
  const certificate = await makeCertificate('IP:127.0.0.1')
  const folder = await mkdtemp(path.join(tmpdir(), 'mailchute-ca-'))
  await writeFile(path.join(folder, 'ca.pem'), certificate.ca)
  const good = new Set(['access-token-1'])
  const smtp = await startSmtp({ security: 'starttls', certificate, auth: ['PLAIN', 'XOAUTH2'] })
  smtp.manners.login = ({ method, user, secret }) =>
    method === 'XOAUTH2' && user === USER && good.has(secret)
      ? null
      : { code: 535, text: '5.7.3 Authentication unsuccessful' }
  const mailbox = sandbox.mailbox(USER)
  const env = () => ({
    MAILBOX_TEST_URL: `${sandbox.url(USER)}?auth=oauth&ca=${path.join(folder, 'ca.pem')}`,
    ...authority.settings('TEST'),
  })
  const pop3 = { sandbox, mailbox, env, [Symbol.asyncDispose]: () => sandbox.close() }
  const desk = await openAcknowledging({
    pop3,
    smtp,
    from: USER,
    env: { MAILBOX_TEST_SMTP_URL: `smtp+starttls://127.0.0.1:${smtp.port}` },
  })
  opened.push(
    () => rm(folder, { recursive: true }),
    async () => await authority[Symbol.asyncDispose](),
    async () => await smtp[Symbol.asyncDispose](),
    () => sandbox.close(),
    async () => await desk[Symbol.asyncDispose](),
  )
  return { desk, smtp, authority, good }
}

const states = ({ query }: Acknowledging) => query('SELECT state, reason FROM outbox ORDER BY id')

test('mail goes out with a token of the mailbox, renewed once where the server no longer takes the one that is kept', async () => {
  const { desk, smtp, authority, good } = await openOffice()
  desk.deliver(mail({ id: 'first' }))
  await desk.takeIn()
  await desk.send()
  expect(smtp.logins.map(({ secret }) => secret)).toEqual(['access-token-1'])
  good.clear()
  good.add('access-token-2')
  desk.deliver(mail({ id: 'second', from: 'bert@example.com' }))
  await desk.takeIn()
  await desk.send()
  expect(smtp.logins.map(({ secret }) => secret).slice(1)).toEqual(['access-token-1', 'access-token-2'])
  expect([smtp.mails.length, authority.requests.length]).toEqual([2, 2])
})

test('a server that takes no token at all is tried again later: that alone is no proof that the login is gone', async () => {
  const { desk, smtp, good } = await openOffice()
  good.clear()
  desk.deliver(mail({ id: 'first' }))
  await desk.takeIn()
  await desk.send()
  expect(await states(desk)).toEqual([{ state: 'waiting', reason: 'outbound/token-refused' }])
  expect(smtp.logins).toHaveLength(2)
  expect(smtp.mails).toEqual([])
})
