/** Who may log in to the console by OpenID Connect: CONSOLE_OIDC_* and CONSOLE_URL. See docs/console.md. */
import { CONSOLE_URL_HINT } from './console-url.ts'
import type { Settings } from './environment.ts'
import { isAuthority } from './mailbox-url.ts'
import type { Problem } from './problem.ts'

export interface OidcConfig {
  /** As the issuer itself writes it. */
  readonly issuer: string
  readonly clientId: string
  /** null: a public client, which has PKCE alone. */
  readonly clientSecret: string | null
  /** Separated by spaces. */
  readonly scope: string
  /** Origin under which browsers reach the console. */
  readonly consoleUrl: string
  /** The claim whose values the lists hold; null: verified e-mail addresses, in lower case. */
  readonly roleClaim: string | null
  /** Who is in both is an operator. */
  readonly operators: readonly string[]
  readonly auditors: readonly string[]
}

const SUFFIXES = ['ISSUER', 'CLIENT_ID', 'CLIENT_SECRET', 'SCOPE', 'ROLE_CLAIM', 'OPERATORS', 'AUDITORS'] as const

export const OIDC_SETTINGS: readonly string[] = SUFFIXES.map((suffix) => `CONSOLE_OIDC_${suffix}`)

type Reject = (setting: string, problem: string, hint: string) => void

/** `consoleUrl`: as it was read. Returns null where nobody logs in that way. */
export function readOidc(settings: Settings, consoleUrl: string | null, problems: Problem[]): OidcConfig | null {
  const get = (suffix: (typeof SUFFIXES)[number]) => settings.get(`CONSOLE_OIDC_${suffix}`)
  const isSet = OIDC_SETTINGS.some((name) => settings.get(name) ?? settings.get(`${name}_FILE`))
  if (!isSet) return null
  const reject: Reject = (setting, problem, hint) => problems.push({ setting, problem, hint })
  if (settings.get('CONSOLE_URL') === undefined) reject('CONSOLE_URL', 'it is not set', CONSOLE_URL_HINT)
  const roleClaim = readRoleClaim(get('ROLE_CLAIM'), reject)
  const list = (suffix: 'OPERATORS' | 'AUDITORS') => readList(`CONSOLE_OIDC_${suffix}`, get(suffix), roleClaim, reject)
  const [operators, auditors] = [list('OPERATORS'), list('AUDITORS')]
  if (get('OPERATORS') === undefined && get('AUDITORS') === undefined) {
    reject('CONSOLE_OIDC_OPERATORS', 'nobody could log in', 'set it, or CONSOLE_OIDC_AUDITORS')
  }
  return {
    issuer: readIssuer(get('ISSUER'), reject),
    clientId: readClientId(get('CLIENT_ID'), reject),
    clientSecret: settings.secret('CONSOLE_OIDC_CLIENT_SECRET') ?? null,
    scope: readScope(get('SCOPE'), reject),
    consoleUrl: consoleUrl ?? '',
    roleClaim,
    operators,
    auditors,
  }
}

function readIssuer(written: string | undefined, reject: Reject): string {
  const setting = 'CONSOLE_OIDC_ISSUER'
  if (written === undefined) {
    reject(setting, 'it is not set', 'set it, or remove the other CONSOLE_OIDC settings')
    return ''
  }
  if (!isAuthority(written) || written.includes('#')) {
    reject(setting, 'it is no URL of an issuer', 'write https://host/path; http is for this machine only')
    return ''
  }
  if (written.includes('/.well-known/')) {
    reject(setting, 'it is the address of its metadata', 'write what stands before /.well-known/')
  }
  if (isOfManyTenants(new URL(written))) {
    reject(
      setting,
      'it speaks for all tenants, and each could name operators',
      'put the id of your tenant in its place',
    )
  }
  return written
}

/** Microsoft's. Whoever administers a tenant of his own hands out its roles. */
const isOfManyTenants = ({ hostname, pathname }: URL): boolean =>
  /(^|\.)(microsoftonline\.(com|us)|partner\.microsoftonline\.cn)$/.test(hostname) &&
  /^\/(common|organizations|consumers)(\/|$)/i.test(pathname)

function readClientId(written: string | undefined, reject: Reject): string {
  if (written === undefined) reject('CONSOLE_OIDC_CLIENT_ID', 'it is not set', 'the issuer gives it at registration')
  return written ?? ''
}

function readScope(written: string | undefined, reject: Reject): string {
  const scopes = (written ?? 'openid profile email').split(/\s+/)
  if (!scopes.includes('openid')) reject('CONSOLE_OIDC_SCOPE', 'openid is not in it', 'write openid profile email')
  return scopes.join(' ')
}

/** Their owners or their administrators change them, and they may be somebody else's tomorrow. */
const MUTABLE = [
  ...['preferred_username', 'upn', 'unique_name', 'nickname', 'name', 'given_name', 'family_name'],
  ...['picture', 'profile', 'website'],
]

function readRoleClaim(written: string | undefined, reject: Reject): string | null {
  if (written === undefined || written === 'email') return null
  const setting = 'CONSOLE_OIDC_ROLE_CLAIM'
  if (!/^[\x21-\x7e]{1,200}$/.test(written)) reject(setting, 'it is no name of a claim', 'write it as roles, or groups')
  if (MUTABLE.includes(written)) {
    reject(setting, `${written} may change hands`, 'use roles, groups or sub, or e-mail addresses without this setting')
  }
  return written
}

const ADDRESS = /^[^\s@,<>"]+@[^\s@,<>"]+$/

function readList(
  setting: string,
  written: string | undefined,
  roleClaim: string | null,
  reject: Reject,
): readonly string[] {
  const values = (written ?? '').split(',').map((value) => value.trim())
  const known = values.filter((value) => value !== '')
  if (written !== undefined && known.length === 0)
    reject(setting, 'nobody is in it', 'write names, with commas between')
  if (roleClaim !== null) return known
  if (!known.every((address) => ADDRESS.test(address))) {
    const hint = 'write a@example.com, b@example.com; other values need CONSOLE_OIDC_ROLE_CLAIM'
    reject(setting, 'not all of it are addresses', hint)
  }
  return known.map(lowerCase)
}

/** Of ASCII alone: other letters have lower cases that are those of somebody else's address. */
export const lowerCase = (address: string): string => address.replace(/[A-Z]+/g, (found) => found.toLowerCase())
