import type { Authenticity, AuthResult, Trust } from './authenticity.ts'

/**
 * Every reason there is, with the trust that it gives. docs/authenticity.md tells the same to people.
 *
 * `failed` asks for proof that the mail is not its author's: somebody saw all that could have vouched for it, nothing
 * did, and the domain asks that such mail be refused.
 */
export const REASONS = {
  'dmarc/pass': 'verified',
  'dkim/aligned': 'verified',
  'dmarc/fail': 'failed',
  'dmarc/fail-unenforced': 'unverified',
  'dmarc/fail-spf-unseen': 'unverified',
  'dmarc/none': 'unverified',
  'dkim/none': 'unverified',
  'dkim/partial-body': 'unverified',
  'arc/pass': 'unverified',
  'header/repeated': 'unverified',
  'provider/dmarc-pass': 'verified',
  'provider/dkim-aligned': 'verified',
  'provider/dmarc-fail': 'failed',
  'provider/compauth-fail': 'failed',
  'provider/dmarc-fail-unenforced': 'unverified',
  'provider/dmarc-none': 'unverified',
  'provider/other-author': 'unknown',
  'from/none': 'unknown',
  'from/several': 'unknown',
  'from/ambiguous': 'unknown',
  'authenticity/not-asked': 'unknown',
  'authenticity/switched-off': 'unknown',
  'authenticity/no-dns': 'unknown',
  'authenticity/dns-trouble': 'unknown',
  'authenticity/header-too-large': 'unknown',
  'authenticity/timeout': 'unknown',
  'authenticity/broke': 'unknown',
} as const satisfies Record<string, Trust>

export type Reason = keyof typeof REASONS

/** What was seen of a mail by looking into the DNS. */
export interface Look {
  readonly dkim: AuthResult
  /** null: the client that sent the mail is not known. */
  readonly spf: AuthResult | null
  readonly dmarc: AuthResult
  readonly arc: AuthResult | null
  /** What the domain asks for (RFC 9989 section 4.7); null: it publishes nothing. */
  readonly policy: 'none' | 'quarantine' | 'reject' | null
  /** A signature of the author's domain holds: over the whole body, or over its beginning only (l=). */
  readonly signed: 'whole' | 'partly' | null
  /** MAIL FROM is of the author's domain, and SPF passes. */
  readonly sent: boolean
  /** Something that could have vouched for it could not be looked up. */
  readonly isIncomplete: boolean
  /** A forwarder that is known to tell the truth saw DMARC pass (RFC 8617). */
  readonly isForwarded: boolean
}

/** The first row that holds decides. */
const RULES: readonly (readonly [Reason, (look: Look) => boolean])[] = [
  ['dmarc/pass', ({ dmarc, signed, sent }) => dmarc === 'pass' && (sent || signed === 'whole')],
  // Without a policy SPF alone is too little: whoever shares a server with the domain passes it.
  ['dkim/aligned', ({ dmarc, signed }) => dmarc === 'none' && signed === 'whole'],
  // RFC 6376 section 8.2: anybody can add to such a body.
  ['dkim/partial-body', ({ signed }) => signed === 'partly'],
  ['authenticity/dns-trouble', ({ dmarc, isIncomplete }) => isIncomplete || dmarc === 'temperror'],
  ['dmarc/none', ({ dmarc }) => dmarc !== 'fail'],
  ['dmarc/fail-unenforced', ({ policy }) => policy !== 'quarantine' && policy !== 'reject'],
  ['arc/pass', ({ isForwarded }) => isForwarded],
  ['dmarc/fail-spf-unseen', ({ spf }) => spf === null],
  ['dmarc/fail', () => true],
]

export function trustOf(look: Look): Authenticity {
  const [reason] = RULES.find(([, holds]) => holds(look)) ?? ['authenticity/broke' as const]
  const { spf, dkim, dmarc, arc } = look
  return { trust: REASONS[reason], reason, by: 'dns', spf, dkim, dmarc, arc }
}

/** Nobody could be asked, or there is nothing to ask about. */
export function unknown(reason: Reason): Authenticity {
  return { trust: 'unknown', reason, by: 'nobody', spf: null, dkim: null, dmarc: null, arc: null }
}

/** It is not signed, and who sent it is not known: nothing is left to ask. */
export const NOTHING_VOUCHES: Authenticity = {
  ...unknown('dkim/none'),
  trust: REASONS['dkim/none'],
  by: 'dns',
  dkim: 'none',
}

/**
 * RFC 5322 section 3.6: once at most. A signature covers one of them, the last (RFC 6376 section 5.4.2), and what
 * people see may be another: such a mail is not what somebody has vouched for.
 */
const ONCE = [
  'subject',
  'date',
  'to',
  'cc',
  'reply-to',
  'sender',
  'message-id',
  'content-type',
  'in-reply-to',
  'references',
]

export function onlyIfOnce(authenticity: Authenticity, names: readonly string[]): Authenticity {
  if (authenticity.trust !== 'verified') return authenticity
  const isRepeated = ONCE.some((name) => names.indexOf(name) !== names.lastIndexOf(name))
  return isRepeated
    ? { ...authenticity, trust: 'unverified', reason: 'header/repeated' satisfies Reason }
    : authenticity
}
