import { createHmac, hkdfSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSessions, SESSION_SECONDS } from '../../../src/console/access/session.ts'
import { ALERTS } from '../../../src/upkeep/alerts.ts'
import { AUDITOR, type Login, OPERATOR, type Served, serveOneMessage } from '../../support/served.ts'

/** What anybody may ask for. Whatever else there is, and whatever is added, asks for a login. */
const OPEN = [
  '/livez',
  '/readyz',
  '/metrics',
  '/login',
  '/assets/console.css',
  '/assets/console.js',
  '/assets/icon.svg',
]

let served: Served
let id: string
let auditor: Login
let guarded: Route[]

interface Route {
  readonly method: string
  readonly path: string
}

beforeAll(async () => {
  ;[served, id] = await serveOneMessage()
  auditor = await served.logIn(AUDITOR)
  guarded = served.console.routes
    .filter(({ url }) => !OPEN.includes(url))
    .map(({ method, url }) => ({ method, path: pathOf(url) }))
}, 300_000)

afterAll(() => served?.[Symbol.asyncDispose]())

const VALUES: Record<string, () => string> = {
  id: () => id,
  name: () => 'support',
  number: () => '1',
  position: () => '0',
}
const pathOf = (url: string): string => url.replace(/:(\w+)/g, (_, name: string) => VALUES[name]?.() ?? 'unknown')

const reads = ({ method }: Route) => method === 'GET' || method === 'HEAD'

const states = () =>
  served.desk.query(`SELECT m.state, b.state AS mailbox, t.status, (SELECT max(id) FROM inbound_events) AS last
    FROM inbound_messages m JOIN mailboxes b ON b.id = m.mailbox_id, tickets t`)

test('only health, the login and what its page is made of are open', () => {
  expect(new Set(served.console.routes.map(({ url }) => url).filter((url) => OPEN.includes(url)))).toEqual(
    new Set(OPEN),
  )
  expect(guarded.length).toBeGreaterThan(40)
})

async function isRefused({ method, path }: Route, headers: Record<string, string>): Promise<void> {
  const { status, headers: told } = await served.ask(path, { method, headers })
  const isPage = method === 'GET' && !path.startsWith('/api/')
  expect([method, path, headers, status]).toEqual([method, path, headers, isPage ? 302 : 401])
  if (isPage) expect(told.get('location')).toMatch(/^\/login\?next=%2F/)
}

test('every other route refuses who is not logged in, whose login is over, made up, altered, or of other tokens', async () => {
  const tokens = { operator: OPERATOR, auditor: AUDITOR }
  const actor = { role: 'operator', name: 'token:operator' } as const
  const sessions = createSessions(tokens, null)
  const long = new Date(Date.now() - SESSION_SECONDS * 1000 - 1)
  const sealed = sessions.seal(sessions.begin(actor, new Date()))
  const others = createSessions({ operator: 'another', auditor: null }, null)
  const key = Buffer.from(hkdfSync('sha256', '', '', 'mailchute console session 1', 32))
  const text = Buffer.from(JSON.stringify(['operator', 'token:operator', 'x', Date.now() + 1e9])).toString('base64url')
  const cookies = [
    sessions.seal(sessions.begin(actor, long)),
    others.seal(others.begin(actor, new Date())),
    `${text}.${sealed.split('.')[1]}`,
    `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`,
    `${sealed.slice(0, -2)}`,
    '.',
  ]
  const refused: Record<string, string>[] = [
    { authorization: 'Bearer ' },
    { authorization: `Basic ${Buffer.from(`x:${OPERATOR}`).toString('base64')}` },
    { 'x-forwarded-for': '127.0.0.1', 'x-http-method-override': 'GET', 'x-original-url': '/login' },
    ...cookies.map((value) => ({ cookie: `mailchute_session=${value}` })),
  ]
  // One guard stands before all of them: each lie is tried on four.
  const some = guarded.filter(({ path }) => /^\/(?:quarantine|api\/v1\/tickets\/1)$/.test(path))
  await Promise.all(guarded.map((route) => isRefused(route, {})))
  for (const headers of refused) await Promise.all(some.map((route) => isRefused(route, headers)))
})

test.each([
  '/messages/',
  '//messages',
  '/%6dessages',
  '/MESSAGES',
  '/messages;x',
  '/messages%2f',
  '/./messages',
  '/api//v1/messages',
  '/api/v1/messages/',
  '/%61pi/v1/messages',
  '/api/v1/../v1/messages',
  '/api/openapi.json/',
])('no other way to write an address leads past the login: %s', async (path) => {
  for (const method of ['GET', 'POST', 'OPTIONS']) {
    const { status } = await served.ask(path, { method })
    expect([302, 401, 404]).toContain(status)
  }
})

test('every alert links to a page', async () => {
  for (const { page } of Object.values(ALERTS)) {
    const { status } = await served.ask(page, { headers: { cookie: auditor.cookie } })
    expect([page, status]).toEqual([page, 200])
  }
})

test('an auditor reads everything and does nothing, by cookie, by token, and whatever he sends', async () => {
  const before = await states()
  const bearer = { authorization: `Bearer ${AUDITOR}` }
  const cookie = { cookie: auditor.cookie, 'x-csrf-token': auditor.csrf }
  for (const { method, path } of guarded.filter((route) => !reads(route) && route.path !== '/logout')) {
    for (const headers of [bearer, cookie, { ...cookie, 'x-http-method-override': 'GET' }]) {
      const body = new URLSearchParams({ csrf: auditor.csrf, action: 'suppress', id })
      expect([method, path, (await served.ask(path, { method, headers, body })).status]).toEqual([method, path, 403])
    }
  }
  for (const { method, path } of guarded.filter(
    (route) => reads(route) && !/events|parts|attachments\//.test(route.path),
  )) {
    expect([method, path, (await served.ask(path, { method, headers: bearer })).status]).toEqual([method, path, 200])
  }
  expect(await states()).toEqual(before)
})

test('what acts by cookie needs the token of its session, in whatever body it comes', async () => {
  const operator = await served.logIn(OPERATOR)
  const before = await states()
  const acting = guarded.filter((route) => !reads(route))
  const bodies: [string, string][] = [
    ['application/x-www-form-urlencoded', `action=suppress&id=${id}&csrf=${auditor.csrf}`],
    ['application/x-www-form-urlencoded', `action=suppress&csrf[]=${operator.csrf}`],
    ['text/plain', `action=suppress&csrf=${operator.csrf}`],
    ['application/json', JSON.stringify({ csrf: [operator.csrf] })],
    ['application/json', '{}'],
  ]
  for (const { method, path } of acting) {
    for (const [type, body] of bodies) {
      const headers = { cookie: operator.cookie, 'content-type': type, origin: 'http://evil.example' }
      expect([method, path, type, (await served.ask(path, { method, headers, body })).status]).toEqual([
        method,
        path,
        type,
        403,
      ])
    }
  }
  expect(await states()).toEqual(before)
})

test('asking for the head of the news takes no place among those that listen', async () => {
  const headers = { authorization: `Bearer ${AUDITOR}` }
  for (let asked = 0; asked < 6; asked++) {
    const heads = Array.from({ length: 10 }, () => served.ask('/events', { method: 'HEAD', headers }))
    expect(new Set((await Promise.all(heads)).map(({ status }) => status))).toEqual(new Set([200]))
  }
})
