/**
 * Who vouches for a stored mail: the receiving server's word where the settings believe it, else a look of our own into
 * the DNS (src/message/authenticity/ decides what follows from either).
 *
 * Never blocks: without a DNS, in trouble or in doubt the answer is `unknown`, with the reason. Rejects with the
 * signal's reason, or with what reading the octets throws.
 */
import type { MailboxPolicy } from '../../config.ts'
import type { Authenticity } from '../../message/authenticity/authenticity.ts'
import { asciiDomain, authorOf } from '../../message/authenticity/author.ts'
import { type Border, borderOf, trustedHosts } from '../../message/authenticity/border.ts'
import {
  bodyStart,
  HEADER_LIMITS,
  lineCount,
  type RawField,
  rawFields,
} from '../../message/authenticity/header-section.ts'
import { providersWord } from '../../message/authenticity/provider.ts'
import { verifiable } from '../../message/authenticity/signatures.ts'
import { NOTHING_VOUCHES, onlyIfOnce, trustOf, unknown } from '../../message/authenticity/trust.ts'
import { returnPath } from '../../message/header/rule-fields.ts'
import type { Address } from '../../message/parsed-message.ts'
import type { ParseSource } from '../parse-pool.ts'
import type { Dns } from './dns.ts'
import type { Client } from './verify.ts'
import { createVerifyPool, type VerifyPool, type VerifyPoolOptions } from './verify-pool.ts'

export interface Authenticator {
  authenticate(
    source: ParseSource,
    believed: Believed,
    from: readonly Address[],
    signal: AbortSignal,
  ): Promise<Authenticity>
  /** Ends the thread, if there is one. */
  close(): Promise<void>
}

/** Whose word counts. */
export type Believed = Pick<MailboxPolicy, 'authservIds' | 'receivedBy'>

export interface AuthenticatorOptions extends VerifyPoolOptions {
  /** Why there is none. */
  readonly withoutDns?: 'authenticity/switched-off' | 'authenticity/not-asked'
}

/** Without a DNS only the receiving server's word is looked at. */
export function createAuthenticator(dns: Dns | null, options: AuthenticatorOptions = {}): Authenticator {
  const withoutDns = unknown(options.withoutDns ?? 'authenticity/switched-off')
  const pool = dns === null ? null : createVerifyPool(dns.resolve, options)
  return {
    authenticate: async (source, believed, from, signal) => {
      const header = await headerOf(source)
      if (header === null) return unknown('authenticity/header-too-large')
      const fields = rawFields(header)
      const author = authorOf(fields)
      if (author.domain === null) return unknown(author.reason)
      if (!isOf(from, author.domain)) return unknown('from/ambiguous')
      const border = borderOf(fields, trustedHosts(hostsOf(believed)))
      const word = providersWord(fields, believed.authservIds, border, author.domain)
      const mail = { source, fields, border, domain: author.domain, headerBytes: header.length }
      const found = word ?? (dns && pool ? await ownLook(mail, dns, pool, signal) : withoutDns)
      const names = fields.map(({ name }) => name)
      return onlyIfOnce(found, names)
    },
    close: async () => {
      dns?.close()
      await pool?.close()
    },
  }
}

/** null: it is above the limits. */
async function headerOf(source: ParseSource): Promise<Buffer | null> {
  let octets: Buffer = Buffer.alloc(0)
  let end: number | null = null
  for await (const chunk of source.octets()) {
    octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk])
    end = bodyStart(octets)
    if (end !== null || octets.length > HEADER_LIMITS.octets) break
  }
  const header = octets.subarray(0, end ?? octets.length)
  const isSmall = header.length <= HEADER_LIMITS.octets && lineCount(header) <= HEADER_LIMITS.lines
  return isSmall ? header : null
}

/** The address that the ticket goes by is the one that is looked at: a field that is read in two ways proves nothing. */
const isOf = (from: readonly Address[], domain: string): boolean =>
  from.length > 0 && from.every(({ address }) => asciiDomain(address.slice(address.lastIndexOf('@') + 1)) === domain)

function hostsOf({ authservIds, receivedBy }: Believed): readonly string[] {
  // An authserv-id is the name of a border server as a rule (RFC 8601 section 2.5).
  return receivedBy.length > 0 ? receivedBy : authservIds
}

interface Mail {
  readonly source: ParseSource
  readonly fields: readonly RawField[]
  readonly headerBytes: number
  readonly border: Border
  readonly domain: string
}

async function ownLook(mail: Mail, dns: Dns, pool: VerifyPool, signal: AbortSignal): Promise<Authenticity> {
  if (!(await dns.isAnswering())) return unknown('authenticity/no-dns')
  const { source, fields, domain, headerBytes } = mail
  const { header, isSigned } = verifiable(fields, domain)
  const client = clientOf(mail)
  if (!isSigned && client === null) return NOTHING_VOUCHES
  const body = isSigned ? () => after(source.octets(), headerBytes) : null
  const look = await pool.verify({ domain, header, body, client, sizeBytes: source.sizeBytes }, signal)
  return typeof look === 'string' ? unknown(look) : trustOf(look)
}

/** MAIL FROM as a trusted server noted it, not as the sender wrote it further down. */
function clientOf({ fields, border: { client, end } }: Mail): Client | null {
  const inside = fields.slice(0, end).map(({ name, value }) => ({ name, value: value.replace(/\s+/g, ' ').trim() }))
  const sender = returnPath(inside)
  if (client === null || sender === null) return null
  return { ip: client.ip, helo: client.helo ?? client.ip, sender }
}

async function* after(octets: AsyncIterable<Buffer>, headerBytes: number): AsyncGenerator<Buffer> {
  let left = headerBytes
  for await (const chunk of octets) {
    if (left < chunk.length) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}
