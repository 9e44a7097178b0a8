/** What an account may, by what its issuer says of it. Pure. */
import { lowerCase, type OidcConfig } from '../../../config/oidc.ts'
import { MailchuteError } from '../../../errors.ts'
import type { Actor } from '../tokens.ts'

export type Claims = Readonly<Record<string, unknown>> & { readonly sub: string }

/** Throws `oidc/no-role`, with who it was. */
export function actorOfClaims(config: OidcConfig, claims: Claims): Actor {
  const name = nameOf(claims)
  const values = config.roleClaim === null ? addressesOf(claims) : valuesOf(claims, config.roleClaim)
  const isIn = (list: readonly string[]) => values.some((value) => list.includes(value))
  if (isIn(config.operators)) return { role: 'operator', name }
  if (isIn(config.auditors)) return { role: 'auditor', name }
  throw new MailchuteError('oidc/no-role', ...explain(config, claims, values, name))
}

/** Whether the claim that decides is there, whatever it says. */
export const hasDecisiveClaim = ({ roleClaim }: OidcConfig, claims: Claims): boolean =>
  found(claims, roleClaim ?? 'email') !== undefined

/**
 * A name of its own, or a path: Keycloak has `realm_access.roles`, others a URL with dots. Only text counts, alone or in
 * a list.
 */
function valuesOf(claims: Claims, claim: string): string[] {
  const value = found(claims, claim)
  const values: unknown[] = Array.isArray(value) ? value : [value]
  return values.filter((each) => typeof each === 'string')
}

function found(claims: Claims, claim: string): unknown {
  if (Object.hasOwn(claims, claim)) return claims[claim]
  return claim
    .split('.')
    .reduce<unknown>((value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined), claims)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An address that nobody has verified may be typed in by anybody. */
function addressesOf(claims: Claims): string[] {
  const address = verifiedAddress(claims)
  return address === null ? [] : [lowerCase(address)]
}

function verifiedAddress({ email, email_verified: isVerified }: Claims): string | null {
  return isVerified === true && typeof email === 'string' && /^[^\s\p{C}]{3,254}$/u.test(email) ? email : null
}

/**
 * As it stands in events: `oidc:` and a verified address, or `oidc:sub:` and the subject, which is nobody else's ever,
 * with the name that the account goes by now behind it. Without the second form nobody could look up a subject of Entra ID.
 */
function nameOf(claims: Claims): string {
  const address = verifiedAddress(claims)
  if (address !== null) return `oidc:${lowerCase(address)}`
  const shown = [claims['preferred_username'], claims['email']].find(isPlain)
  return `oidc:sub:${claims.sub}${shown === undefined ? '' : ` (${shown})`}`
}

const isPlain = (name: unknown): name is string => typeof name === 'string' && /^[^\p{C}()]{1,200}$/u.test(name)

type Why = [message: string, more: { readonly context: { readonly actor: string }; readonly hint?: string }]

function explain({ roleClaim }: OidcConfig, claims: Claims, values: readonly string[], actor: string): Why {
  const context = { actor }
  if (roleClaim === null && values.length === 0)
    return ['the issuer vouches for no e-mail address of this account', { context, hint: UNVERIFIED }]
  if (values.length > 0) return ['this account may not look into this console', { context }]
  const isElsewhere = isObject(claims['_claim_names']) && Object.hasOwn(claims['_claim_names'], roleClaim ?? '')
  return [`the issuer says nothing of this account's ${roleClaim}`, { context, hint: isElsewhere ? TOO_MANY : MISSING }]
}

const UNVERIFIED =
  'the address counts only with email_verified: true. Let the issuer verify it, or let a claim decide ' +
  '(CONSOLE_OIDC_ROLE_CLAIM), as with Entra ID, which vouches for none; docs/console.md says how'
const MISSING =
  'give the account a role at the issuer, and let the claim stand in the ID token; docs/console.md says how'
const TOO_MANY = 'the account is in more groups than a token holds: let application roles decide (docs/console.md)'
