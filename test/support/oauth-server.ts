/**
 * An OAuth authority as Microsoft's contract has it, over real HTTP: authorization code with PKCE, device code, client
 * credentials and refresh; refresh tokens are replaced at each use, and the old one stays good. Its tokens are
 * somebody else's to sign: `accessToken` is asked for each, like Dovecot's, whose server then verifies them.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  type Answer,
  CLIENT_ID,
  type OAuthManners,
  type OAuthRequest,
  type OAuthServerOptions,
  respond,
  TENANT,
  type World,
} from './oauth-server/endpoints.ts'
import { createGrants } from './oauth-server/grants.ts'
import { bodyOf } from './oauth-server/refusals.ts'

export { CLIENT_ID, CLIENT_SECRET, type OAuthManners, type OAuthRequest } from './oauth-server/endpoints.ts'
export { REFUSALS, type Refusal } from './oauth-server/refusals.ts'

export interface OAuthServer extends AsyncDisposable {
  /** Below it stand `/oauth2/v2.0/authorize`, `/token` and `/devicecode`. */
  readonly authority: string
  readonly manners: OAuthManners
  /** Every request so far. */
  readonly requests: readonly OAuthRequest[]
  /** All that it gave out or got that nobody else may see. */
  readonly secrets: ReadonlySet<string>
  /** Settings of the mailbox's client: MAILBOX_<NAME>_OAUTH_... */
  settings(name: string): Record<string, string>
  /** What a browser does with the URL of a login, without the last step: where it is sent to. */
  browse(url: string): Promise<string>
  /** Somebody enters the code that the device shows. */
  approve(userCode: string, state?: 'approved' | 'declined' | 'expired'): void
  /** Every refresh token so far becomes worthless. */
  revokeAll(): void
  /** A refresh token as if somebody had logged in. */
  issueRefreshToken(): string
}

export async function startOAuthServer(options: OAuthServerOptions): Promise<OAuthServer> {
  const manners = politeManners()
  const grants = createGrants()
  const requests: OAuthRequest[] = []
  const server = createServer((request, response) => {
    void answer({ options, manners, grants, requests }, request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const authority = `http://127.0.0.1:${address.port}/${TENANT}`
  return {
    authority,
    manners,
    requests,
    secrets: grants.secrets,
    settings: (name) => settingsOf(name, authority, manners),
    browse,
    approve: (userCode, state = 'approved') => {
      const device = [...grants.devices.values()].find((each) => each.userCode === userCode)
      if (device === undefined) throw new Error('nobody asked for this code')
      device.state = state
    },
    revokeAll: grants.revokeAll,
    issueRefreshToken: grants.issueRefreshToken,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function politeManners(): OAuthManners {
  return {
    clientSecret: null,
    expiresInSeconds: 3600,
    signedSeconds: null,
    isStrict: false,
    clockAheadSeconds: 0,
    grantedScope: null,
    refuse: () => null,
    beforeAnswer: async () => undefined,
    deviceIntervalSeconds: 0.02,
    verificationUri: 'https://microsoft.example/devicelogin',
  }
}

function settingsOf(name: string, authority: string, { clientSecret }: OAuthManners): Record<string, string> {
  return {
    [`MAILBOX_${name}_OAUTH_CLIENT_ID`]: CLIENT_ID,
    [`MAILBOX_${name}_OAUTH_AUTHORITY`]: authority,
    ...(clientSecret === null ? {} : { [`MAILBOX_${name}_OAUTH_CLIENT_SECRET`]: clientSecret }),
  }
}

async function browse(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'manual' })
  const location = response.headers.get('location')
  if (response.status !== 302 || location === null) throw new Error(`${response.status}: ${await response.text()}`)
  return location
}

async function answer(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = await read(request)
  world.requests.push(asked)
  const given = respond(world, asked, request)
  await world.manners.beforeAnswer(asked)
  const now = new Date(Date.now() + world.manners.clockAheadSeconds * 1000)
  response.setHeader('Date', now.toUTCString())
  send(response, given, now)
}

async function read(request: IncomingMessage): Promise<OAuthRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const name = /\/oauth2\/v2\.0\/(\w+)$/.exec(url.pathname)?.[1]
  const endpoint = name === 'authorize' || name === 'token' || name === 'devicecode' ? name : 'other'
  const form = request.method === 'POST' ? new URLSearchParams(Buffer.concat(chunks).toString()) : url.searchParams
  return { endpoint, form, grantType: form.get('grant_type') ?? '' }
}

function send(response: ServerResponse, given: Answer, now: Date): void {
  if ('location' in given) {
    response.writeHead(302, { Location: given.location }).end()
    return
  }
  if ('page' in given) {
    response.writeHead(400, { 'Content-Type': 'text/html' }).end(given.page)
    return
  }
  const [status, body] = 'json' in given ? [200, given.json] : [given.status, bodyOf(given, now)]
  const retryAfter = 'retryAfter' in given && given.retryAfter !== undefined ? given.retryAfter : null
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store, no-cache',
    // RFC 6749 section 5.2, for invalid_client.
    ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="authority"' } : {}),
    ...(retryAfter === null ? {} : { 'Retry-After': String(retryAfter) }),
  })
  response.end(JSON.stringify(body))
}
