import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type HostileIssuer,
  type IssuerManners,
  polite,
  signedByElse,
  startHostileIssuer,
  unsigned,
} from '../../support/hostile-issuer.ts'
import { closeShared, Guest, type OidcConsole, startOidcConsole } from '../../support/oidc-console.ts'

let issuer: HostileIssuer
let console: OidcConsole

beforeAll(async () => {
  issuer = await startHostileIssuer('http://127.0.0.1:9')
  console = await startOidcConsole(0, issuer.config)
})

beforeEach(() => {
  issuer.manners = polite()
})

afterAll(async () => {
  await console?.[Symbol.asyncDispose]()
  await issuer?.[Symbol.asyncDispose]()
  await closeShared()
})

/** Status, code, and whether somebody came in. */
async function signIn(manners: Partial<IssuerManners> = {}, at = console, guest = new Guest(at.at)) {
  issuer.manners = { ...polite(), ...manners }
  const url = await guest.begin()
  const answer = url === '' ? await guest.ask('/login/oidc') : await guest.ask(issuer.browse(url))
  const page = await answer.text()
  const code = /oidc\/[a-z-]+(?=<\/code>)/.exec(page)?.[0] ?? null
  return { found: [answer.status, code, guest.jar.has('mailchute_session')], page }
}

const IN = [200, null, true]
const INVALID = [401, 'oidc/token-invalid', false]
const seconds = (ahead: number) => Math.floor(Date.now() / 1000) + ahead
const SECOND_ISSUER = 'http://127.0.0.1:1'

test('by itself it lets in, and proves with PKCE who asks', async () => {
  expect((await signIn()).found).toEqual(IN)
  expect(issuer.form().get('code_verifier')).toMatch(/^[\w-]{43,}$/)
})

test('what comes back to another login than its own is not even asked about', async () => {
  const [mine, others] = [new Guest(console.at), new Guest(console.at)]
  await mine.begin()
  const back = issuer.browse(await others.begin())
  issuer.asked.length = 0
  expect([(await mine.ask(back)).status, issuer.asked]).toEqual([401, []])
  expect([(await others.ask(back)).status, issuer.asked[0]]).toEqual([200, '/token'])
})

describe('a token is not believed', () => {
  const cases: [string, Partial<IssuerManners>][] = [
    ['with the nonce of another login', { claims: { nonce: 'another' } }],
    ['without a nonce', { claims: { nonce: undefined } }],
    ['of another issuer', { claims: { iss: SECOND_ISSUER } }],
    ['of an issuer that names a tenant', { claims: { iss: `${SECOND_ISSUER}/{tenantid}`, tid: 'x' } }],
    ['for another client', { claims: { aud: 'somebody-else' } }],
    ['for several, one of them unknown', { claims: { aud: ['mailchute', 'somebody-else'], azp: 'somebody-else' } }],
    ['that has ended', { claims: { exp: seconds(-120) } }],
    ['that begins later', { claims: { nbf: seconds(300) } }],
    ['without an end', { claims: { exp: undefined } }],
    ['without a subject', { claims: { sub: undefined } }],
    ['with a subject that is no text', { claims: { sub: 4711 } }],
    ['that nobody has signed', { token: unsigned }],
    [
      'that nobody has signed, though the issuer allows it',
      { token: unsigned, metadata: { id_token_signing_alg_values_supported: ['none', 'RS256'] } },
    ],
    ['signed with a key of somebody else', { token: signedByElse }],
    ['of a key that is not known', { header: { kid: 'two' } }],
    ['signed by another way than announced', { header: { alg: 'HS256' } }],
    ['that was changed', { token: (token) => token.replace(/\.(....)/, '.AAAA') }],
    ['that is none', { token: () => 'x' }],
    ['that is no text', { token: () => 17 }],
    ['that is missing', { token: () => undefined }],
  ]
  test.each(cases)('%s', async (_, manners) => {
    // Metadata are kept, so those of a case of their own are asked for by a console of its own.
    await using fresh = manners.metadata === undefined ? null : await startOidcConsole(0, issuer.config)
    const at = fresh ?? console
    expect((await signIn(manners, at)).found).toEqual(INVALID)
    expect(at.lines.at(-1)).toMatchObject({ event: 'console.login-refused', code: 'oidc/token-invalid' })
  })

  test('but clocks may differ by a minute', async () => {
    expect((await signIn({ claims: { exp: seconds(-20), iat: seconds(-320) } })).found).toEqual(IN)
  })
})

describe('who it is', () => {
  const NOBODY = [403, 'oidc/no-role', false]
  test.each<[unknown, unknown]>([
    ['anna@example.com', undefined],
    ['anna@example.com', false],
    ['anna@example.com', 'true'],
    ['anna@example.com', 1],
    [['anna@example.com'], true],
    [{ toString: 'anna@example.com' }, true],
    ['anna@example.com ', true],
    ['anna@example.com\u0000', true],
    [`anna@e\u017fample.com`, true],
    [undefined, true],
    [null, true],
  ])('an address %j with email_verified %j counts for nobody', async (email, isVerified) => {
    expect((await signIn({ claims: { email, email_verified: isVerified } })).found).toEqual(NOBODY)
  })

  test('what is verified in the ID token says nothing of the address in UserInfo', async () => {
    await using fresh = await startOidcConsole(0, issuer.config)
    const userinfo = { sub: '4711', email: 'anna@example.com' }
    const manners = { claims: { email: undefined, email_verified: true }, userinfo }
    expect((await signIn(manners, fresh)).found).toEqual(NOBODY)
    expect((await signIn({ ...manners, userinfo: { ...userinfo, email_verified: true } }, fresh)).found).toEqual(IN)
    expect(
      (await signIn({ ...manners, userinfo: { ...userinfo, email_verified: true, sub: '1' } }, fresh)).found,
    ).toEqual(INVALID)
  })

  test('a huge token is read, and nothing of it shown; one without end is not', async () => {
    const huge = { ...polite().claims, groups: Array.from({ length: 20_000 }, (_, id) => `group ${id} <script>`) }
    expect((await signIn({ claims: huge })).found).toEqual(IN)
    const endless = { claims: { groups: 'x'.repeat(2 * 1024 * 1024) } }
    expect((await signIn(endless)).found).toEqual([503, 'oidc/unavailable', false])
  })

  test('what the issuer says is text, never HTML', async () => {
    const name = { email_verified: false, preferred_username: '<script>alert(1)</script>' }
    const { page } = await signIn({ claims: name })
    expect(page).not.toContain('<script>alert')
    const guest = new Guest(console.at)
    const { searchParams } = new URL(await guest.begin())
    const words = encodeURIComponent('<img src=x onerror=alert(1)>')
    const answer = await guest.ask(
      `/login/oidc/callback?error=${words}&error_description=${words}&state=${searchParams.get('state')}`,
    )
    expect([answer.status, await answer.text()]).toEqual([401, expect.not.stringContaining('<img')])
  })
})

describe('an issuer that is not well', () => {
  const UNAVAILABLE = [503, 'oidc/unavailable', false]
  const METADATA = '/.well-known/openid-configuration'

  test('is told of on the page, and the token opens the console meanwhile; then it is asked again', async () => {
    await using fresh = await startOidcConsole(0, issuer.config)
    const broken = { instead: { [METADATA]: (response: { destroy(): unknown }) => void response.destroy() } }
    const { found, page } = await signIn(broken, fresh)
    expect([found, page]).toEqual([UNAVAILABLE, expect.stringContaining('name="token"')])
    const body = new URLSearchParams({ token: 'operator-token' })
    const opened = await fetch(`${fresh.at}/login`, { method: 'POST', body, redirect: 'manual' })
    expect([opened.status, fresh.lines.at(-1)]).toMatchObject([
      303,
      { event: 'console.login', actor: 'token:operator' },
    ])
    expect((await signIn({}, fresh)).found).toEqual(IN)
  })

  const WRONG = [503, 'oidc/issuer-wrong', false]
  test.each<[string, Partial<IssuerManners>, unknown]>([
    ['says that it is another one', { metadata: { issuer: SECOND_ISSUER } }, WRONG],
    ['has no metadata', { instead: { [METADATA]: (response) => void response.writeHead(404).end() } }, WRONG],
    [
      'sends its metadata elsewhere',
      { instead: { [METADATA]: (response) => void response.writeHead(302, { location: `${SECOND_ISSUER}/` }).end() } },
      WRONG,
    ],
    ['has nowhere to log in', { metadata: { authorization_endpoint: undefined } }, WRONG],
    ['logs in at no web address', { metadata: { authorization_endpoint: 'javascript:alert(1)' } }, WRONG],
    ['has a fault', { instead: { [METADATA]: (response) => void response.writeHead(500).end() } }, UNAVAILABLE],
    [
      'has a fault with tokens',
      { instead: { '/token': (response) => void response.writeHead(502).end() } },
      UNAVAILABLE,
    ],
    ['answers with no JSON', { instead: { '/token': (response) => void response.end('<html>') } }, UNAVAILABLE],
    ['has no keys', { instead: { '/jwks': (response) => void response.writeHead(500).end() } }, UNAVAILABLE],
    [
      'sends the code elsewhere',
      { instead: { '/token': (response) => void response.writeHead(307, { location: `${SECOND_ISSUER}/` }).end() } },
      UNAVAILABLE,
    ],
  ])('%s', async (_, manners, expected) => {
    await using fresh = await startOidcConsole(0, issuer.config)
    expect((await signIn(manners, fresh)).found).toEqual(expected)
  })

  test('is asked for its metadata once, however many come at once', async () => {
    await using fresh = await startOidcConsole(0, issuer.config)
    issuer.asked.length = 0
    await Promise.all(Array.from({ length: 10 }, () => new Guest(fresh.at).begin()))
    expect(issuer.asked).toEqual([METADATA])
    fresh.aheadMilliseconds = 3600_000
    await new Guest(fresh.at).begin()
    expect(issuer.asked).toEqual([METADATA, METADATA])
  })
})

test.each([undefined, 'javascript:alert(1)', 'data:text/html,x', 'nonsense'])(
  'a place to log out at like %s is none: it ends at our own login',
  async (place) => {
    // Another console: metadata are kept for an hour.
    await using other = await startOidcConsole(0, issuer.config)
    const guest = new Guest(other.at)
    expect((await signIn({ metadata: { end_session_endpoint: place } }, other, guest)).found).toEqual(IN)
    const answer = await guest.logOut()
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login'])
  },
)
