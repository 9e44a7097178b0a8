/** How Mailchute logs in to a mailbox: a password, or a token of OAuth. */
import type { MailboxConfig, OAuthClientConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import type { Auth } from './mailbox-options.ts'
import { isLoopback } from './mailbox-url.ts'
import type { Problem } from './problem.ts'

type Login = Pick<MailboxConfig, 'credentials' | 'oauth'>

/** `auth` null: told by which of the secrets is set. null, and a problem, where none fits. */
export function readLogin(name: string, auth: Auth | null, settings: Settings, problems: Problem[]): Login | null {
  const setting = (suffix: string) => `MAILBOX_${name}_${suffix}`
  const password = settings.secret(setting('PASSWORD'))
  const token = settings.secret(setting('ACCESS_TOKEN'))
  const oauth = readOAuthClient(setting, settings, problems)
  const reject = (suffix: string, problem: string, hint: string): null => {
    problems.push({ setting: setting(suffix), problem, hint })
    return null
  }

  if (auth === null && password && token) {
    return reject('URL', 'there are a password and an access token', 'remove one, or say ?auth=password or ?auth=oauth')
  }
  if ((auth ?? (token || oauth ? 'oauth' : 'password')) === 'password') {
    if (password) return { credentials: { kind: 'password', password }, oauth }
    if (fileIsSet('PASSWORD')) return null
    return reject('PASSWORD', 'it is not set', `set it, or ${setting('PASSWORD_FILE')}; a token needs ?auth=oauth`)
  }
  if (token) return { credentials: { kind: 'access-token', token }, oauth }
  if (fileIsSet('ACCESS_TOKEN')) return null
  if (password) {
    return reject(
      'PASSWORD',
      'this mailbox logs in with OAuth',
      `set ${setting('ACCESS_TOKEN')} instead, or ?auth=password`,
    )
  }
  if (oauth) {
    const problem = 'logging in with an OAuth client is not supported yet'
    return reject('OAUTH_CLIENT_ID', problem, `set ${setting('ACCESS_TOKEN')}`)
  }
  return reject('ACCESS_TOKEN', 'it is not set', `set it, or ${setting('ACCESS_TOKEN_FILE')}`)

  /** Then what is wrong with the file has been reported. */
  function fileIsSet(suffix: string): boolean {
    return settings.get(setting(`${suffix}_FILE`)) !== undefined
  }
}

function readOAuthClient(
  setting: (suffix: string) => string,
  settings: Settings,
  problems: Problem[],
): OAuthClientConfig | null {
  const clientId = settings.get(setting('OAUTH_CLIENT_ID')) ?? null
  const clientSecret = settings.secret(setting('OAUTH_CLIENT_SECRET')) ?? null
  const tenant = settings.get(setting('OAUTH_TENANT')) ?? null
  const authority = settings.get(setting('OAUTH_AUTHORITY')) ?? null
  if (tenant && !/^[A-Za-z0-9.-]+$/.test(tenant)) {
    const hint = 'write its id or domain, or common, organizations or consumers'
    problems.push({ setting: setting('OAUTH_TENANT'), problem: 'it is no tenant', hint })
  }
  if (authority && !isAuthority(authority)) {
    const hint = 'write https://host/path; http is for this machine only'
    problems.push({ setting: setting('OAUTH_AUTHORITY'), problem: 'it is no URL of an authority', hint })
  }
  if (clientId) return { clientId, clientSecret, tenant, authority }
  if (clientSecret || tenant || authority) {
    const hint = 'set it, or remove the other OAUTH settings of this mailbox'
    problems.push({ setting: setting('OAUTH_CLIENT_ID'), problem: 'it is not set', hint })
  }
  return null
}

function isAuthority(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, search } = new URL(text)
  if (username || search) return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')))
}
