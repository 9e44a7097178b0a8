import type { ErrorCode } from '../../errors.ts'
import type { StatusLine } from './status-line.ts'

/**
 * What a refusal means: by its response code (RFC 2449 section 8, RFC 3206) where there is one, else by the few
 * texts that are known, else what the command's own refusal means.
 *
 * Exchange Online announces no RESP-CODES: `Server Unavailable. 21` is its throttling, and so is a `Logon failure` to
 * somebody who is logged in; `Protocol error. Connection is closed. 10` is its answer to an AUTH line it does not like.
 */
export function meaningOf(reply: StatusLine, otherwise: ErrorCode): ErrorCode {
  const byCode = reply.responseCode === null ? undefined : byResponseCode(reply.responseCode)
  const byText = byCode ?? TEXTS.find(([pattern]) => pattern.test(reply.text))?.[1]
  if (byText !== undefined) return byText
  return otherwise !== 'source/credentials-refused' && LOGON_FAILURE.test(reply.text) ? 'source/server-busy' : otherwise
}

/** A code may be refined by further levels: `SYS/TEMP/disk` is a `SYS/TEMP` (RFC 3206 section 4). */
function byResponseCode(responseCode: string): ErrorCode | undefined {
  return CODES.find(([known]) => responseCode === known || responseCode.startsWith(`${known}/`))?.[1]
}

const CODES: readonly (readonly [string, ErrorCode])[] = [
  ['IN-USE', 'source/mailbox-locked'],
  ['LOGIN-DELAY', 'source/login-delay'],
  ['SYS/TEMP', 'source/server-busy'],
  ['SYS/PERM', 'source/server-refused'],
  ['AUTH', 'source/credentials-refused'],
]

const TEXTS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^server unavailable\b/i, 'source/server-busy'],
  [/\bthrottled\b|\btoo many (?:connections|sessions|logins)\b/i, 'source/server-busy'],
  [/\btry again (?:later|in)\b|\btemporar(?:y|ily)\b/i, 'source/server-busy'],
  [/\bprotocol error\b|\bconnection is closed\b/i, 'source/protocol-violation'],
  [/\b(?:maildrop|mailbox) (?:is )?(?:already )?(?:locked|in use)\b/i, 'source/mailbox-locked'],
]

const LOGON_FAILURE = /^(?:logon|authentication) failure\b/i
