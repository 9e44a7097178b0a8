/** What an authority refuses, and why, as one of our errors. */
import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'
import type { OAuthClientConfig } from '../../config.ts'
import { type ErrorCode, MailchuteError } from '../../errors.ts'
import { isClockWrong } from './clock.ts'
import { quoteSentence } from './quote.ts'
import { codeOf, hintOf, isCertain, type Reason, type Step } from './reasons.ts'

/** What is to be known of the last answer, whatever became of it. */
export interface Seen {
  status: number | null
  retryAfterSeconds: number | null
  /** How far the authority's clock is ahead of ours; null: it has not told. */
  clockSkewSeconds: number | null
  /** Everything sent that must not be told again. */
  readonly secrets: string[]
}

export function failureOf(
  client: OAuthClientConfig,
  step: Step,
  thrown: unknown,
  seen: Seen,
  signal: AbortSignal,
): MailchuteError {
  if (thrown instanceof MailchuteError) return thrown
  if (signal.aborted) return calledOff(client, signal.reason)
  const reason = reasonOf(thrown)
  if (reason === null) return withoutReason(client, thrown, seen)
  const refusal = refusalOf(client, step, reason, seen)
  return isClockWrong(seen.clockSkewSeconds) && mayBeClocks(reason, refusal)
    ? clockWrong(client, seen.clockSkewSeconds, refusal)
    : refusal
}

export function refusalOf(
  client: OAuthClientConfig,
  step: Step,
  reason: Reason,
  seen: Pick<Seen, 'secrets' | 'status' | 'retryAfterSeconds'>,
): MailchuteError {
  const code = isPassing(seen.status) ? 'oauth/unavailable' : codeOf(reason, step)
  const { error, aadsts, description } = reason
  const sentence = quoteSentence(description, seen.secrets)
  const name = aadsts === null ? error : `AADSTS${aadsts} ${error}`
  const hint = hintOf(reason, step, code)
  return new MailchuteError(code, `${hostOf(client)}: ${name}${sentence === '' ? '' : `: ${sentence}`}`, {
    context: {
      oauthError: error,
      ...(aadsts === null ? {} : { aadsts }),
      ...retryOf(code, seen),
    },
    ...(hint === null ? {} : { hint }),
  })
}

/** A wrong clock may be the reason, unless the authority has told another. */
const mayBeClocks = (reason: Reason, { code }: MailchuteError) =>
  !isCertain(reason) && (code === 'oauth/refused' || code === 'oauth/client-refused')

export function clockWrong(
  client: OAuthClientConfig,
  skewSeconds: number,
  cause: MailchuteError | null,
): MailchuteError {
  const direction = skewSeconds > 0 ? 'behind' : 'ahead of'
  const refusal = cause === null ? '' : `, which refuses: ${cause.message}`
  return new MailchuteError(
    'oauth/clock-wrong',
    `the clock of this machine is ${Math.abs(skewSeconds)} s ${direction} that of ${hostOf(client)}${refusal}`,
    { context: { skewSeconds, ...cause?.context } },
  )
}

/** The answer of an authority that is not well, or has too much to do. */
export const isPassing = (status: number | null): boolean =>
  status !== null && (status >= 500 || status === 429 || status === 408)

function reasonOf(thrown: unknown): Reason | null {
  if (thrown instanceof ResponseBodyError) {
    const codes: unknown = thrown.cause['error_codes']
    const listed: unknown = Array.isArray(codes) ? codes[0] : null
    const description: unknown = thrown.error_description
    const words = typeof description === 'string' ? description : ''
    return reason(thrown.error, words, typeof listed === 'number' ? listed : null)
  }
  if (thrown instanceof AuthorizationResponseError) return reason(thrown.error, thrown.error_description ?? '')
  return null
}

/** The error is one of a few words (RFC 6749 section 5.2): whatever else stands there is not repeated. */
export function reason(error: string, description: string, listed: number | null = null): Reason {
  const aadsts = /\bAADSTS(\d{3,9})\b/.exec(description)?.[1]
  return {
    error: /^[a-z_]{1,40}$/.test(error) ? error : 'error',
    aadsts: aadsts === undefined ? listed : Number(aadsts),
    description,
  }
}

/** No OAuth error in it: the network, a proxy, or no authority at all. The cause may quote tokens: it goes no further. */
function withoutReason(client: OAuthClientConfig, thrown: unknown, seen: Seen): MailchuteError {
  const { status } = seen
  const isRefusal = status !== null && status >= 400 && !isPassing(status)
  const what = status === null ? networkTrouble(thrown) : `HTTP status ${status} and no answer that OAuth knows`
  return new MailchuteError(isRefusal ? 'oauth/refused' : 'oauth/unavailable', `${hostOf(client)}: ${what}`, {
    context: { ...(status === null ? {} : { status }), ...retryOf('oauth/unavailable', seen) },
    ...(isRefusal ? { hint: 'check OAUTH_AUTHORITY, or OAUTH_TOKEN_URL and the URLs beside it' } : {}),
  })
}

/** In a few words without anything that was sent. */
export function networkTrouble(thrown: unknown): string {
  const causes = [thrown, ...causesOf(thrown)]
  const names = causes.flatMap((cause) => (cause instanceof Error ? [cause.name] : []))
  if (names.includes('TimeoutError')) return 'no answer in time'
  const code = causes
    .map((cause) => (cause as { code?: unknown } | null)?.code)
    .findLast((each) => typeof each === 'string')
  return `not reached${code === undefined || String(code).startsWith('OAUTH_') ? '' : ` (${String(code)})`}`
}

function causesOf(thrown: unknown): unknown[] {
  if (!(thrown instanceof Error) || thrown.cause === undefined) return []
  return [thrown.cause, ...causesOf(thrown.cause)]
}

function retryOf(code: ErrorCode, { retryAfterSeconds }: Pick<Seen, 'retryAfterSeconds'>) {
  return code === 'oauth/unavailable' && retryAfterSeconds !== null ? { retryAfterSeconds } : {}
}

function calledOff(client: OAuthClientConfig, why: unknown): MailchuteError {
  if (why instanceof MailchuteError) return why
  const isLate = why instanceof Error && why.name === 'TimeoutError'
  const what = isLate ? 'no answer in time' : 'the request was called off'
  return new MailchuteError('oauth/unavailable', `${hostOf(client)}: ${what}`)
}

const hostOf = ({ endpoints }: OAuthClientConfig): string => new URL(endpoints.token).host
