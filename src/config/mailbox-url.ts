/** The URL of a mailbox, up to its query. */
import { isIPv4 } from 'node:net'
import type { MailboxConfig } from '../config.ts'
import { didYouMean, type Problem } from './problem.ts'

export interface MailboxUrl {
  readonly host: string
  readonly port: number
  readonly security: MailboxConfig['security']
  readonly user: string
  readonly isMicrosoft: boolean
  readonly query: URLSearchParams
  /** Without query: fit to be shown. */
  readonly shown: string
}

const SCHEMES = new Map<string, { security: MailboxConfig['security']; port: number }>([
  ['pop3s', { security: 'tls', port: 995 }],
  ['pop3+stls', { security: 'stls', port: 110 }],
  ['pop3', { security: 'plain', port: 110 }],
  ['outlook', { security: 'tls', port: 995 }],
])
const LATER_SCHEMES = ['imaps', 'graph']
const MICROSOFT_HOST = 'outlook.office365.com'

/** null, and a problem, where it is none. The value itself is never quoted: it could hold a password. */
export function parseMailboxUrl(setting: string, value: string, problems: Problem[]): MailboxUrl | null {
  const reject = (problem: string, hint: string): null => {
    problems.push({ setting, problem, hint })
    return null
  }
  const [, scheme = '', authority = '', path = '', query = ''] = URL_PARTS.exec(value) ?? []
  if (scheme === '') return reject('it is no mailbox URL', 'write pop3s://user@host, or outlook://address')
  const kind = SCHEMES.get(scheme.toLowerCase())
  if (!kind) return reject(...unknownScheme(scheme.toLowerCase()))
  if (path !== '' && path !== '/') return reject('it has a path', 'POP3 has no folders: remove what follows the host')
  const isMicrosoft = scheme.toLowerCase() === 'outlook'
  // The last @ splits, so that an address may stand for the user as it is.
  const [, rawUser, place] = /^(.*)@([^@]*)$/.exec(isMicrosoft ? `${authority}@${MICROSOFT_HOST}` : authority) ?? []
  if (!rawUser || !place) return reject('it names no user', 'write the user before the host: user@host')
  if (rawUser.includes(':')) return reject(...passwordInside(setting))
  const user = decode(rawUser)
  if (user === null) return reject('its user is not percent-encoded correctly', 'write %25 for a % in the user')
  if (isMicrosoft && !/^[^@\s]+@[^@\s]+$/.test(user)) {
    return reject('it holds no address', 'write outlook://support@example.com')
  }
  const address = parseHost(place, kind.port)
  if (!address) return reject('its host or port is not valid', 'write user@host, user@host:port or user@[::1]:port')
  if (kind.security === 'plain' && !isLoopback(address.host)) {
    return reject('pop3:// without TLS is for this machine only', 'use pop3s:// (port 995) or pop3+stls:// (port 110)')
  }
  return {
    ...address,
    security: kind.security,
    user,
    isMicrosoft,
    query: new URLSearchParams(query),
    shown: isMicrosoft ? `outlook://${user}` : shown(scheme.toLowerCase(), user, address, kind.port),
  }
}

const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?(.*))?$/i

function unknownScheme(scheme: string): [string, string] {
  if (LATER_SCHEMES.includes(scheme)) {
    return [`${scheme}:// is not supported yet`, 'use pop3s://, pop3+stls:// or outlook://']
  }
  const hint = didYouMean(scheme, [...SCHEMES.keys()]) ?? 'it is one of pop3s, pop3+stls, outlook, pop3'
  return [`${scheme}:// is no kind of mailbox`, hint]
}

function passwordInside(setting: string): [string, string] {
  const instead = setting.replace(/_URL$/, '_PASSWORD')
  return ['it holds a password', `use ${instead} or ${instead}_FILE; a : in the user is written %3A`]
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function parseHost(place: string, defaultPort: number): { host: string; port: number } | null {
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
