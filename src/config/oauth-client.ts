/** The OAuth client of a mailbox: Microsoft's and Google's endpoints and scopes are known, others are spelt out. */
import type { OAuthClientConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import { isAuthority, type MailboxUrl } from './mailbox-url.ts'
import { didYouMean, type Problem } from './problem.ts'

type Reject = (suffix: string, problem: string, hint: string) => void
type Provider = OAuthClientConfig['provider']
type Grant = OAuthClientConfig['grant']
type Place = Pick<MailboxUrl, 'protocol' | 'host' | 'user'>

const PROVIDERS = ['microsoft', 'google', 'other'] as const satisfies Provider[]
const GRANTS = ['login', 'client-credentials'] as const satisfies Grant[]
const SUFFIXES = ['CLIENT_SECRET', 'TENANT', 'AUTHORITY', 'PROVIDER', 'GRANT', 'SCOPE']

/** null where none is set. */
export function readOAuthClient(
  name: string,
  place: Place,
  settings: Settings,
  problems: Problem[],
): OAuthClientConfig | null {
  const setting = (suffix: string) => `MAILBOX_${name}_OAUTH_${suffix}`
  const reject: Reject = (suffix, problem, hint) => problems.push({ setting: setting(suffix), problem, hint })
  const get = (suffix: string) => settings.get(setting(suffix)) ?? null
  const clientId = get('CLIENT_ID')
  if (clientId === null) {
    if (SUFFIXES.some((suffix) => get(suffix) || get(`${suffix}_FILE`))) {
      reject('CLIENT_ID', 'it is not set', 'set it, or remove the other OAUTH settings of this mailbox')
    }
    return null
  }
  const clientSecret = settings.secret(setting('CLIENT_SECRET')) ?? null
  const provider = choice('PROVIDER', get('PROVIDER'), PROVIDERS, providerOf(place), reject)
  const tenant = readTenant(get('TENANT'), place, reject)
  const grant = choice('GRANT', get('GRANT'), GRANTS, grantOf(clientSecret, provider, tenant), reject)
  if (grant === 'client-credentials' && clientSecret === null) {
    reject('CLIENT_SECRET', 'client credentials need it', 'set it, or let OAUTH_GRANT be login')
  }
  return {
    provider,
    clientId,
    clientSecret,
    clientSecretExpires: readDate(get('CLIENT_SECRET_EXPIRES'), reject),
    grant,
    endpoints: readEndpoints(provider, tenant, get, reject),
    scopes: scopesOf(provider, grant, place.protocol, get('SCOPE')),
  }
}

/** Of accounts of persons, which belong to no organisation's tenant. */
export const isConsumerDomain = (domain: string): boolean => /^(outlook|hotmail|live|msn)\.[a-z.]+$/i.test(domain)

const GOOGLE_HOSTS = /(^|\.)(gmail|googlemail)\.com$/

const providerOf = ({ host }: Place): Provider => (GOOGLE_HOSTS.test(host) ? 'google' : 'microsoft')

/** With a secret it is the application itself; but neither persons' accounts at Microsoft nor Google know that. */
function grantOf(clientSecret: string | null, provider: Provider, tenant: string): Grant {
  return clientSecret === null || provider === 'google' || tenant === 'consumers' ? 'login' : 'client-credentials'
}

/** The domain of an organisation's address names its tenant as well as the tenant's id does. */
function readTenant(written: string | null, { user }: Place, reject: Reject): string {
  const domain = user.split('@')[1] ?? ''
  if (written === null) return domain === '' ? 'organizations' : isConsumerDomain(domain) ? 'consumers' : domain
  if (/^[A-Za-z0-9.-]+$/.test(written)) return written
  reject('TENANT', 'it is no tenant', 'write its id or domain, or common, organizations or consumers')
  return 'organizations'
}

const GOOGLE = {
  token: 'https://oauth2.googleapis.com/token',
  authorize: 'https://accounts.google.com/o/oauth2/v2/auth',
  device: 'https://oauth2.googleapis.com/device/code',
}

function readEndpoints(
  provider: Provider,
  tenant: string,
  get: (suffix: string) => string | null,
  reject: Reject,
): OAuthClientConfig['endpoints'] {
  const url = (suffix: string, known: string | null) => {
    const written = get(suffix)
    if (written === null || isAuthority(written)) return written ?? known
    reject(suffix, 'it is no URL of an authority', 'write https://host/path; http is for this machine only')
    return known
  }
  const base = url('AUTHORITY', `https://login.microsoftonline.com/${tenant}`)?.replace(/\/$/, '')
  const microsoft = (path: string) => `${base}/oauth2/v2.0/${path}`
  const known = { microsoft: ofMicrosoft(microsoft), google: GOOGLE, other: NONE }[provider]
  const endpoints = {
    token: url('TOKEN_URL', known.token) ?? '',
    authorize: url('AUTHORIZE_URL', known.authorize),
    device: url('DEVICE_URL', known.device),
  }
  if (endpoints.token === '')
    reject('TOKEN_URL', 'it is not set', 'an authority of your own needs the URL of its token')
  return endpoints
}

const NONE = { token: null, authorize: null, device: null }

function ofMicrosoft(at: (path: string) => string) {
  return { token: at('token'), authorize: at('authorize'), device: at('devicecode') }
}

/** One access token has one resource: Exchange (POP3, IMAP, SMTP) and Graph need a token each. */
function scopesOf(
  provider: Provider,
  grant: Grant,
  protocol: Place['protocol'],
  written: string | null,
): OAuthClientConfig['scopes'] {
  if (written !== null) return { mail: written, graph: written }
  if (provider === 'google') return { mail: 'https://mail.google.com/', graph: '' }
  if (provider === 'other') return { mail: '', graph: '' }
  if (grant === 'client-credentials') {
    return { mail: 'https://outlook.office365.com/.default', graph: 'https://graph.microsoft.com/.default' }
  }
  const pull =
    protocol === 'graph' ? [] : [`${EXCHANGE}/${protocol.slice(0, 4).replace('3', '').toUpperCase()}.AccessAsUser.All`]
  return {
    mail: [...pull, `${EXCHANGE}/SMTP.Send`, 'offline_access'].join(' '),
    graph: 'https://graph.microsoft.com/Mail.ReadWrite offline_access',
  }
}

const EXCHANGE = 'https://outlook.office.com'

function readDate(written: string | null, reject: Reject): string | null {
  if (written === null) return null
  if (/^\d{4}-\d{2}-\d{2}$/.test(written) && !Number.isNaN(Date.parse(written))) return written
  reject('CLIENT_SECRET_EXPIRES', 'it is no date', 'write it as 2027-05-31')
  return null
}

function choice<T extends string>(
  suffix: string,
  written: string | null,
  choices: readonly T[],
  fallback: T,
  reject: Reject,
): T {
  const lower = written?.toLowerCase()
  if (lower === undefined) return fallback
  const chosen = choices.find((candidate) => candidate === lower)
  if (chosen) return chosen
  reject(suffix, `'${lower}' is not a choice`, didYouMean(lower, choices) ?? `it is one of ${choices.join(', ')}`)
  return fallback
}
