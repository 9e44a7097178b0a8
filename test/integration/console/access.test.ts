import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AUDITOR_TOKEN, OPERATOR_TOKEN, type ServedConsole, serveConsole } from '../../support/console.ts'
import { hostileMails } from '../../support/hostile-mails.ts'
import { mail } from '../../support/mails.ts'

let console: ServedConsole
let id: string
let held: string
let operator: Login

interface Login {
  readonly cookie: string
  readonly csrf: string
}

beforeAll(async () => {
  const toHold = Buffer.from(mail({ id: 'held' }).toString().replace('Subject: About', 'Subject: Hold'))
  console = await serveConsole([...hostileMails().slice(0, 1), toHold])
  const all = await console.store.browse.messages({}, null, 10)
  id = all.find(({ state }) => state === 'ticketed')?.id ?? ''
  held = all.find(({ state }) => state === 'quarantined')?.id ?? ''
  operator = await logIn(OPERATOR_TOKEN)
}, 300_000)

afterAll(() => console?.[Symbol.asyncDispose]())

const ask = (address: string, init: RequestInit = {}) => fetch(console.at + address, { redirect: 'manual', ...init })

const form = (fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  headers,
})

/** Another address each time: what is tested of the login's limit is tested once. */
let guest = 0
function elsewhere(): Record<string, string> {
  guest += 1
  return { 'x-forwarded-for': `192.0.2.${guest}` }
}

async function logIn(token: string): Promise<Login> {
  const answer = await ask('/login', form({ token }, elsewhere()))
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const page = await (await ask('/', { headers: { cookie } })).text()
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '' }
}

const ROUTES = () => [
  ...['/', '/messages', '/tickets', '/tickets/1', '/quarantine', '/polls', '/outbox', '/reasons', '/events'],
  ...['', '/mail', '/source', '/raw', '/parts/0'].map((what) => `/messages/${id}${what}`),
]
const ACTIONS = () => ['/quarantine', `/messages/${held}/act`, '/mailboxes/test/act', '/tickets/1/contact', '/logout']

describe('without a login', () => {
  test('every page leads to the login, and shows nothing', async () => {
    for (const route of ROUTES()) {
      const answer = await ask(route)
      expect([route, answer.status, answer.headers.get('location')]).toEqual([
        route,
        302,
        `/login?next=${encodeURIComponent(route)}`,
      ])
      expect(await answer.text()).toBe('')
    }
  })

  test('nothing can be done, nor with a wrong token, a made-up cookie or that of another key', async () => {
    const forged = `${operator.cookie.slice(0, -6)}AAAAAA`
    const someone = Buffer.from(JSON.stringify(['operator', 'token:operator', 'x', Date.now() + 1e9])).toString(
      'base64url',
    )
    const others: Record<string, string>[] = [
      {},
      { authorization: 'Bearer wrong' },
      { cookie: forged },
      { cookie: `mailchute_session=${someone}.` },
      { cookie: `mailchute_session=${someone}.${'A'.repeat(43)}` },
      { cookie: 'mailchute_session=%00.%00' },
    ]
    for (const headers of others) {
      for (const action of ACTIONS())
        expect((await ask(action, form({ action: 'suppress' }, headers))).status).toBe(401)
      expect((await ask(`/messages/${id}/raw`, { headers })).status).toBe(302)
    }
  })

  test('the cookie is out of reach of scripts and of other sites', async () => {
    const answer = await ask(
      '/login',
      form({ token: OPERATOR_TOKEN }, { ...elsewhere(), 'x-forwarded-proto': 'https' }),
    )
    const cookie = answer.headers.get('set-cookie') ?? ''
    for (const part of ['HttpOnly', 'SameSite=Strict', 'Secure', 'Path=/']) expect(cookie).toContain(part)
  })

  test.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/a\r\nx: y',
  ])('the login leads nowhere else: %j', async (next) => {
    const answer = await ask('/login', form({ token: OPERATOR_TOKEN, next }, elsewhere()))
    expect([answer.status, answer.headers.get('location'), answer.headers.get('x')]).toEqual([303, '/', null])
  })

  test('who guesses tokens has to wait', async () => {
    const headers = elsewhere()
    const statuses: number[] = []
    for (let attempt = 0; attempt < 12; attempt++) {
      statuses.push((await ask('/login', form({ token: 'guess' }, headers))).status)
    }
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429])
  })
})

describe('an auditor', () => {
  test('may read, and may not act, whatever form he sends', async () => {
    const { cookie, csrf } = await logIn(AUDITOR_TOKEN)
    for (const route of ROUTES().filter((each) => each !== '/events')) {
      expect([route, (await ask(route, { headers: { cookie } })).status]).toEqual([route, 200])
    }
    for (const action of ACTIONS().filter((each) => each !== '/logout')) {
      const asked = form({ csrf, id: held, action: 'suppress' }, { cookie })
      expect([action, (await ask(action, asked)).status]).toEqual([action, 403])
      const bearer = form({ action: 'suppress' }, { authorization: `Bearer ${AUDITOR_TOKEN}` })
      expect([action, (await ask(action, bearer)).status]).toEqual([action, 403])
    }
    expect((await console.store.messages.find(held))?.state).toBe('quarantined')
    expect((await ask('/logout', form({ csrf }, { cookie }))).headers.get('location')).toBe('/login')
  })
})

describe('a form that is not ours', () => {
  test('is refused: without the token of the session, with a wrong one, or with that of another session', async () => {
    const other = await logIn(OPERATOR_TOKEN)
    for (const csrf of [undefined, '', 'x', other.csrf, `${operator.csrf}x`]) {
      for (const action of ACTIONS()) {
        const fields = { action: 'suppress', id: held, ...(csrf === undefined ? {} : { csrf }) }
        expect([action, (await ask(action, form(fields, { cookie: operator.cookie }))).status]).toEqual([action, 403])
      }
    }
    expect((await console.store.messages.find(held))?.state).toBe('quarantined')
  })
})

describe('what is asked for', () => {
  const headers = () => ({ cookie: operator.cookie, accept: 'text/html' })

  test.each([
    '/messages/../../etc/passwd',
    '/messages/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/messages/%00',
    '/messages/00000000-0000-0000-0000-000000000000',
    '/messages/00000000-0000-0000-0000-000000000000/raw',
    `/messages/${"'; DROP TABLE tickets; --"}`,
    '/tickets/0',
    '/tickets/999999999999999999999',
    '/tickets/1e3',
    '/assets/../server.js',
    '/assets/%2e%2e%2fserver.js',
    '/mailboxes/test',
    '/no-such-page',
  ])('is not there: %s', async (address) => {
    const answer = await ask(address, { headers: headers() })
    expect([answer.status, await answer.text()]).toEqual([404, expect.not.stringMatching(/passwd|DROP|at \w+ \(/)])
  })

  test.each(['x', '-1', '1.5', '999999', '%2e%2e'])('is no attachment: %s', async (position) => {
    expect((await ask(`/messages/${id}/parts/${position}`, { headers: headers() })).status).toBe(404)
  })

  test.each([
    '/messages?before=x',
    '/messages?before=1_2',
    `/messages?before=${'9'.repeat(17)}_00000000-0000-0000-0000-00000000000g`,
    '/messages?state=nothing',
    '/messages?from=yesterday',
    '/messages?from=2026-02-31',
    '/messages?subject=a&subject=b',
    `/messages?subject=${'x'.repeat(301)}`,
    '/polls?before=-1',
    '/outbox?before=1;2',
    '/tickets?before=99999999999',
  ])('is not understood, and says which field: %s', async (address) => {
    const answer = await ask(address, { headers: headers() })
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/console\/request-invalid/)])
  })

  test.each([
    `/messages?before=${'9'.repeat(17)}_00000000-0000-0000-0000-000000000000`,
    '/messages?subject=%00',
    '/messages?address=%00%27%25_%5C',
    '/messages?subject=!%20%26%20%7C%20:*%20(',
    '/messages?reason=%25',
    '/messages?messageId=%3C%3E',
    '/messages?mailbox=%EF%BF%BD',
    '/tickets?before=999999999&queue=%00',
    '/polls?before=999999999999999999',
    '/quarantine?done=release&count=%3Cscript%3E',
    `/quarantine?${'a=b&'.repeat(2000)}`,
    '/messages?__proto__=x&constructor=y',
  ])('is odd, and finds what there is: %s', async (address) => {
    expect((await ask(address, { headers: headers() })).status).toBe(200)
  })

  test('is too large a form', async () => {
    const answer = await ask('/quarantine', form({ csrf: operator.csrf, note: 'x'.repeat(100_000) }, headers()))
    expect(answer.status).toBe(413)
  })

  test('is done to what there is only: ids of others, notes that are too long, actions that there are not', async () => {
    const act = (address: string, fields: Record<string, string>) =>
      ask(address, form({ csrf: operator.csrf, ...fields }, headers()))
    expect((await act('/quarantine', { id: 'x', action: 'suppress' })).status).toBe(400)
    expect((await act('/quarantine', { id: held, action: 'erase' })).status).toBe(400)
    expect((await act('/quarantine', { id: held, action: 'suppress', note: 'x'.repeat(501) })).status).toBe(400)
    expect((await act('/mailboxes/%00/act', { action: 'pause' })).status).toBe(404)
    expect((await act('/mailboxes/nobody/act', { action: 'pause' })).status).toBe(404)
    const none = await act('/quarantine', { id, action: 'suppress' })
    expect([none.status, none.headers.get('location')]).toEqual([303, '/quarantine?done=suppress&count=0'])
    expect((await console.store.messages.find(id))?.state).toBe('ticketed')
  })

  test('is done by an operator, told with his note, and accounted for', async () => {
    const act = (action: string) =>
      ask(`/messages/${held}/act`, form({ csrf: operator.csrf, action, note: ' seen ' }, headers()))
    expect((await act('suppress')).headers.get('location')).toBe(`/messages/${held}?done=suppress&count=1`)
    const found = await console.store.messages.find(held)
    expect([found?.state, found?.reason]).toEqual(['suppressed', 'operator/suppress'])
    expect(found?.events.at(-1)).toMatchObject({
      code: 'operator/suppress',
      detail: { actor: 'token:operator', note: 'seen', reason: 'operator/suppress', heldFor: 'rule/hold' },
    })
    expect((await console.store.balance()).imbalances).toEqual([])
    await act('release')
    await console.worked(3)
    expect((await console.store.messages.find(held))?.state).toBe('ticketed')
    expect((await console.store.balance()).imbalances).toEqual([])
  })

  test('has somebody written to again who complained, from the page of a ticket', async () => {
    const client = new Client({ connectionString: console.databaseUrl })
    await client.connect()
    await client.query(`UPDATE contacts SET undeliverable_at = now(), undeliverable_status = 'complaint'`)
    const page = async () => (await ask('/tickets/1', { headers: headers() })).text()
    expect(await page()).toMatch(/somebody there complained[\s\S]*action="\/tickets\/1\/contact"/)
    const act = (path: string) => ask(path, form({ csrf: operator.csrf }, headers()))
    const done = await act('/tickets/1/contact')
    expect([done.status, done.headers.get('location')]).toEqual([303, '/tickets/1?done=contact&count=1'])
    expect((await act('/tickets/1/contact')).headers.get('location')).toBe('/tickets/1?done=contact&count=0')
    expect((await act('/tickets/999/contact')).status).toBe(404)
    expect(await page()).not.toContain('somebody there complained')
    const { rows } = await client.query(`SELECT detail FROM inbound_events WHERE code = 'operator/contact-reset'`)
    expect(rows).toMatchObject([{ detail: { was: 'complaint', actor: 'token:operator' } }])
    await client.end()
  })

  test('every answer tells browsers to keep nothing, load nothing from elsewhere and frame nothing', async () => {
    for (const address of ['/', '/login', '/no-such-page', `/messages/${id}`]) {
      const answer = await ask(address, { headers: headers() })
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'.*frame-ancestors 'none'/)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

describe('news', () => {
  const listen = (signal: AbortSignal) =>
    ask('/events', { headers: { authorization: `Bearer ${AUDITOR_TOKEN}` }, signal })

  test('go to fifty listeners at most, and end with the program', async () => {
    const over = new AbortController()
    const listening = await Promise.all(Array.from({ length: 50 }, () => listen(over.signal)))
    expect(new Set(listening.map(({ status }) => status))).toEqual(new Set([200]))
    expect(listening[0]?.headers.get('content-type')).toContain('text/event-stream')
    expect((await listen(over.signal)).status).toBe(429)
    console.running.child.kill('SIGTERM')
    expect(await console.running.ended).toMatchObject({ code: 0 })
    over.abort()
  })
})
