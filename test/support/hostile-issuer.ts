/** An issuer that does what a real one never would. By itself it is polite: each test says what is different. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { OidcConfig } from '../../src/config/oidc.ts'

export interface IssuerManners {
  /** Of its metadata; undefined takes one out. */
  metadata: Record<string, unknown>
  header: Record<string, unknown>
  /** Of the ID token; undefined takes one out. */
  claims: Record<string, unknown>
  userinfo: Record<string, unknown> | null
  /** The token that is answered with, made of the good one. */
  token: (token: string) => unknown
  /** Answers in place of the endpoint, by its path. */
  instead: Record<string, (response: ServerResponse) => void>
}

export interface HostileIssuer extends AsyncDisposable {
  readonly config: OidcConfig
  manners: IssuerManners
  /** Paths that were asked for. */
  readonly asked: string[]
  /** What was sent to its token endpoint last. */
  readonly form: () => URLSearchParams
  /** Where a browser comes back to from the address of a login. */
  browse(url: string): string
}

const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ELSE = generateKeyPairSync('rsa', { modulusLength: 2048 })

export const polite = (): IssuerManners => ({
  ...{ metadata: {}, header: {}, claims: {}, userinfo: null, token: (token) => token, instead: {} },
})

export async function startHostileIssuer(consoleUrl: string): Promise<HostileIssuer> {
  const asked: string[] = []
  let manners = polite()
  let nonce = ''
  let challenge = ''
  let form = new URLSearchParams()
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const instead = manners.instead[path]
    if (instead !== undefined) instead(response)
    else void answer(path, text(request), response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`

  const answer = async (path: string, body: Promise<string>, response: ServerResponse) => {
    if (path === '/token') form = new URLSearchParams(await body)
    const found = endpoints[path]?.()
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? {}))
  }
  const endpoints: Record<string, () => unknown> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      ...{
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
      },
      ...{ response_types_supported: ['code'], id_token_signing_alg_values_supported: ['RS256'] },
      ...(manners.userinfo === null ? {} : { userinfo_endpoint: `${issuer}/userinfo` }),
      ...manners.metadata,
    }),
    '/jwks': () => ({ keys: [{ ...KEYS.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] }),
    '/userinfo': () => manners.userinfo,
    '/token': () => {
      // RFC 7636 section 4.6.
      const isProven =
        createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url') === challenge
      if (!isProven) throw new Error('the verifier is not that of the challenge')
      const at = Math.floor(Date.now() / 1000)
      const claims = {
        iss: issuer,
        aud: 'mailchute',
        sub: '4711',
        iat: at,
        exp: at + 300,
        nonce,
        ...EMAIL,
        ...manners.claims,
      }
      return { access_token: 'access', token_type: 'Bearer', id_token: manners.token(signed(manners.header, claims)) }
    },
  }
  return {
    config: {
      ...{ issuer, consoleUrl, clientId: 'mailchute', clientSecret: 'secret', roleClaim: null },
      ...{ scope: 'openid', operators: ['anna@example.com'], auditors: [] },
    },
    get manners() {
      return manners
    },
    set manners(changed) {
      manners = changed
    },
    asked,
    form: () => form,
    browse: (url) => {
      const { searchParams } = new URL(url)
      nonce = searchParams.get('nonce') ?? ''
      challenge = searchParams.get('code_challenge') ?? ''
      return `${searchParams.get('redirect_uri')}?code=code&state=${searchParams.get('state')}`
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

const EMAIL = { email: 'anna@example.com', email_verified: true }

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signed(header: object, claims: object, key = KEYS.privateKey): string {
  const text = `${part({ alg: 'RS256', kid: 'one', ...header })}.${part(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}

/** The same by a key that is none of the issuer's. */
export const signedByElse = (token: string): string =>
  signed({}, JSON.parse(payloadOf(token)) as object, ELSE.privateKey)

/** RFC 7519 section 6. */
export const unsigned = (token: string): string => `${part({ alg: 'none' })}.${token.split('.')[1]}.`

const payloadOf = (token: string): string => Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
