/** OpenID Connect Core section 3.1, the authorization code flow, with PKCE (RFC 7636), state and nonce. */
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import type { OidcConfig } from '../../../config/oidc.ts'
import { MailchuteError } from '../../../errors.ts'
import type { Actor } from '../tokens.ts'
import { oidcFailure } from './failure.ts'
import type { Issuer } from './issuer.ts'
import type { PendingLogin } from './pending.ts'
import { actorOfClaims, type Claims, hasDecisiveClaim } from './role.ts'

export const CALLBACK_PATH = '/login/oidc/callback'

export interface Begun extends Pick<PendingLogin, 'state' | 'nonce' | 'verifier'> {
  /** Where the browser goes. */
  readonly url: string
}

/** Rejects as `Issuer.configuration` does. */
export async function beginSignIn(config: OidcConfig, issuer: Issuer): Promise<Begun> {
  const configuration = await issuer.configuration()
  const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()]
  const parameters = {
    redirect_uri: config.consoleUrl + CALLBACK_PATH,
    scope: config.scope,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  try {
    return { url: buildAuthorizationUrl(configuration, parameters).href, state, nonce, verifier }
  } catch {
    throw new MailchuteError('oidc/issuer-wrong', `${issuer.host}: its metadata name no address to log in at`)
  }
}

/** `query` is that of the request that came back. Rejects with `oidc/*`. */
export async function finishSignIn(
  config: OidcConfig,
  issuer: Issuer,
  pending: PendingLogin,
  query: URLSearchParams,
): Promise<Actor> {
  // The library looks again; here it is known that somebody else's login came back, and nothing is asked.
  if (query.get('state') !== pending.state) {
    throw new MailchuteError('oidc/login-unfinished', 'what came back belongs to another login')
  }
  try {
    return actorOfClaims(config, await claimsOf(config, issuer, pending, query))
  } catch (thrown) {
    throw oidcFailure(issuer.host, 'login', thrown)
  }
}

/** Of one source: what is verified in one says nothing of what stands in the other. */
async function claimsOf(
  config: OidcConfig,
  issuer: Issuer,
  { state, nonce, verifier }: PendingLogin,
  query: URLSearchParams,
): Promise<Claims> {
  const configuration = await issuer.configuration()
  const back = new URL(config.consoleUrl + CALLBACK_PATH)
  back.search = query.toString()
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
  const answer = await authorizationCodeGrant(configuration, back, checks)
  const claims = answer.claims()
  if (claims === undefined) throw new MailchuteError('oidc/token-invalid', `${issuer.host}: there is no ID token`)
  const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined
  if (hasDecisiveClaim(config, claims) || !hasMore) return claims
  // Core section 5.4: what a scope asks for need not stand in the ID token.
  return await fetchUserInfo(configuration, answer.access_token, claims.sub)
}
