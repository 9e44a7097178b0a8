/** RFC 6749 section 4.1 with PKCE (RFC 7636) and a redirect to this machine (RFC 8252). */
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import type { OAuthClientConfig } from '../../config.ts'
import { MailchuteError } from '../../errors.ts'
import { ask, configurationOf } from './authority.ts'
import { reason, refusalOf } from './failure.ts'
import { type Grant, grantOf, scopeField } from './grant.ts'
import type { Redirect } from './redirect-url.ts'

/** A login that somebody has yet to go through with a browser. */
export interface PendingLogin {
  /** To be opened in a browser. */
  readonly url: string
  readonly redirectUri: string
  readonly state: string
  readonly verifier: string
}

export interface LoginWish {
  readonly redirectUri: string
  /** The address of the mailbox, so that nobody picks another account. */
  readonly loginHint: string
  /** All that is to be consented to; may be for several resources. */
  readonly scope: string
}

export async function beginLogin(client: OAuthClientConfig, wish: LoginWish): Promise<PendingLogin> {
  if (client.endpoints.authorize === null) {
    const hint = 'set OAUTH_AUTHORIZE_URL of this mailbox, or log in with --device'
    throw new MailchuteError('config/invalid', 'the authority has no URL to log in at', { hint })
  }
  const redirectUri = new URL(wish.redirectUri).href
  const [state, verifier] = [randomState(), randomPKCECodeVerifier()]
  const url = buildAuthorizationUrl(configurationOf(client), {
    redirect_uri: redirectUri,
    ...scopeField(wish.scope),
    state,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    login_hint: wish.loginHint,
    ...(client.provider === 'google' ? GOOGLE : {}),
  })
  return { url: url.href, redirectUri, state, verifier }
}

/** Without these Google gives no refresh token, or only the first time. */
const GOOGLE = { access_type: 'offline', prompt: 'consent' }

/** `scope` is what the first access token is for: one resource. */
export async function finishLogin(
  client: OAuthClientConfig,
  { redirectUri, state, verifier }: PendingLogin,
  redirect: Exclude<Redirect, { kind: 'foreign' }>,
  scope: string,
  signal: AbortSignal,
): Promise<Grant> {
  if (redirect.kind === 'refused') {
    throw refusalOf(client, 'login', reason(redirect.error, redirect.description), NOTHING_SENT)
  }
  const back = new URL(redirectUri)
  back.searchParams.set('code', redirect.code)
  back.searchParams.set('state', state)
  const checks = { expectedState: state, pkceCodeVerifier: verifier }
  const answered = await ask(client, 'login', signal, (configuration) =>
    authorizationCodeGrant(configuration, back, checks, scopeField(scope)),
  )
  return grantOf(client, answered)
}

const NOTHING_SENT = { secrets: [], status: null, retryAfterSeconds: null }
