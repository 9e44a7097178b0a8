import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { beginLogin, finishLogin } from '../../../../src/source/oauth/authorization-code.ts'
import { askAsApplication } from '../../../../src/source/oauth/client-credentials.ts'
import { beginDeviceLogin } from '../../../../src/source/oauth/device-code.ts'
import { type Grant, grantOf, missingScopes } from '../../../../src/source/oauth/grant.ts'
import { parseRedirect } from '../../../../src/source/oauth/redirect-url.ts'
import { refresh } from '../../../../src/source/oauth/refresh.ts'
import { CLIENT_SECRET, type OAuthServer, REFUSALS, startOAuthServer } from '../../../support/oauth-server.ts'
import { clientOf, MAIL_SCOPE } from './client.ts'

let server: OAuthServer
beforeAll(async () => {
  server = await startOAuthServer({ accessToken: (_, __, resource) => `a token for ${resource}`, user: USER })
})
afterAll(() => server[Symbol.asyncDispose]())

const USER = 'support@mailchute.example'
const SIGNAL = AbortSignal.timeout(60_000)
const WISH = { redirectUri: 'http://localhost:4711/', loginHint: USER, scope: MAIL_SCOPE }
const DAY_MILLISECONDS = 24 * 3600 * 1000

async function loginAt(client = clientOf(server.authority)) {
  const pending = await beginLogin(client, WISH)
  const redirect = parseRedirect(await server.browse(pending.url), pending.state)
  if (redirect.kind === 'foreign') throw new Error(redirect.why)
  return { pending, redirect, finish: () => finishLogin(client, pending, redirect, MAIL_SCOPE, SIGNAL) }
}

describe('the authorization code', () => {
  test('is asked for with PKCE, state and whom it is about (RFC 7636, RFC 6749 section 10.12)', async () => {
    const { url, state, verifier } = await beginLogin(clientOf(server.authority), WISH)
    const query = Object.fromEntries(new URL(url).searchParams)
    expect(query).toMatchObject({
      ...{ response_type: 'code', redirect_uri: WISH.redirectUri, scope: MAIL_SCOPE, login_hint: USER, state },
      code_challenge_method: 'S256',
    })
    expect(url).not.toContain(verifier)
    expect(query).not.toHaveProperty('access_type')
  })

  test('is asked of Google for a refresh token that lasts, each time', async () => {
    const { url } = await beginLogin(clientOf(server.authority, { provider: 'google' }), WISH)
    expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({ access_type: 'offline', prompt: 'consent' })
  })

  test('gives tokens once, and only for its own verifier', async () => {
    const { pending, redirect, finish } = await loginAt()
    const client = clientOf(server.authority)
    const other = { ...pending, verifier: 'x'.repeat(43) }
    await expect(finishLogin(client, other, redirect, MAIL_SCOPE, SIGNAL)).rejects.toMatchObject({
      code: 'oauth/login-unfinished',
      context: { aadsts: REFUSALS.verifierWrong.aadsts },
    })
    const before = Date.now()
    const grant = await finish()
    expect(grant).toMatchObject({ accessToken: 'a token for mail', refreshToken: expect.any(String) })
    expect(grant.expiresAt.getTime() - before).toBeLessThan(3_605_000)
    expect(grant.expiresAt.getTime() - before).toBeGreaterThan(3_595_000)
    await expect(finish()).rejects.toMatchObject({ context: { aadsts: REFUSALS.codeUsed.aadsts } })
  })

  test('is told to nobody where the authority has no page to log in at', async () => {
    const client = clientOf(server.authority)
    const bare = { ...client, endpoints: { ...client.endpoints, authorize: null, device: null } }
    await expect(beginLogin(bare, WISH)).rejects.toMatchObject({ code: 'config/invalid' })
    await expect(beginDeviceLogin(bare, MAIL_SCOPE, SIGNAL)).rejects.toMatchObject({ code: 'config/invalid' })
  })
})

describe('the device code (RFC 8628)', () => {
  test('is asked after until it is typed in; outages and calls to slow down add five seconds each (section 3.5)', async () => {
    const login = await beginDeviceLogin(clientOf(server.authority), MAIL_SCOPE, SIGNAL)
    const answers = [REFUSALS.devicePending, REFUSALS.deviceSlowDown, REFUSALS.down, REFUSALS.devicePending]
    const askedAtSeconds: number[] = []
    server.manners.refuse = ({ endpoint }) => {
      if (endpoint !== 'token') return null
      askedAtSeconds.push(seconds)
      if (askedAtSeconds.length === answers.length) server.approve(login.userCode)
      return answers[askedAtSeconds.length - 1] ?? null
    }
    let seconds = 0
    let grant: Grant | null = null
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      void login.finish(SIGNAL).then((given) => {
        grant = given
      })
      while (grant === null && seconds < 60) {
        await vi.advanceTimersByTimeAsync(100)
        seconds += 0.1
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      vi.useRealTimers()
      server.manners.refuse = () => null
    }
    expect(grant).toMatchObject({ accessToken: 'a token for mail' })
    const pauses = askedAtSeconds.map((at, index) => Math.round((at - (askedAtSeconds[index - 1] ?? 0)) / 5) * 5)
    expect(pauses).toEqual([0, 0, 5, 10, 10])
  })

  test('is given up at once when the caller says so', async () => {
    const login = await beginDeviceLogin(clientOf(server.authority), MAIL_SCOPE, SIGNAL)
    const caller = new AbortController()
    server.manners.beforeAnswer = async () => caller.abort(new Error('enough'))
    await expect(login.finish(caller.signal)).rejects.toMatchObject({ code: 'oauth/unavailable' })
    server.manners.beforeAnswer = async () => undefined
  })
})

describe('other ways to a token', () => {
  test('client credentials: no refresh token, and none is needed (RFC 6749 section 4.4.3)', async () => {
    server.manners.clientSecret = CLIENT_SECRET
    const client = clientOf(server.authority, { clientSecret: CLIENT_SECRET })
    const grant = await askAsApplication(client, 'https://graph.microsoft.com/.default', SIGNAL)
    expect(grant).toMatchObject({ accessToken: 'a token for graph', refreshToken: null, refreshTokenExpiresAt: null })
    const other = clientOf(server.authority, { clientSecret: CLIENT_SECRET, provider: 'other' })
    await askAsApplication(other, 'https://graph.microsoft.com/.default', SIGNAL)
    // In the field at Microsoft, in the header elsewhere (section 2.3.1).
    expect(server.requests.slice(-2).map(({ form }) => form.get('client_secret'))).toEqual([CLIENT_SECRET, null])
    server.manners.clientSecret = null
  })

  test('one refresh token serves Exchange and Graph, a token each', async () => {
    const client = clientOf(server.authority)
    const { refreshToken } = await (await loginAt()).finish()
    expect(await refresh(client, refreshToken ?? '', client.scopes.graph, SIGNAL)).toMatchObject({
      accessToken: 'a token for graph',
    })
    const both = `${client.scopes.graph} ${client.scopes.mail}`
    await expect(refresh(client, refreshToken ?? '', both, SIGNAL)).rejects.toMatchObject({
      code: 'oauth/scope-refused',
    })
  })
})

describe('what a grant says of itself', () => {
  const answered = (fields: object) => ({
    answer: { access_token: 'a', token_type: 'bearer', ...fields },
    ...{ clockSkewSeconds: null, askedAt: new Date(0) },
  })
  const endsAt = (provider: 'microsoft' | 'google' | 'other', fields: object) =>
    grantOf(clientOf(server.authority, { provider }), answered(fields)).refreshTokenExpiresAt?.getTime() ?? null

  test('Microsoft does not tell how long a refresh token lasts: 90 days; of others it is unknown unless told', () => {
    expect(endsAt('microsoft', { refresh_token: 'r' })).toBe(90 * DAY_MILLISECONDS)
    expect(endsAt('microsoft', {})).toBeNull()
    expect(endsAt('google', { refresh_token: 'r' })).toBeNull()
    expect(endsAt('google', { refresh_token: 'r', refresh_token_expires_in: 604_800 })).toBe(7 * DAY_MILLISECONDS)
    expect(endsAt('other', { refresh_token: 'r', refresh_token_expires_in: '86400' })).toBe(DAY_MILLISECONDS)
    expect(endsAt('other', { refresh_token: 'r', refresh_token_expires_in: 'soon' })).toBeNull()
  })

  test('what is said to last longer than any date is kept all the same', () => {
    const fields = { refresh_token: 'r', expires_in: 1e15, refresh_token_expires_in: 1e15 }
    const { expiresAt } = grantOf(clientOf(server.authority), answered(fields))
    for (const endsAtMs of [expiresAt.getTime(), endsAt('other', fields)]) {
      expect(endsAtMs).toBe(3650 * DAY_MILLISECONDS)
    }
  })

  test('scopes that were not granted are found, whatever their case and order', () => {
    const asked = 'https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access'
    expect(missingScopes(asked, null)).toEqual([])
    expect(
      missingScopes(asked, 'https://outlook.office.com/smtp.send https://outlook.office.com/pop.accessasuser.all'),
    ).toEqual([])
    expect(missingScopes(asked, 'openid https://outlook.office.com/POP.AccessAsUser.All')).toEqual([
      'https://outlook.office.com/SMTP.Send',
    ])
  })
})
