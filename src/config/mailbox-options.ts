/** The options in the query of a mailbox URL. */
import { createHash, X509Certificate } from 'node:crypto'
import { validate } from 'node-cron'
import type { MailboxConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import { isAuthority, type MailboxUrl } from './mailbox-url.ts'
import { didYouMean, type Problem } from './problem.ts'

export type Auth = 'password' | 'oauth'

export interface MailboxOptions
  extends Pick<MailboxConfig, 'ca' | 'schedule' | 'deleteAfterSeconds' | 'maxMessageBytes' | 'moveTo' | 'endpoint'> {
  readonly auth: Auth | null
}

type Reject = (problem: string, hint: string) => void

const OPTIONS = ['schedule', 'deleteAfter', 'maxMessageBytes', 'ca', 'auth', 'moveTo', 'endpoint']
/** Sizes are kept as integers of 32 bits; a listed size is at most one more. */
const LARGEST_BYTES = 2 ** 31 - 2
const DEFAULT_MAX_MESSAGE_BYTES = 160 * 1024 * 1024
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 }

/** What is wrong is reported, and its default returned. */
export function readOptions(
  setting: string,
  mailbox: string,
  { query, protocol }: Pick<MailboxUrl, 'query' | 'protocol'>,
  settings: Settings,
  problems: Problem[],
): MailboxOptions {
  const reject: Reject = (problem, hint) => problems.push({ setting, problem, hint })
  checkOptionNames(query, reject)
  return {
    schedule: readSchedule(query.get('schedule'), mailbox, reject),
    deleteAfterSeconds: readDeleteAfter(query.get('deleteAfter') ?? '0', reject),
    maxMessageBytes: readMaxMessageBytes(query.get('maxMessageBytes'), reject),
    ca: readCa(query.get('ca'), setting, settings, reject),
    auth: readAuth(query.get('auth'), reject),
    moveTo: readMoveTo(query.get('moveTo'), protocol, reject),
    endpoint: readEndpoint(query.get('endpoint'), protocol, reject),
  }
}

function checkOptionNames(query: URLSearchParams, reject: Reject): void {
  const names = [...query.keys()]
  for (const name of new Set(names)) {
    const known = OPTIONS.includes(name)
    if (!known) reject(`there is no option '${name}'`, hintFor(name))
    if (known && query.getAll(name).length > 1) reject(`option ${name} is there twice`, 'keep one of them')
  }
}

function hintFor(name: string): string {
  if (/pass/i.test(name)) return 'a password stands in MAILBOX_<NAME>_PASSWORD, never in the URL'
  return didYouMean(name, OPTIONS) ?? `options are ${OPTIONS.join(', ')}`
}

function readSchedule(written: string | null, mailbox: string, reject: Reject): string {
  if (written === null) return defaultSchedule(mailbox)
  const schedule = written.trim().replace(/\s+/g, ' ')
  if (validate(schedule)) return schedule
  reject(`schedule '${schedule}' is no cron expression`, 'write six fields, as in schedule=*/30 * * * * *')
  return defaultSchedule(mailbox)
}

/** Once a minute, at a second of its own, so that many mailboxes do not all knock at once. */
function defaultSchedule(mailbox: string): string {
  return `${createHash('sha256').update(mailbox).digest().readUInt32BE(0) % 60} * * * * *`
}

function readDeleteAfter(written: string, reject: Reject): number | null {
  if (written === 'never') return null
  if (written === '0') return 0
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(written) ?? []
  if (count && unit && isUnit(unit)) return Number(count) * SECONDS[unit]
  reject(`deleteAfter '${written}' is no duration`, 'write 0 (at once), 30m, 36h, 7d or never')
  return null
}

const isUnit = (unit: string): unit is keyof typeof SECONDS => unit in SECONDS

function readMaxMessageBytes(written: string | null, reject: Reject): number {
  if (written === null) return DEFAULT_MAX_MESSAGE_BYTES
  if (/^[1-9]\d{0,9}$/.test(written) && Number(written) <= LARGEST_BYTES) return Number(written)
  reject(
    `maxMessageBytes '${written}' is no number of octets up to ${LARGEST_BYTES}`,
    'write digits only, as in maxMessageBytes=52428800',
  )
  return DEFAULT_MAX_MESSAGE_BYTES
}

function readCa(file: string | null, setting: string, settings: Settings, reject: Reject): string | null {
  if (file === null) return null
  const pem = settings.readFile(setting, file)
  if (pem === undefined) return null
  if (hasCertificates(pem)) return pem
  reject('the file of ca holds no certificate', 'it must be PEM: -----BEGIN CERTIFICATE-----')
  return null
}

function hasCertificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  try {
    return blocks.map((block) => new X509Certificate(block)).length > 0
  } catch {
    return false
  }
}

function readAuth(written: string | null, reject: Reject): Auth | null {
  if (written === null || written === 'password' || written === 'oauth') return written
  reject(`auth '${written}' is unknown`, didYouMean(written, ['password', 'oauth']) ?? 'it is password or oauth')
  return null
}

function readMoveTo(written: string | null, protocol: MailboxConfig['protocol'], reject: Reject): string | null {
  if (written === null || written === '') return null
  if (protocol !== 'pop3') return written
  reject('moveTo is not possible over POP3', 'remove it, or use imaps:// or graph://')
  return null
}

const GRAPH_ENDPOINT = 'https://graph.microsoft.com/v1.0'

function readEndpoint(written: string | null, protocol: MailboxConfig['protocol'], reject: Reject): string | null {
  if (protocol === 'graph' && written === null) return GRAPH_ENDPOINT
  if (written === null) return null
  if (protocol === 'graph' && isAuthority(written)) return written.replace(/\/$/, '')
  const hint = protocol === 'graph' ? 'write https://host/v1.0; http is for this machine only' : 'remove it'
  reject(protocol === 'graph' ? 'its endpoint is no https URL' : 'endpoint is for graph:// only', hint)
  return null
}
