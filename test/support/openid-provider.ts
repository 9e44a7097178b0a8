/** A real OpenID provider on this machine, with a page on which one chooses who one is. */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import Provider, { type Options } from 'oidc-provider'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import type { OidcConfig } from '../../src/config/oidc.ts'

export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string
  /** With the console at this address as its client. */
  readonly config: OidcConfig
  /** Settings for the same. */
  readonly settings: Readonly<Record<string, string>>
  /** What a browser does with the address of a login, without the last step: where it is sent to. */
  browse(url: string, account: string): Promise<string>
}

export const ACCOUNTS: Readonly<Record<string, object>> = {
  anna: { email: 'Anna@example.com', email_verified: true, roles: ['Mailchute.Operator'], preferred_username: 'anna' },
  bob: { email: 'bob@example.com', email_verified: true, roles: ['Mailchute.Auditor'] },
  carl: { email: 'anna@example.com', email_verified: false, preferred_username: 'anna@example.com' },
  dora: { email: 'dora@example.com', email_verified: true, roles: ['mailchute.operator'] },
}

const CLIENT = { clientId: 'mailchute', clientSecret: 'a secret/with:signs%20' }
const PEOPLE = { operators: ['anna@example.com'], auditors: ['bob@example.com'] }

export interface ProviderOptions {
  /** Where the client is come back to. */
  readonly consoleUrl: string
  /** All claims stand in the ID token, as at Entra ID, Google and Keycloak. By default only in what UserInfo answers. */
  readonly isGenerous?: boolean
}

/** At `localhost`, which is another site than a console at 127.0.0.1. */
export async function startOpenIdProvider(options: ProviderOptions): Promise<OpenIdProvider> {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const issuer = `http://localhost:${address.port}`
  const provider = new Provider(
    issuer,
    optionsOf(options, () => provider),
  )
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/')) void choose(provider, request, response)
    else answer(request, response)
  })
  const { consoleUrl } = options
  return {
    issuer,
    config: { ...CLIENT, ...PEOPLE, issuer, consoleUrl, roleClaim: null, scope: 'openid profile email' },
    settings: {
      CONSOLE_URL: consoleUrl,
      CONSOLE_OIDC_ISSUER: issuer,
      CONSOLE_OIDC_CLIENT_ID: CLIENT.clientId,
      CONSOLE_OIDC_CLIENT_SECRET: CLIENT.clientSecret,
      CONSOLE_OIDC_OPERATORS: PEOPLE.operators.join(),
      CONSOLE_OIDC_AUDITORS: PEOPLE.auditors.join(),
    },
    browse: (url, account) => browse(url, account, issuer),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function optionsOf({ consoleUrl, isGenerous = false }: ProviderOptions, provider: () => Provider): Options {
  return {
    // The same as its default, without the warning.
    adapter: createMemoryAdapter(0),
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [`${consoleUrl}/login/oidc/callback`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub', 'roles'], email: ['email', 'email_verified'], profile: ['preferred_username', 'name'] },
    conformIdTokenClaims: !isGenerous,
    cookies: { keys: ['a key of the tests'] },
    jwks: { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...ACCOUNTS[id] }) }),
    // Nobody is asked for consent.
    loadExistingGrant: async ({ oidc: { client, session } }) => {
      const grant = new (provider().Grant)({ accountId: session.accountId, clientId: client.clientId })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
    renderError: (context, out) => {
      context.body = JSON.stringify(out)
    },
  }
}

async function choose(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST') {
    const accountId = new URLSearchParams(await text(request)).get('account') ?? ''
    const result = accountId === '' ? { error: 'access_denied' } : { login: { accountId } }
    await provider.interactionFinished(request, response, result)
    return
  }
  const buttons = Object.keys(ACCOUNTS).map((id) => `<button name="account" value="${id}">${id}</button>`)
  response.setHeader('content-type', 'text/html').end(`<form method="post">${buttons.join('')}</form>`)
}

async function browse(url: string, account: string, issuer: string): Promise<string> {
  const jar = new Map<string, string>()
  const ask = async (address: string, init: RequestInit = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(new URL(address, issuer), { redirect: 'manual', headers: { cookie }, ...init })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    return answer.headers.get('location')
  }
  const interaction = await ask(url)
  if (interaction?.startsWith('/interaction/') !== true) return interaction ?? ''
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const resume = await ask(interaction, { method: 'POST', body: new URLSearchParams({ account }), headers: { cookie } })
  return (await ask(resume ?? '')) ?? ''
}
