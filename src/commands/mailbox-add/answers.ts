/** What was answered, and the settings that say the same. */

import type { Draft } from './draft.ts'
import { type MailboxSettings, nameOf } from './draft.ts'
import type { Kind } from './guess.ts'

export interface Answers {
  readonly address: string
  readonly kind: Kind
  readonly protocol: 'pop3' | 'imap' | 'graph'
  /** `host` or `host:port`; where the kind does not tell it. */
  readonly place: string
  readonly encryption: 'tls' | 'stls' | 'plain'
  /** Where it is not the address. */
  readonly user: string
  readonly login: 'password' | 'person' | 'application'
  readonly password: string
  readonly clientId: string
  readonly clientSecret: string
  readonly clientSecretExpires: string
  readonly tenant: string
  readonly afterwards: 'keep' | 'delete' | 'move' | 'leave'
  /** For `keep`: like `7d`. */
  readonly keepFor: string
  /** For `move`. */
  readonly folder: string
  readonly name: string
}

export const isMicrosoft = (kind: Kind): boolean => kind === 'outlook' || kind === 'microsoft-365'

export function draftOf(answers: Answers): Draft {
  return { name: nameOf(answers.name) ?? '', settings: { URL: urlOf(answers), ...loginOf(answers) } }
}

export function urlOf(answers: Answers): string {
  const options = optionsOf(answers).join('&')
  return `${placeOf(answers)}${options === '' ? '' : `?${options}`}`
}

const EXCHANGE = 'outlook.office365.com'
const SCHEMES = {
  pop3: { tls: 'pop3s', stls: 'pop3+stls', plain: 'pop3' },
  imap: { tls: 'imaps', stls: 'imap+starttls', plain: 'imap' },
}

function placeOf({ kind, protocol, address, user, place, encryption }: Answers): string {
  if (protocol === 'graph') return `graph://${plainly(address)}`
  if (isMicrosoft(kind))
    return protocol === 'pop3' ? `outlook://${plainly(address)}` : `imaps://${plainly(address)}@${EXCHANGE}`
  if (kind === 'gmail') return `${protocol}s://${plainly(address)}@${protocol === 'imap' ? 'imap' : 'pop'}.gmail.com`
  return `${SCHEMES[protocol][encryption]}://${plainly(user)}@${place}`
}

/** An @ may stand as it is, and is easier to read. */
const plainly = (user: string) => encodeURIComponent(user).replaceAll('%40', '@')

function optionsOf({ afterwards, keepFor, folder }: Answers): string[] {
  if (afterwards === 'keep') return [`deleteAfter=${keepFor}`]
  if (afterwards === 'leave') return ['deleteAfter=never']
  return afterwards === 'move' ? [`moveTo=${encodeURIComponent(folder)}`] : []
}

function loginOf(answers: Answers): MailboxSettings {
  if (answers.login === 'password') return { PASSWORD: answers.password }
  const { clientId, clientSecret, clientSecretExpires, tenant, kind, login } = answers
  return {
    OAUTH_CLIENT_ID: clientId,
    OAUTH_CLIENT_SECRET: clientSecret,
    OAUTH_CLIENT_SECRET_EXPIRES: clientSecretExpires,
    OAUTH_TENANT: isMicrosoft(kind) ? tenant : '',
    // A secret alone would mean the application itself.
    OAUTH_GRANT: login === 'person' && clientSecret !== '' ? 'login' : '',
  }
}
