import type { OAuthClientConfig } from '../../config.ts'
import type { Answered } from './authority.ts'

/** What an authority gave. */
export interface Grant {
  readonly accessToken: string
  /** By our own clock. */
  readonly expiresAt: Date
  /** null: none; one that was used to ask stays good. */
  readonly refreshToken: string | null
  /** When the refresh token ends if it is not used; null: nobody has told. */
  readonly refreshTokenExpiresAt: Date | null
  /** As granted, which may be less than what was asked for; null: as asked. */
  readonly scope: string | null
  /** How far the authority's clock is ahead of ours; null: it has not told. */
  readonly clockSkewSeconds: number | null
}

interface TokenResponse {
  readonly access_token: string
  readonly expires_in?: number
  readonly refresh_token?: string
  readonly scope?: string
  readonly [field: string]: unknown
}

/** RFC 6749 section 5.1 only recommends `expires_in`. */
const USUAL_SECONDS = 3600
/** What is said to last longer is kept as well: a date has its bounds, and a token that cannot be saved is lost. */
const LONGEST_SECONDS = 10 * 365 * 24 * 3600
/** Microsoft does not tell it: 90 days from the last use. */
const MICROSOFT_REFRESH_SECONDS = 90 * 24 * 3600

export function grantOf(client: OAuthClientConfig, answered: Answered<TokenResponse>): Grant {
  const { answer, askedAt, clockSkewSeconds } = answered
  const after = (seconds: number) => new Date(askedAt.getTime() + Math.min(seconds, LONGEST_SECONDS) * 1000)
  const refreshSeconds = refreshSecondsOf(client, answer)
  return {
    accessToken: answer.access_token,
    expiresAt: after(answer.expires_in ?? USUAL_SECONDS),
    refreshToken: answer.refresh_token ?? null,
    refreshTokenExpiresAt: refreshSeconds === null ? null : after(refreshSeconds),
    scope: answer.scope ?? null,
    clockSkewSeconds,
  }
}

/** `refresh_token_expires_in` is no standard, but some authorities tell it. */
function refreshSecondsOf({ provider }: OAuthClientConfig, answer: TokenResponse): number | null {
  const told = Number(answer['refresh_token_expires_in'] ?? Number.NaN)
  if (Number.isFinite(told) && told > 0) return told
  return provider === 'microsoft' && answer.refresh_token !== undefined ? MICROSOFT_REFRESH_SECONDS : null
}

/** What was asked for and not granted. Names of scopes compare without regard to case at Microsoft. */
export function missingScopes(asked: string, granted: string | null): string[] {
  if (granted === null) return []
  const has = new Set(granted.toLowerCase().split(/\s+/))
  // It is granted by giving a refresh token, and is not listed.
  return asked
    .split(/\s+/)
    .filter((scope) => scope !== '' && scope !== 'offline_access' && !has.has(scope.toLowerCase()))
}

/** An empty scope is not sent: the authority has a default. */
export const scopeField = (scope: string): Record<string, string> => (scope === '' ? {} : { scope })
