/** `mailchute mailbox login`: somebody logs in to a mailbox by OAuth, with a browser here or elsewhere, or by a code. */
import { keepLogin } from '../access/login-record.ts'
import { resourceOf } from '../access/tokens.ts'
import type { Config, MailboxConfig, OAuthClientConfig } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { isClockWrong } from '../source/oauth/clock.ts'
import { beginDeviceLogin } from '../source/oauth/device-code.ts'
import { type Grant, missingScopes } from '../source/oauth/grant.ts'
import { type App, mailboxesOf, openApp } from './app.ts'
import { type BrowserOptions, throughBrowser } from './browser-login.ts'
import { inspectionText, inspectMailbox } from './mailbox-inspect.ts'
import { print, printable } from './terminal.ts'

export interface LoginOptions extends BrowserOptions {
  readonly device: boolean
}

export async function login(config: Config, name: string, options: LoginOptions, signal: AbortSignal): Promise<void> {
  for (const mailbox of mailboxesOf(config, name)) {
    const client = clientOf(mailbox)
    if (client === null || client.grant === 'client-credentials') {
      const why = client === null ? 'its password or token is in the settings' : 'its application logs in by itself'
      print(`${mailbox.name}: no login is needed, ${why}. Try \`mailchute mailbox test ${mailbox.name}\`\n`)
      continue
    }
    await logInTo(config, mailbox, client, options, signal)
    await tryOut(config, mailbox, signal)
  }
}

/** SMTP uses the client of its mailbox, which may be polled with a password. */
function clientOf({ credentials, smtp }: MailboxConfig): OAuthClientConfig | null {
  if (credentials.kind === 'oauth') return credentials.client
  return smtp?.credentials?.kind === 'oauth' ? smtp.credentials.client : null
}

async function logInTo(
  config: Config,
  mailbox: MailboxConfig,
  client: OAuthClientConfig,
  options: LoginOptions,
  signal: AbortSignal,
): Promise<void> {
  await using app = await openApp(config)
  // Nobody is to log in for nothing.
  await app.keyring.ensureKey()
  const resource = resourceOf(mailbox)
  const scope = client.scopes[resource]
  const keep = async (grant: Grant, flow: string) => {
    const row = app.rows.get(mailbox.name)
    if (row === undefined) throw new MailchuteError('config/unknown-mailbox', `no mailbox is named ${mailbox.name}`)
    await keepLogin(app, row.id, client, resource, grant, flow)
    tell(app, mailbox, grant, scope)
  }
  if (options.device) {
    const device = await beginDeviceLogin(client, scope, signal)
    const minutes = Math.floor(device.expiresInSeconds / 60)
    const [place, code] = [printable(device.verificationUri), printable(device.userCode)]
    print(`Open ${place} and type in the code ${code} (good for ${minutes} minutes).\n`)
    print(`Log in as ${mailbox.user}, or as somebody who may read that mailbox.\n`)
    return await keep(await device.finish(signal), 'device-code')
  }
  const wish = { loginHint: mailbox.user, consentTo: consentTo(mailbox, client), scope }
  await throughBrowser(client, wish, options, signal, (grant) => keep(grant, 'authorization-code'))
}

/** One consent for all that the refresh token is to serve; each access token is for one resource. */
function consentTo(mailbox: MailboxConfig, { scopes }: OAuthClientConfig): string {
  const sendsByOAuth = mailbox.smtp?.credentials?.kind === 'oauth'
  const wanted = [scopes[resourceOf(mailbox)], sendsByOAuth ? scopes.mail : '']
  return [...new Set(wanted.flatMap((scope) => scope.split(/\s+/)))].filter((scope) => scope !== '').join(' ')
}

function tell({ log }: App, { name }: MailboxConfig, grant: Grant, asked: string): void {
  const until = grant.refreshTokenExpiresAt
  const lasts = until === null ? '' : `; it lasts until ${until.toISOString().slice(0, 10)}, and is renewed before that`
  print(`${name}: the login is kept${lasts}\n`)
  const skewSeconds = grant.clockSkewSeconds
  if (isClockWrong(skewSeconds)) log.event('clock.wrong', { mailbox: name, skewSeconds })
  const missing = missingScopes(asked, grant.scope)
  if (missing.length === 0) return
  process.stderr.write(
    `warning: not granted, though asked for: ${missing.join(' ')}. Check the API permissions of the app registration\n`,
  )
}

/** Whether the mail server takes the token is another question, and the one that counts. */
async function tryOut(config: Config, mailbox: MailboxConfig, signal: AbortSignal): Promise<void> {
  try {
    print(inspectionText(await inspectMailbox(config, mailbox, signal)))
  } catch (thrown) {
    const { code, message, hint, context } = asMailchuteError(thrown)
    throw new MailchuteError(code, `the login is kept, but the mailbox does not open: ${message}`, { hint, context })
  }
}
