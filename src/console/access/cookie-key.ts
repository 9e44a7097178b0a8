import { hkdfSync } from 'node:crypto'
import type { OidcConfig } from '../../config/oidc.ts'
import type { ConsoleTokens } from './tokens.ts'

/**
 * The key of what is kept in cookies, the same in every process. It comes from the settings that say who may log in: a
 * new token, another issuer and another list of people each end every login.
 */
export function cookieKey({ operator, auditor }: ConsoleTokens, oidc: OidcConfig | null, purpose: string): Buffer {
  const { issuer, clientId, roleClaim, operators, auditors } = oidc ?? {}
  const people = oidc === null ? null : [issuer, clientId, roleClaim, operators, auditors]
  return Buffer.from(hkdfSync('sha256', JSON.stringify([operator, auditor, people]), '', purpose, 32))
}
