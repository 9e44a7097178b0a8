import { authenticationResults, bestOf } from './authentication-results.ts'
import { asciiDomain } from './author.ts'
import type { RawField } from './header-section.ts'

/** A header with no more signatures than are worth the look: each costs a look-up and a pass over the body. */
export interface Verifiable {
  readonly header: Buffer
  /** null signatures make the body meaningless. */
  readonly isSigned: boolean
}

const SIGNATURES_LIMIT = 10
/** Several times what honest ones have; mailauth takes quadratic time over white space within one. */
const SIGNATURE_MAX_CHARACTERS = 8 * 1024
const ARC_SETS_LIMIT = 10

/**
 * Forwarders that check before they seal (RFC 8617), and whose word therefore excuses that forwarding broke a
 * signature. Nobody else's chain is looked at: anybody can seal.
 */
const TRUSTED_SEALERS: ReadonlySet<string> = new Set([
  ...['google.com', 'googlegroups.com', 'gmail.com', 'microsoft.com'],
  ...['messagingengine.com', 'fastmail.com', 'pobox.com', 'topicbox.com', 'forwardemail.net'],
])

/** Signatures that may be the author's come first; the others only inform. */
export function verifiable(fields: readonly RawField[], domain: string): Verifiable {
  const signatures = fields.filter(
    ({ name, line }) => name === 'dkim-signature' && line.length <= SIGNATURE_MAX_CHARACTERS,
  )
  const authors = signatures.filter((field) => isRelated(tagOf(field, 'd'), domain))
  const kept = new Set(
    [...authors, ...signatures.filter((field) => !authors.includes(field))].slice(0, SIGNATURES_LIMIT),
  )
  const keepsArc = isWorthTheLook(fields.filter(({ name }) => isArc(name)))
  const isKept = (field: RawField) =>
    field.name === 'dkim-signature' ? kept.has(field) : keepsArc || !isArc(field.name)
  const lines = fields.filter(isKept).map(({ line }) => line)
  return { header: Buffer.from(`${lines.join('')}\r\n`, 'latin1'), isSigned: kept.size > 0 || keepsArc }
}

/**
 * Whether a forwarder that is trusted saw DMARC pass, and all that came after it are trusted as well. The chain itself
 * has to be verified before.
 */
export function isForwarded(fields: readonly RawField[], domain: string): boolean {
  const seals = fields.filter(({ name }) => name === 'arc-seal').sort((a, b) => instanceOf(b) - instanceOf(a))
  for (const seal of seals) {
    if (!isTrustedSealer(seal)) return false
    const results = fields.find(
      (field) => field.name === 'arc-authentication-results' && instanceOf(field) === instanceOf(seal),
    )
    const dmarc = results === undefined ? null : bestOf(authenticationResults(results.value), 'dmarc')
    const author = asciiDomain(dmarc?.properties.get('header.from') ?? '')
    if (dmarc?.result === 'pass' && author === domain) return true
  }
  return false
}

const isArc = (name: string): boolean =>
  name === 'arc-seal' || name === 'arc-message-signature' || name === 'arc-authentication-results'

function isWorthTheLook(arc: readonly RawField[]): boolean {
  const seals = arc.filter(({ name }) => name === 'arc-seal').sort((a, b) => instanceOf(b) - instanceOf(a))
  const [newest] = seals
  const isSmall = arc.every(({ line }) => line.length <= SIGNATURE_MAX_CHARACTERS)
  return newest !== undefined && isSmall && arc.length <= 3 * ARC_SETS_LIMIT && isTrustedSealer(newest)
}

const isTrustedSealer = (seal: RawField): boolean => TRUSTED_SEALERS.has(asciiDomain(tagOf(seal, 'd')) ?? '')

const instanceOf = (field: RawField): number => Number.parseInt(tagOf(field, 'i'), 10) || 0

/** RFC 6376 section 3.2; empty where there is none. */
function tagOf({ value }: RawField, tag: 'd' | 'i'): string {
  const pair = value.split(';', TAGS_LIMIT).find((each) => each.slice(0, each.indexOf('=')).trim() === tag)
  return pair === undefined ? '' : pair.slice(pair.indexOf('=') + 1).trim()
}

const TAGS_LIMIT = 50

/** Of the same registered domain, as far as can be told without a list of public suffixes. */
function isRelated(signer: string, domain: string): boolean {
  const lastTwo = (name: string) => name.toLowerCase().split('.').slice(-2).join('.')
  return lastTwo(asciiDomain(signer) ?? '') === lastTwo(domain)
}
