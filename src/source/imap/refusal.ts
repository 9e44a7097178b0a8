import type { ErrorCode, MailchuteError } from '../../errors.ts'
import type { Failures } from '../failure.ts'

/** A NO or BAD (RFC 3501 section 7.1), or the words of a BYE. */
export interface Refusal {
  /** Upper case, without brackets; null: there was none. */
  readonly responseCode: string | null
  readonly text: string
}

/** What imapflow knows of a refusal; null: the command failed for another reason. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null
  const { responseStatus, responseText, serverResponseCode, reason, response } = error as ImapflowError
  const isRefused = responseStatus === 'NO' || responseStatus === 'BAD'
  const words = [isRefused ? (responseText ?? '') : undefined, reason, isRefused ? undefined : response]
  const text = words.find((each) => typeof each === 'string')
  if (text === undefined) return null
  return { responseCode: serverResponseCode || codeOf(response), text }
}

/** Typed by what the server said; `otherwise` is what the command's own refusal means. */
export function refused(refusal: Refusal, verb: string, otherwise: ErrorCode, failures: Failures): MailchuteError {
  const code = meaningOf(refusal, otherwise)
  const milliseconds = BACK_OFF.exec(refusal.text)?.[1]
  return failures.failure(code, `refused: ${failures.quote(refusal.text)}`, {
    verb,
    ...(milliseconds === undefined ? {} : { retryAfterSeconds: Math.ceil(Number(milliseconds) / 1_000) }),
  })
}

/**
 * By its response code (RFC 5530) where there is one, else by the few texts that are known. Exchange Online has no
 * codes: `User is authenticated but not connected.` follows an OK to the login where IMAP is switched off for the
 * mailbox or its server is away, `Request is throttled. Suggested Backoff Time: N milliseconds` comes at any command.
 */
export function meaningOf({ responseCode, text }: Refusal, otherwise: ErrorCode): ErrorCode {
  const byText = TEXTS.find(([pattern]) => pattern.test(text))?.[1]
  const byCode = responseCode === null ? undefined : CODES.get(responseCode)
  return byCode ?? byText ?? otherwise
}

interface ImapflowError extends Error {
  readonly responseStatus?: string
  readonly responseText?: string
  readonly serverResponseCode?: string | false
  /** Of a BYE. */
  readonly reason?: string
  /** The whole reply, parsed; or as text, where imapflow makes an error of its own from it. */
  readonly response?: unknown
}

/** Of a reply as imapflow has parsed it: a FETCH hands it over as it is. */
function codeOf(response: unknown): string | null {
  const { attributes } = (response ?? {}) as { attributes?: { section?: { value?: unknown }[] }[] }
  const code = attributes?.[0]?.section?.[0]?.value
  return typeof code === 'string' ? code.toUpperCase() : null
}

const BACK_OFF = /backoff time[:=\s]+(\d{1,9})\b/i

const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['UNAVAILABLE', 'source/server-busy'],
  ['LIMIT', 'source/server-busy'],
  ['INUSE', 'source/mailbox-locked'],
  ['AUTHENTICATIONFAILED', 'source/credentials-refused'],
  ['AUTHORIZATIONFAILED', 'source/credentials-refused'],
  ['EXPIRED', 'source/credentials-refused'],
  ['PRIVACYREQUIRED', 'source/tls-unavailable'],
  ['CONTACTADMIN', 'source/server-refused'],
  ['NOPERM', 'source/server-refused'],
  ['CLIENTBUG', 'source/protocol-violation'],
])

const TEXTS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/\bauthenticated but not connected\b/i, 'source/mailbox-unavailable'],
  [/\bthrottled\b|\btoo many (?:simultaneous )?(?:connections|sessions|logins)\b/i, 'source/server-busy'],
  [/\bserver (?:is )?(?:unavailable|busy)\b/i, 'source/server-busy'],
  [/\btry again (?:later|in)\b|\btemporar(?:y|ily)\b/i, 'source/server-busy'],
]
