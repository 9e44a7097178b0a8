/** The URL of a mailbox, up to its query. */
import { isIPv4 } from 'node:net'
import type { MailboxConfig } from '../config.ts'
import { didYouMean, type Problem } from './problem.ts'

export interface MailboxUrl
  extends Pick<MailboxConfig, 'protocol' | 'host' | 'port' | 'security' | 'user' | 'folder' | 'isMicrosoft'> {
  /** No password leads there. */
  readonly needsOAuth: boolean
  readonly query: URLSearchParams
  /** Without query: fit to be shown. */
  readonly shown: string
}

type Scheme = Pick<MailboxConfig, 'protocol' | 'security' | 'port'> & {
  /** The URL names an address only; the host is known. */
  readonly host?: string
}

const EXCHANGE_HOST = 'outlook.office365.com'
export const GRAPH_HOST = 'graph.microsoft.com'
const SCHEMES = new Map<string, Scheme>([
  ['pop3s', { protocol: 'pop3', security: 'tls', port: 995 }],
  ['pop3+stls', { protocol: 'pop3', security: 'stls', port: 110 }],
  ['pop3', { protocol: 'pop3', security: 'plain', port: 110 }],
  ['imaps', { protocol: 'imap', security: 'tls', port: 993 }],
  ['imap+starttls', { protocol: 'imap', security: 'stls', port: 143 }],
  ['imap', { protocol: 'imap', security: 'plain', port: 143 }],
  ['outlook', { protocol: 'pop3', security: 'tls', port: 995, host: EXCHANGE_HOST }],
  ['graph', { protocol: 'graph', security: 'tls', port: 443, host: GRAPH_HOST }],
])
const MICROSOFT_HOSTS = [
  EXCHANGE_HOST,
  'outlook.office.com',
  'imap-mail.outlook.com',
  'pop-mail.outlook.com',
  GRAPH_HOST,
]

/** null, and a problem, where it is none. The value itself is never quoted: it could hold a password. */
export function parseMailboxUrl(setting: string, value: string, problems: Problem[]): MailboxUrl | null {
  const reject = (problem: string, hint: string): null => {
    problems.push({ setting, problem, hint })
    return null
  }
  const [, scheme = '', authority = '', path = '', query = ''] = URL_PARTS.exec(value) ?? []
  if (scheme === '') return reject('it is no mailbox URL', 'write pop3s://user@host, or outlook://address')
  const name = scheme.toLowerCase()
  const kind = SCHEMES.get(name)
  if (!kind) return reject(...unknownScheme(name))
  const folder = kind.protocol === 'imap' ? decode(path.replace(/^\//, '')) : 'INBOX'
  if (folder === null) return reject('its folder is not percent-encoded correctly', 'write %25 for a % in the folder')
  if (kind.protocol !== 'imap' && path !== '' && path !== '/') {
    return reject(
      'it has a path',
      `${name}:// has no folders: remove what follows the ${kind.host ? 'address' : 'host'}`,
    )
  }
  // The last @ splits, so that an address may stand for the user as it is.
  const [, rawUser, place] = /^(.*)@([^@]*)$/.exec(kind.host ? `${authority}@${kind.host}` : authority) ?? []
  if (!rawUser || !place) return reject('it names no user', 'write the user before the host: user@host')
  if (rawUser.includes(':')) return reject(...passwordInside(setting))
  const user = decode(rawUser)
  if (user === null) return reject('its user is not percent-encoded correctly', 'write %25 for a % in the user')
  if (kind.host && !/^[^@\s]+@[^@\s]+$/.test(user)) {
    return reject('it holds no address', `write ${name}://support@example.com`)
  }
  const address = parsePlace(place, kind.port)
  if (!address) return reject('its host or port is not valid', 'write user@host, user@host:port or user@[::1]:port')
  if (kind.security === 'plain' && !isLoopback(address.host)) {
    return reject(`${name}:// without TLS is for this machine only`, `use ${name}s:// or ${encrypted(name)}://`)
  }
  return {
    ...address,
    protocol: kind.protocol,
    security: kind.security,
    user,
    folder: folder === '' ? 'INBOX' : folder,
    isMicrosoft: MICROSOFT_HOSTS.includes(address.host),
    needsOAuth: kind.host !== undefined,
    query: new URLSearchParams(query),
    shown: kind.host ? `${name}://${user}` : `${shown(name, user, address, kind.port)}${shownFolder(folder)}`,
  }
}

const encrypted = (name: string) => (name === 'imap' ? 'imap+starttls' : 'pop3+stls')
const shownFolder = (folder: string) => (folder === '' || folder === 'INBOX' ? '' : `/${encodeURIComponent(folder)}`)

const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?(.*))?$/i

function unknownScheme(scheme: string): [string, string] {
  const names = [...SCHEMES.keys()]
  return [`${scheme}:// is no kind of mailbox`, didYouMean(scheme, names) ?? `it is one of ${names.join(', ')}`]
}

function passwordInside(setting: string): [string, string] {
  const instead = setting.replace(/_URL$/, '_PASSWORD')
  return ['it holds a password', `use ${instead} or ${instead}_FILE; a : in the user is written %3A`]
}

/** null: not percent-encoded correctly. */
export function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** `host`, `host:port` or `[address]:port`; null where it is none. */
export function parsePlace(place: string, defaultPort: number): { host: string; port: number } | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(place) ?? []
  const host = (bracketed ?? plain)?.toLowerCase()
  const number = port === undefined ? defaultPort : Number(port)
  return host && number >= 1 && number <= 65535 ? { host, port: number } : null
}

/** RFC 1122 section 3.2.1.3 (127/8), RFC 4291 section 2.5.3 (::1), RFC 6761 section 6.3 (localhost). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function shown(scheme: string, user: string, { host, port }: { host: string; port: number }, defaultPort: number) {
  const place = host.includes(':') ? `[${host}]` : host
  return `${scheme}://${encodeURIComponent(user)}@${place}${port === defaultPort ? '' : `:${port}`}`
}

/** Where tokens and mail of an HTTP API come from: https, or http on this machine. */
export function isAuthority(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, search } = new URL(text)
  if (username || password || search) return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')))
}
