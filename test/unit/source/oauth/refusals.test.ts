import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MailchuteError } from '../../../../src/errors.ts'
import { beginLogin, finishLogin } from '../../../../src/source/oauth/authorization-code.ts'
import { askAsApplication } from '../../../../src/source/oauth/client-credentials.ts'
import { clockSkewSeconds } from '../../../../src/source/oauth/clock-skew.ts'
import { beginDeviceLogin } from '../../../../src/source/oauth/device-code.ts'
import { refresh } from '../../../../src/source/oauth/refresh.ts'
import {
  CLIENT_SECRET,
  type OAuthServer,
  REFUSALS,
  type Refusal,
  startOAuthServer,
} from '../../../support/oauth-server.ts'
import { clientOf, MAIL_SCOPE } from './client.ts'

let server: OAuthServer
beforeAll(async () => {
  server = await startOAuthServer({ accessToken: () => 'an access token', user: 'support@mailchute.example' })
})
afterAll(() => server[Symbol.asyncDispose]())

const SIGNAL = AbortSignal.timeout(60_000)

async function failure(work: Promise<unknown>): Promise<MailchuteError> {
  const thrown = await work.then(() => null).catch((error: unknown) => error)
  if (thrown instanceof MailchuteError) return thrown
  throw new Error('it should have failed', { cause: thrown })
}

async function refusedAt(refusal: Refusal, work: () => Promise<unknown>): Promise<MailchuteError> {
  server.manners.refuse = ({ endpoint }) => (endpoint === 'token' ? refusal : null)
  return await failure(work()).finally(() => {
    server.manners.refuse = () => null
  })
}

const renew = () => refresh(clientOf(server.authority), 'a-refresh-token-of-somebody', MAIL_SCOPE, SIGNAL)
const application = () =>
  askAsApplication(clientOf(server.authority, { clientSecret: CLIENT_SECRET }), 'https://a/.default', SIGNAL)
const device = async () => (await beginDeviceLogin(clientOf(server.authority), MAIL_SCOPE, SIGNAL)).finish(SIGNAL)

/** As RFC 6749 section 5.2 has them, without Microsoft's number. */
const word = (error: string, status = 400): Refusal => ({ status, error, aadsts: 0, text: 'No more words.' })

describe('what an authority refuses at a renewal', () => {
  test.each([
    ['oauth/login-required', REFUSALS.revoked],
    ['oauth/login-required', REFUSALS.unused],
    ['oauth/login-required', word('invalid_grant')],
    ['oauth/login-required', word('interaction_required')],
    ['oauth/client-refused', REFUSALS.secretWrong],
    ['oauth/client-refused', REFUSALS.secretExpired],
    ['oauth/client-refused', REFUSALS.secretMissing],
    ['oauth/client-refused', REFUSALS.clientUnknown],
    ['oauth/client-refused', word('invalid_client', 401)],
    ['oauth/tenant-unknown', REFUSALS.tenantUnknown],
    ['oauth/tenant-unknown', { ...REFUSALS.tenantUnknown, aadsts: 900023 }],
    ['oauth/consent-required', REFUSALS.unconsented],
    ['oauth/consent-required', word('consent_required')],
    ['oauth/flow-blocked', REFUSALS.deviceBlocked],
    ['oauth/flow-blocked', { ...REFUSALS.deviceBlocked, aadsts: 530035 }],
    ['oauth/scope-refused', REFUSALS.scopeUnknown],
    ['oauth/scope-refused', REFUSALS.twoResources],
    ['oauth/scope-refused', word('invalid_scope')],
    ['oauth/unavailable', REFUSALS.throttled],
    ['oauth/unavailable', REFUSALS.down],
    ['oauth/unavailable', word('temporarily_unavailable')],
    ['oauth/refused', REFUSALS.malformed],
    ['oauth/refused', word('something_new')],
  ] as const)('is %s for AADSTS$aadsts', async (code, refusal) => {
    const error = await refusedAt(refusal, renew)
    expect(error).toMatchObject({ code, context: { oauthError: refusal.error, aadsts: refusal.aadsts } })
    expect(error.message).toContain(`AADSTS${refusal.aadsts} ${refusal.error}: `)
    expect(error.message).not.toMatch(/Trace ID|Correlation/)
  })

  test('tells when to come again (RFC 9110 section 10.2.3)', async () => {
    expect((await refusedAt(REFUSALS.throttled, renew)).context).toMatchObject({ retryAfterSeconds: 17 })
    expect((await refusedAt(REFUSALS.down, renew)).context).toMatchObject({ retryAfterSeconds: 5 })
    expect((await refusedAt(REFUSALS.revoked, renew)).context).not.toHaveProperty('retryAfterSeconds')
  })

  test('means another thing to an application, which nobody can log in for', async () => {
    expect(await refusedAt(word('invalid_grant'), application)).toMatchObject({ code: 'oauth/refused' })
    expect(await refusedAt(REFUSALS.deviceBlocked, application)).toMatchObject({
      code: 'oauth/flow-blocked',
      hint: expect.stringContaining('Conditional Access'),
    })
  })

  test('means another thing while somebody logs in', async () => {
    expect(await refusedAt(REFUSALS.deviceDeclined, device)).toMatchObject({ code: 'oauth/login-unfinished' })
    expect(await refusedAt(REFUSALS.deviceExpired, device)).toMatchObject({ code: 'oauth/login-unfinished' })
    expect(await refusedAt(REFUSALS.deviceBlocked, device)).toMatchObject({
      code: 'oauth/flow-blocked',
      hint: expect.stringContaining('without --device'),
    })
    const wish = { redirectUri: 'http://localhost:1/', loginHint: 'a@b.example', scope: MAIL_SCOPE }
    const client = clientOf(server.authority)
    const pending = await beginLogin(client, wish)
    const redirect = { kind: 'refused', error: 'access_denied', description: 'AADSTS65004: User declined.' } as const
    expect(await failure(finishLogin(client, pending, redirect, MAIL_SCOPE, SIGNAL))).toMatchObject({
      code: 'oauth/login-unfinished',
      message: expect.stringContaining('AADSTS65004 access_denied: User declined'),
    })
  })

  test('is the wrong clock where nothing else is said, and what is said where something is', async () => {
    server.manners.clockAheadSeconds = 600
    expect(await refusedAt(word('invalid_client', 401), renew)).toMatchObject({ code: 'oauth/clock-wrong' })
    expect(await refusedAt(REFUSALS.revoked, renew)).toMatchObject({ code: 'oauth/login-required' })
    expect(await refusedAt(REFUSALS.secretExpired, renew)).toMatchObject({ code: 'oauth/client-refused' })
    expect(Math.abs(Number(await clockSkewSeconds(clientOf(server.authority), SIGNAL)) - 600)).toBeLessThan(5)
    server.manners.clockAheadSeconds = 0
    expect(await refusedAt(word('invalid_client', 401), renew)).toMatchObject({ code: 'oauth/client-refused' })
  })

  test('is told without tokens, secrets and addresses, wherever the authority puts them (I9)', async () => {
    const secrets = ['a-refresh-token-of-somebody', 'ann@customer.example', CLIENT_SECRET, 'x'.repeat(60)]
    const text = `Your ${secrets.join(' and ')} are bad. More about ${secrets.join()}.`
    for (const work of [renew, application]) {
      for (const status of [400, 401, 429, 500]) {
        const error = await refusedAt({ status, error: 'invalid_grant', aadsts: 70000, text }, work)
        const shown = inspect(error, { depth: 10, showHidden: true })
        const known = work === renew ? secrets.filter((each) => each !== CLIENT_SECRET) : secrets.slice(1)
        expect(known.filter((secret) => shown.includes(secret))).toEqual([])
        expect(error.message).toContain('are bad')
      }
    }
  })
})

describe('what is no authority', () => {
  test.each([
    ['a page of a proxy', 200, 'text/html', '<html>please log in</html>', 'oauth/unavailable'],
    ['a page that is not there', 404, 'text/html', 'not found', 'oauth/refused'],
    ['a proxy without its server', 502, 'text/html', 'bad gateway', 'oauth/unavailable'],
    ['a redirect', 302, 'text/html', '', 'oauth/unavailable'],
    ['JSON without a token', 200, 'application/json', '{"access_token":"secret-canary"}', 'oauth/unavailable'],
    ['JSON that is none', 200, 'application/json', '{"access_token":"secret-canary', 'oauth/unavailable'],
    ['an endless answer', 200, 'application/json', `"${'secret-canary'.repeat(100_000)}"`, 'oauth/unavailable'],
  ] as const)('%s', async (_, status, type, body, code) => {
    const answer: RequestListener = (__, response) => response.writeHead(status, { 'Content-Type': type }).end(body)
    const error = await atServer(answer, (authority) => refresh(clientOf(authority), 'token', MAIL_SCOPE, SIGNAL))
    expect(error).toMatchObject({ code })
    expect(inspect(error, { depth: 10 })).not.toContain('secret-canary')
  })

  test('a server that resets the connection', async () => {
    const answer: RequestListener = (request) => request.socket.destroy()
    const error = await atServer(answer, (authority) => refresh(clientOf(authority), 'token', MAIL_SCOPE, SIGNAL))
    expect(error).toMatchObject({ code: 'oauth/unavailable', message: expect.stringMatching(/not reached/) })
  })

  test('a server that repeats the header in which the secret was sent (RFC 6749 section 2.3.1)', async () => {
    const error = await atServer(
      (request, response) => {
        response.writeHead(400, { 'content-type': 'application/json' })
        const description = `Bad header: ${request.headers.authorization}`
        response.end(JSON.stringify({ error: 'invalid_client', error_description: description }))
      },
      (authority) => {
        const client = clientOf(authority, { provider: 'other', clientId: 'id', clientSecret: 'pw~1 2' })
        return askAsApplication(client, 'https://a/.default', SIGNAL)
      },
    )
    expect(error.message).toMatch(/Bad header: Basic \[redacted\]$/)
  })

  test('a description that is no text', async () => {
    const error = await atServer(
      (_, response) => {
        response.writeHead(400, { 'content-type': 'application/json' })
        response.end('{"error": "invalid_grant", "error_description": ["token"]}')
      },
      (authority) => refresh(clientOf(authority), 'token', MAIL_SCOPE, SIGNAL),
    )
    expect(error).toMatchObject({ code: 'oauth/login-required', message: expect.stringMatching(/: invalid_grant$/) })
  })

  test('a server that never answers: the caller calls it off, and hears its own reason', async () => {
    const caller = new AbortController()
    const why = new MailchuteError('runtime/shutting-down', 'stopped by SIGTERM')
    const error = await atServer(
      () => caller.abort(why),
      (authority) => refresh(clientOf(authority), 'token', MAIL_SCOPE, caller.signal),
    )
    expect(error).toBe(why)
  })
})

async function atServer(
  answer: RequestListener,
  work: (authority: string) => Promise<unknown>,
): Promise<MailchuteError> {
  const other = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  try {
    return await failure(work(`http://127.0.0.1:${(other.address() as AddressInfo).port}/t`))
  } finally {
    other.closeAllConnections()
    other.close()
  }
}
