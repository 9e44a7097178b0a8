/** What stands behind the URLs of the authority: who is asked for what, and what is given. */
import type { IncomingMessage } from 'node:http'
import type { Grants } from './grants.ts'
import { REFUSALS, type Refusal } from './refusals.ts'

export const CLIENT_ID = 'd3590ed6-52b3-4102-aeff-aad2292ab01c'
export const CLIENT_SECRET = 'Zx8Q~client-secret-of-the-tests-1234567'
export const TENANT = 'contoso.example'

export interface OAuthServerOptions {
  /** Signs a token for a mailbox; `resource` is `mail` or `graph`, from the scope that was asked for. */
  readonly accessToken: (user: string, expiresInSeconds: number, resource: 'mail' | 'graph') => string
  /** Whose token is given out. */
  readonly user: string
}

/** How it behaves from now on; may be changed at any time. */
export interface OAuthManners {
  /** null: a public client, which has none. */
  clientSecret: string | null
  /** As told in `expires_in`. */
  expiresInSeconds: number
  /** What the token itself has, where that differs. */
  signedSeconds: number | null
  /** A refresh token that was used is worthless, as at other authorities. */
  isStrict: boolean
  /** How far its clock is ahead. */
  clockAheadSeconds: number
  /** What it grants instead of what was asked for. */
  grantedScope: string | null
  /** Asked before anything is looked at. */
  refuse: (request: OAuthRequest) => Refusal | null
  /** The effect has happened, the answer waits for this. */
  beforeAnswer: (request: OAuthRequest) => Promise<void>
  /** Seconds between polls of a device code. */
  deviceIntervalSeconds: number
  /** Where a device code is to be typed in. */
  verificationUri: string
}

export interface OAuthRequest {
  readonly endpoint: 'authorize' | 'token' | 'devicecode' | 'other'
  readonly form: URLSearchParams
  readonly grantType: string
}

export interface World {
  readonly options: OAuthServerOptions
  readonly manners: OAuthManners
  readonly grants: Grants
  readonly requests: OAuthRequest[]
}

/** What is answered: a page, a way to go on, JSON, or a refusal. */
export type Answer = { readonly location: string } | { readonly page: string } | { readonly json: object } | Refusal

export function respond(world: World, asked: OAuthRequest, request: IncomingMessage): Answer {
  if (!request.url?.startsWith(`/${TENANT}/`)) return REFUSALS.tenantUnknown
  if (asked.endpoint === 'authorize') return authorize(world, asked)
  if (asked.endpoint === 'other') return { page: 'not found' }
  const unasked = world.manners.refuse(asked)
  if (unasked !== null) return unasked
  if (request.method !== 'POST' || !request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return REFUSALS.malformed
  }
  for (const name of ['refresh_token', 'code_verifier', 'client_secret']) {
    const secret = asked.form.get(name)
    if (secret) world.grants.secrets.add(secret)
  }
  const refused = checkClient(world, asked.form, request.headers.authorization)
  if (refused !== null) return refused
  return asked.endpoint === 'devicecode' ? device(world, asked.form) : token(world, asked.form)
}

/** client_secret_post or client_secret_basic (RFC 6749 section 2.3.1). */
function checkClient({ manners }: World, form: URLSearchParams, authorization: string | undefined): Refusal | null {
  const [id, secret] = authorization?.startsWith('Basic ')
    ? Buffer.from(authorization.slice(6), 'base64').toString().split(':').map(decodeURIComponent)
    : [form.get('client_id'), form.get('client_secret')]
  if (id !== CLIENT_ID) return REFUSALS.clientUnknown
  if (manners.clientSecret === null) return secret ? REFUSALS.secretUnwanted : null
  if (!secret) return REFUSALS.secretMissing
  return secret === manners.clientSecret ? null : REFUSALS.secretWrong
}

function authorize({ manners, grants }: World, asked: OAuthRequest): Answer {
  const query = asked.form
  const redirectUri = query.get('redirect_uri') ?? ''
  const isLoopback = /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\//.test(redirectUri)
  if (query.get('client_id') !== CLIENT_ID) return { page: 'AADSTS700016: unknown application' }
  if (!isLoopback) return { page: 'AADSTS50011: the redirect URI does not match' }
  const back = (fields: Record<string, string>) => {
    const url = new URL(redirectUri)
    for (const [name, value] of Object.entries({ ...fields, state: query.get('state') ?? '' })) {
      url.searchParams.set(name, value)
    }
    return { location: url.href }
  }
  const refused = manners.refuse(asked)
  if (refused !== null)
    return back({ error: refused.error, error_description: `AADSTS${refused.aadsts}: ${refused.text}` })
  const challenge = query.get('code_challenge')
  if (query.get('response_type') !== 'code' || !query.get('scope')) return back({ error: 'invalid_request' })
  if (challenge === null || query.get('code_challenge_method') !== 'S256') return back({ error: 'invalid_request' })
  return back({ code: grants.issueCode(redirectUri, challenge), session_state: 'b0a1' })
}

function device({ manners, grants }: World, form: URLSearchParams): Answer {
  if (!form.get('scope')) return REFUSALS.scopeUnknown
  const { deviceCode, userCode } = grants.issueDevice()
  return {
    json: {
      user_code: userCode,
      device_code: deviceCode,
      verification_uri: manners.verificationUri,
      expires_in: 900,
      interval: manners.deviceIntervalSeconds,
      message: `To sign in, open https://microsoft.example/devicelogin and enter the code ${userCode}.`,
    },
  }
}

function token(world: World, form: URLSearchParams): Answer {
  const { grants, manners } = world
  const grant = form.get('grant_type')
  if (grant === 'client_credentials') {
    if (manners.clientSecret === null) return REFUSALS.secretMissing
    return /^https:\/\/\S+\/\.default$/.test(form.get('scope') ?? '') ? give(world, form, false) : REFUSALS.scopeUnknown
  }
  const refused = redeem(grants, form)
  if (refused !== null) return refused
  if (grant === 'refresh_token' && manners.isStrict) grants.revoke(form.get('refresh_token') ?? '')
  return give(world, form, true)
}

function redeem(grants: Grants, form: URLSearchParams): Refusal | null {
  const field = (name: string) => form.get(name) ?? ''
  switch (field('grant_type')) {
    case 'authorization_code':
      return grants.redeemCode(field('code'), field('redirect_uri'), field('code_verifier'))
    case 'urn:ietf:params:oauth:grant-type:device_code':
      return grants.redeemDevice(field('device_code'))
    case 'refresh_token':
      return grants.isGood(field('refresh_token')) ? null : REFUSALS.revoked
    default:
      return REFUSALS.malformed
  }
}

function give({ options, manners, grants }: World, form: URLSearchParams, withRefreshToken: boolean): Answer {
  const scope = form.get('scope') ?? ''
  const isGraph = scope.includes('graph.microsoft.com')
  if (isGraph && scope.includes('outlook.office')) return REFUSALS.twoResources
  const seconds = manners.signedSeconds ?? manners.expiresInSeconds
  const accessToken = options.accessToken(options.user, seconds, isGraph ? 'graph' : 'mail')
  grants.secrets.add(accessToken)
  const { expiresInSeconds } = manners
  return {
    json: {
      token_type: 'Bearer',
      scope: manners.grantedScope ?? scope.replace(/ ?offline_access/, ''),
      expires_in: expiresInSeconds,
      ext_expires_in: expiresInSeconds,
      access_token: accessToken,
      ...(withRefreshToken ? { refresh_token: grants.issueRefreshToken() } : {}),
    },
  }
}
