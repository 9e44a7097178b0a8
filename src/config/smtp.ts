/** Where mail of a mailbox goes out: MAILBOX_<NAME>_SMTP_URL and its password. */
import type { MailboxConfig, OAuthClientConfig, SmtpConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import { decode, isLoopback, parsePlace } from './mailbox-url.ts'
import { didYouMean, type Problem } from './problem.ts'

type Owner = Pick<MailboxConfig, 'user' | 'isMicrosoft' | 'credentials' | 'ca'>

const SCHEMES = new Map<string, { security: SmtpConfig['security']; port: number }>([
  ['smtps', { security: 'tls', port: 465 }],
  ['smtp+starttls', { security: 'starttls', port: 587 }],
  ['smtp', { security: 'plain', port: 25 }],
])
const URL_PARTS = /^([a-z+]+):\/\/(?:([^@/?#]*(?:@[^@/?#]*)?)@)?([^@/?#]+)\/?(?:\?(.*))?$/i
const ENVELOPES = ['auto', 'empty', 'own'] as const

/** null where none is set and none is known. */
export function readSmtp(
  name: string,
  owner: Owner,
  client: OAuthClientConfig | null,
  settings: Settings,
  problems: Problem[],
): SmtpConfig | null {
  const setting = `MAILBOX_${name}_SMTP_URL`
  const written = settings.get(setting) ?? (owner.isMicrosoft ? microsofts(client) : undefined)
  if (written === undefined) return null
  const reject = (problem: string, hint: string): null => {
    problems.push({ setting, problem, hint })
    return null
  }
  const [, scheme = '', rawUser, place = '', query = ''] = URL_PARTS.exec(written) ?? []
  const kind = SCHEMES.get(scheme.toLowerCase())
  if (!kind) return reject('it is no SMTP URL', hintFor(scheme))
  if (rawUser?.includes(':')) return reject('it holds a password', `use MAILBOX_${name}_SMTP_PASSWORD`)
  const address = parsePlace(place, kind.port)
  if (!address) return reject('its host or port is not valid', 'write smtp+starttls://user@host:587')
  if (kind.security === 'plain' && !isLoopback(address.host)) {
    return reject(
      'smtp:// without TLS is for this machine only',
      'use smtp+starttls:// (port 587) or smtps:// (port 465)',
    )
  }
  const options = new URLSearchParams(query)
  const unknown = [...options.keys()].find((option) => option !== 'envelope')
  if (unknown !== undefined) return reject(`there is no option '${unknown}'`, 'the only option is envelope')
  const envelope = ENVELOPES.find((choice) => choice === (options.get('envelope') ?? 'auto'))
  if (!envelope) return reject('envelope is unknown', `it is one of ${ENVELOPES.join(', ')}`)
  const user = rawUser === undefined ? owner.user : decode(rawUser)
  if (user === null) return reject('its user is not percent-encoded correctly', 'write %25 for a % in the user')
  const password = settings.secret(`MAILBOX_${name}_SMTP_PASSWORD`)
  return {
    url: `${scheme.toLowerCase()}://${encodeURIComponent(user)}@${place}`,
    ...address,
    security: kind.security,
    user,
    credentials: password ? { kind: 'password', password } : ownCredentials(owner, kind.security, rawUser),
    ca: owner.ca,
    envelope,
  }
}

/** A server on this machine is asked for nothing, unless a user is named. */
function ownCredentials({ credentials }: Owner, security: SmtpConfig['security'], user: string | undefined) {
  return security === 'plain' && user === undefined ? null : credentials
}

function microsofts(client: OAuthClientConfig | null): string {
  const isPersonal = client?.endpoints.token.includes('/consumers/') ?? false
  return `smtp+starttls://${isPersonal ? 'smtp-mail.outlook.com' : 'smtp.office365.com'}:587`
}

function hintFor(scheme: string): string {
  return didYouMean(scheme, [...SCHEMES.keys()]) ?? 'write smtp+starttls://user@host:587 or smtps://user@host'
}
