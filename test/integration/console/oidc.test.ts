import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { closeShared, consolePlace, Guest, type OidcConsole, startOidcConsole } from '../../support/oidc-console.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../support/openid-provider.ts'

let strict: OpenIdProvider
let generous: OpenIdProvider
let console: OidcConsole

beforeAll(async () => {
  const { port, url } = await consolePlace()
  strict = await startOpenIdProvider({ consoleUrl: url })
  generous = await startOpenIdProvider({ consoleUrl: url, isGenerous: true })
  console = await startOidcConsole(port, strict.config)
})

afterEach(() => {
  console.aheadMilliseconds = 0
})

afterAll(async () => {
  await console?.[Symbol.asyncDispose]()
  await Promise.all([strict, generous].map((provider) => provider?.[Symbol.asyncDispose]()))
  await closeShared()
})

/** The whole way. */
async function signIn(account: string, next = '/', from: OpenIdProvider = strict, at: OidcConsole = console) {
  const guest = new Guest(at.at)
  const back = await from.browse(await guest.begin(next), account)
  const answer = await guest.ask(back)
  return { guest, back, answer, page: await answer.text() }
}

const pageOf = async (guest: Guest, address = '/') => (await guest.ask(address)).text()

describe('a login at a real issuer', () => {
  test('makes an operator of who is in that list, by verified address, and says who it is', async () => {
    const { guest, answer } = await signIn('anna', '/messages?state=quarantined')
    expect([answer.status, answer.headers.get('refresh')]).toEqual([200, '0; url=/messages?state=quarantined'])
    expect(await pageOf(guest)).toMatch(/anna@example\.com<\/span> · operator/)
    expect(console.lines.at(-1)).toEqual({
      ...{ event: 'console.login', actor: 'oidc:anna@example.com', role: 'operator', address: guest.address },
    })
  })

  test('makes an auditor of who is in the other one, who may read and not act', async () => {
    const { guest } = await signIn('bob')
    const page = await pageOf(guest)
    expect(page).toMatch(/bob@example\.com<\/span> · auditor/)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const cookie = [...guest.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const body = new URLSearchParams({ csrf, action: 'suppress', id: '1' })
    const acted = await fetch(`${console.at}/quarantine`, { method: 'POST', body, headers: { cookie } })
    expect(acted.status).toBe(403)
  })

  test.each([
    ['dora', /may not look/, 'oidc:dora@example.com'],
    ['carl', /vouches for no e-mail address/, 'oidc:sub:carl (anna@example.com)'],
  ])('lets %s in nowhere', async (account, why, actor) => {
    const { guest, answer, page } = await signIn(account)
    expect([answer.status, guest.jar.has('mailchute_session')]).toEqual([403, false])
    expect(page).toMatch(why)
    expect(page).toContain('oidc/no-role')
    expect(console.lines.at(-1)).toMatchObject({ event: 'console.login-refused', code: 'oidc/no-role', actor })
    expect((await guest.ask('/')).status).toBe(302)
  })

  test('that is declined there leads back to the login', async () => {
    const { answer, page } = await signIn('')
    expect([answer.status, page]).toEqual([401, expect.stringContaining('access_denied')])
  })

  test('leads nowhere else, whatever is asked for', async () => {
    for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', `/${'x'.repeat(2000)}`]) {
      const { answer, page } = await signIn('anna', next)
      expect([answer.headers.get('refresh'), page.includes('evil')]).toEqual(['0; url=/', false])
    }
  })

  test('ends here with the button, which leads on to where the issuer ends its own', async () => {
    const { guest } = await signIn('anna')
    const answer = await guest.logOut()
    const [cleared] = answer.headers.getSetCookie()
    expect([answer.status, cleared]).toEqual([200, expect.stringMatching(/^mailchute_session=;/)])
    const url = /href="(http[^"]+)"/.exec(await answer.text())?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(url).toMatch(/^http:\/\/localhost:\d+\/session\/end\?client_id=mailchute$/)
    const asked = await fetch(url)
    expect([asked.status, await asked.text()]).toEqual([200, expect.stringContaining('/session/end/confirm')])
  })

  test('may be decided by a claim, in the ID token as at Entra ID, to the letter', async () => {
    const roles = { roleClaim: 'roles', operators: ['Mailchute.Operator'], auditors: ['Mailchute.Auditor'] }
    await using other = await startOidcConsole(0, { ...generous.config, ...roles })
    const statuses: unknown[] = []
    for (const account of ['anna', 'bob', 'carl', 'dora']) {
      const { answer } = await signIn(account, '/', generous, other)
      statuses.push([account, answer.status, other.lines.at(-1)?.['role']])
    }
    expect(statuses).toEqual([
      ['anna', 200, 'operator'],
      ['bob', 200, 'auditor'],
      ['carl', 403, undefined],
      ['dora', 403, undefined],
    ])
  })
})

describe('what is kept of it', () => {
  test('is in cookies that scripts do not see, the one of the session strict, that of the login for ten minutes', async () => {
    const { guest } = await signIn('anna')
    const [begun, ended, session] = guest.set
    expect(begun).toMatch(/^mailchute_login=\S+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(ended).toMatch(/^mailchute_login=;/)
    expect(session).toMatch(/^mailchute_session=\S+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
  })

  test('is secure and of this host alone where the console is reached over TLS', async () => {
    await using other = await startOidcConsole(0, { ...strict.config, consoleUrl: 'https://mailchute.example.com' })
    const guest = new Guest(other.at)
    const url = new URL(await guest.begin())
    expect(guest.set[0]).toMatch(/^__Host-mailchute_login=\S+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(url.searchParams.get('redirect_uri')).toBe('https://mailchute.example.com/login/oidc/callback')
    expect(await pageOf(guest, '/login?next=/polls')).toContain(
      'href="https://mailchute.example.com/login/oidc?next=%2Fpolls"',
    )
  })

  test('the Host of a request changes nothing', async () => {
    const answer = await new Guest(console.at).ask('/login/oidc', { 'x-forwarded-host': 'evil.example' })
    expect(answer.headers.get('location')).not.toContain('evil')
  })

  test('each login has a session of its own; a fixed one is not taken over', async () => {
    const first = await signIn('anna')
    const session = first.guest.jar.get('mailchute_session')
    const back = await strict.browse(await first.guest.begin(), 'bob')
    await first.guest.ask(back)
    expect(first.guest.jar.get('mailchute_session')).not.toBe(session)
    expect(await pageOf(first.guest)).toContain('auditor')
  })

  test('other lists, another issuer and another claim each end every login', async () => {
    const { guest } = await signIn('anna')
    const { config } = strict
    const changes = [
      ...[{ auditors: [] }, { operators: ['anna@example.com', 'eve@example.com'] }, { roleClaim: 'roles' }],
      ...[{ issuer: generous.issuer }, { clientId: 'other' }],
    ]
    for (const change of changes) {
      await using other = await startOidcConsole(0, { ...config, ...change })
      const later = new Guest(other.at)
      later.jar.set('mailchute_session', guest.jar.get('mailchute_session') ?? '')
      expect([change, (await later.ask('/')).status]).toEqual([change, 302])
    }
    await using same = await startOidcConsole(0, config)
    const later = new Guest(same.at)
    later.jar.set('mailchute_session', guest.jar.get('mailchute_session') ?? '')
    expect((await later.ask('/')).status).toBe(200)
    same.aheadMilliseconds = 12 * 3600_000
    expect((await later.ask('/')).status).toBe(302)
  })
})

describe('what comes back', () => {
  const refusal = async (guest: Guest, back: string) => {
    const answer = await guest.ask(back)
    return [
      answer.status,
      /oidc\/[a-z-]+(?=<\/code>)/.exec(await answer.text())?.[0],
      guest.jar.has('mailchute_session'),
    ]
  }
  const UNFINISHED = [401, 'oidc/login-unfinished', false]

  test('to another browser is refused: without a login, and with one of its own', async () => {
    const attacker = new Guest(console.at)
    const back = await strict.browse(await attacker.begin(), 'anna')
    expect(await refusal(new Guest(console.at), back)).toEqual(UNFINISHED)
    const victim = new Guest(console.at)
    await victim.begin()
    expect(await refusal(victim, back)).toEqual(UNFINISHED)
    // What the victim has begun is not taken from him by that.
    expect(victim.jar.has('mailchute_login')).toBe(true)
  })

  test('without its state, or with it twice, is refused', async () => {
    for (const change of [
      (url: URL) => url.searchParams.delete('state'),
      (url: URL) => url.searchParams.set('state', 'x'),
      (url: URL) => url.searchParams.set('state', ''),
    ]) {
      const guest = new Guest(console.at)
      const back = new URL(await strict.browse(await guest.begin(), 'anna'))
      change(back)
      expect(await refusal(guest, back.href)).toEqual(UNFINISHED)
    }
    const guest = new Guest(console.at)
    const twice = `${await strict.browse(await guest.begin(), 'anna')}&state=x`
    expect(await refusal(guest, twice)).toEqual([401, 'oidc/token-invalid', false])
  })

  test('with a cookie that was changed, made up or is over is refused', async () => {
    const tamper = (sealed: string) => {
      const octets = Buffer.from(sealed, 'base64url')
      octets[octets.length - 3] = (octets[octets.length - 3] ?? 0) ^ 1
      return octets.toString('base64url')
    }
    for (const change of [
      tamper,
      () => 'x',
      () => '',
      () => 'A'.repeat(200),
      (sealed: string) => sealed.slice(0, 30),
    ]) {
      const guest = new Guest(console.at)
      const back = await strict.browse(await guest.begin(), 'anna')
      guest.jar.set('mailchute_login', change(guest.jar.get('mailchute_login') ?? ''))
      expect(await refusal(guest, back)).toEqual(UNFINISHED)
    }
    const late = new Guest(console.at)
    const back = await strict.browse(await late.begin(), 'anna')
    console.aheadMilliseconds = 10 * 60_000
    expect(await refusal(late, back)).toEqual(UNFINISHED)
  })

  test('twice is good for one login', async () => {
    const { guest, back } = await signIn('anna')
    guest.jar.delete('mailchute_session')
    expect(await refusal(guest, back)).toEqual(UNFINISHED)
    const kept = new Guest(console.at)
    const again = await strict.browse(await kept.begin(), 'anna')
    const pending = kept.jar.get('mailchute_login') ?? ''
    await kept.ask(again)
    kept.jar.clear()
    kept.jar.set('mailchute_login', pending)
    // The issuer knows that the code was used.
    expect(await refusal(kept, again)).toEqual(UNFINISHED)
  })
})

test('the issuer knows another client secret: that is told, and no secret', async () => {
  await using other = await startOidcConsole(0, { ...strict.config, clientSecret: 'not this one' })
  const { answer, page } = await signIn('anna', '/', strict, other)
  expect([answer.status, page]).toEqual([503, expect.stringContaining('oidc/client-refused')])
  expect(JSON.stringify(other.lines) + page).not.toContain('not this one')
})

test('who asks too often has to wait', async () => {
  const guest = new Guest(console.at)
  const statuses: number[] = []
  for (let attempt = 0; attempt < 31; attempt++) statuses.push((await guest.ask('/login/oidc/callback')).status)
  expect([statuses[0], statuses.at(-1)]).toEqual([401, 429])
})
