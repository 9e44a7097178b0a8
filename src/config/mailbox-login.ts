/** How Mailchute logs in to a mailbox: a password, a token that something else keeps fresh, or an OAuth client. */
import type { MailboxConfig, OAuthClientConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import type { Auth } from './mailbox-options.ts'
import type { Problem } from './problem.ts'

/** `auth` null: told by which of the secrets is set. null, and a problem, where none fits. */
export function readLogin(
  name: string,
  auth: Auth | null,
  client: OAuthClientConfig | null,
  settings: Settings,
  problems: Problem[],
): MailboxConfig['credentials'] | null {
  const setting = (suffix: string) => `MAILBOX_${name}_${suffix}`
  const password = settings.secret(setting('PASSWORD'))
  const token = settings.secret(setting('ACCESS_TOKEN'))
  const reject = (suffix: string, problem: string, hint: string): null => {
    problems.push({ setting: setting(suffix), problem, hint })
    return null
  }

  if (auth === null && password && (token || client)) {
    const other = token ? 'an access token' : 'an OAuth client'
    return reject('URL', `there are a password and ${other}`, 'remove one, or say ?auth=password or ?auth=oauth')
  }
  if ((auth ?? (token || client ? 'oauth' : 'password')) === 'password') {
    if (password) return { kind: 'password', password }
    if (fileIsSet('PASSWORD')) return null
    return reject('PASSWORD', 'it is not set', `set it, or ${setting('PASSWORD_FILE')}; OAuth needs ?auth=oauth`)
  }
  if (token) return { kind: 'access-token', token }
  if (fileIsSet('ACCESS_TOKEN')) return null
  if (client) return { kind: 'oauth', client }
  if (password) {
    return reject('PASSWORD', 'this mailbox logs in with OAuth', `set ${setting('OAUTH_CLIENT_ID')}, or ?auth=password`)
  }
  return reject('OAUTH_CLIENT_ID', 'it is not set', `set it, or ${setting('ACCESS_TOKEN')} (docs/outlook.md)`)

  /** Then what is wrong with the file has been reported. */
  function fileIsSet(suffix: string): boolean {
    return settings.get(setting(`${suffix}_FILE`)) !== undefined
  }
}
