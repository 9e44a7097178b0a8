import { connect } from 'node:net'
import fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startConsole } from '../../../src/console/server.ts'
import { type Login, OPERATOR, type Served, serveOneMessage } from '../../support/served.ts'

let served: Served
let id: string
let operator: Login

beforeAll(async () => {
  ;[served, id] = await serveOneMessage()
  operator = await served.logIn(OPERATOR)
}, 300_000)

afterAll(() => served?.[Symbol.asyncDispose]())

const bearer = { authorization: `Bearer ${OPERATOR}` }
const NAMES = [
  'state',
  'mailbox',
  'reason',
  'address',
  'subject',
  'messageId',
  'receivedFrom',
  'receivedTo',
  'from',
  'to',
  'before',
  'cursor',
  'limit',
  'status',
  'queue',
  'troubled',
  'end',
  'done',
  'count',
  'next',
  '__proto__',
  'constructor',
]

/** Values that somewhere mean something else: to PostgreSQL, to JSON, to JavaScript, to an address. */
const value = () =>
  fc.oneof(
    fc.constantFrom(
      '',
      '\0',
      '%',
      '_',
      '\\',
      "'",
      '"',
      '<',
      '1',
      '-1',
      '0',
      '1e3',
      '0x10',
      'NaN',
      'null',
      '9'.repeat(18),
      '9'.repeat(40),
    ),
    fc.constantFrom(
      '0000-01-01',
      '9999-12-31',
      '2026-02-30',
      '9999-12-31T23:59:59-23:59',
      '-271821-04-20',
      'quarantined',
      'failed',
      'true',
    ),
    fc.constantFrom(
      `1_${id}`,
      `${'9'.repeat(17)}_${id}`,
      `${'9'.repeat(14)}_${id}`,
      id,
      '__proto__',
      'constructor',
      '\u202e',
      '\ufffe',
      '😀',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
  )

/** Percent-encoded, as it stands or as octets that are no UTF-8. */
const encoded = () =>
  fc.oneof(
    { weight: 9, arbitrary: value().map((each) => encodeURIComponent(each.toWellFormed())) },
    { weight: 1, arbitrary: fc.constantFrom('%ff', '%c0%80', '%ed%a0%80', '%', '%zz', '%00') },
  )

const told = (text: string) =>
  expect(text).not.toMatch(/SQLSTATE|SELECT|prisma|\bat \w+.*\(|node_modules|internal\/bug/i)

describe('whatever is asked for', () => {
  test('every route that reads answers, or says what it does not understand', async () => {
    const reading = served.console.routes.filter(
      ({ method, url }) => method === 'GET' && url !== '/events' && url !== '/livez',
    )
    const query = () => fc.array(fc.tuple(fc.constantFrom(...NAMES), encoded()), { maxLength: 4 })
    const route = fc.constantFrom(...reading.map(({ url }) => url))
    await fc.assert(
      fc.asyncProperty(route, query(), encoded(), fc.boolean(), async (url, pairs, parameter, isReal) => {
        const path = url.replace(/:(\w+)/g, (_, name: string) => (isReal && name === 'id' ? id : parameter))
        const search = pairs.map(([name, given]) => `${name}=${given}`).join('&')
        const answer = await served.ask(`${path}?${search}`, { headers: { ...bearer, accept: 'text/html' } })
        expect([path, search, answer.status < 500]).toEqual([path, search, true])
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
        if (answer.status !== 200) told(await answer.text())
        else await answer.body?.cancel()
      }),
      { numRuns: 120 },
    )
  }, 300_000)

  test('every route that acts does it, or says what it does not understand', async () => {
    const acting = served.console.routes.filter(
      ({ method, url }) => method !== 'GET' && method !== 'HEAD' && !url.startsWith('/log'),
    )
    const json = fc.oneof(
      value(),
      fc.integer(),
      fc.constant(null),
      fc.array(value(), { maxLength: 3 }),
      fc.dictionary(fc.string(), value(), { maxKeys: 2 }),
    )
    const name = fc.constantFrom(
      'note',
      'status',
      'queue',
      'priority',
      'tags',
      'assignee',
      'action',
      'id',
      'csrf',
      '__proto__',
      'x',
    )
    const body = fc.oneof(
      json,
      fc.array(fc.tuple(name, json), { maxLength: 4 }).map((fields) => Object.fromEntries(fields)),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...acting),
        body,
        encoded(),
        fc.boolean(),
        async ({ method, url }, sent, parameter, isReal) => {
          const real: Record<string, string> = { id, name: 'support', number: '1' }
          const path = url.replace(/:(\w+)/g, (_, each: string) => (isReal ? (real[each] ?? parameter) : parameter))
          const headers = { ...bearer, 'content-type': 'application/json' }
          const answer = await served.ask(path, { method, headers, body: JSON.stringify(sent) ?? 'null' })
          expect([method, path, sent, answer.status < 500]).toEqual([method, path, sent, true])
          if (answer.status >= 400) told(await answer.text())
          else await answer.body?.cancel()
        },
      ),
      { numRuns: 80 },
    )
    for (const path of ['/', '/tickets/1', `/messages/${id}`]) {
      expect((await served.ask(path, { headers: bearer })).status).toBe(200)
    }
  }, 300_000)

  test.each(['__proto__', 'constructor', 'toString'])('a ticket may have the tag %s', async (tag) => {
    const headers = { ...bearer, 'content-type': 'application/json' }
    const init = { method: 'PATCH', headers, body: JSON.stringify({ tags: [tag] }) }
    expect((await served.ask('/api/v1/tickets/1', init)).status).toBe(200)
    const page = await served.ask('/tickets/1', { headers: bearer })
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(`<span class="tag ">${tag}</span>`)])
  })

  test.each([
    ['PATCH', '/api/v1/tickets/1', { queue: 'a\0b' }, 400],
    ['PATCH', '/api/v1/tickets/1', { tags: ['\0'] }, 400],
    ['PATCH', '/api/v1/tickets/1', { assignee: '\ud800' }, 400],
    ['POST', '/api/v1/mailboxes/%00/pause', {}, 400],
    ['POST', '/api/v1/mailboxes/support/resume', { note: 'x'.repeat(501) }, 400],
    ['GET', '/api/v1/messages?mailbox=%00', undefined, 400],
    ['GET', '/api/v1/tickets?address=%00', undefined, 400],
    ['GET', '/messages/%zz', undefined, 400],
    ['GET', `/messages/${'x'.repeat(200)}`, undefined, 400],
  ] as const)('%s %s %j is answered with %d', async (method, path, body, status) => {
    const headers = { ...bearer, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const answer = await served.ask(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect([answer.status, answer.headers.get('content-security-policy'), await answer.text()]).toEqual([
      status,
      expect.stringContaining("default-src 'none'"),
      expect.stringContaining('console/request-invalid'),
    ])
  })

  test('over TLS browsers are told to stay with it', async () => {
    const headers = { 'x-forwarded-proto': 'https' }
    expect((await served.ask('/login', { headers })).headers.get('strict-transport-security')).toBe('max-age=31536000')
    expect((await served.ask('/login')).headers.get('strict-transport-security')).toBeNull()
  })
})

describe('two at once', () => {
  const hold = () =>
    served.desk.query(
      `WITH held AS (UPDATE inbound_messages SET state = 'quarantined', reason = 'message/unparseable' RETURNING *)
       INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
       SELECT id, mailbox_id, 'work/quarantined', '{"reason": "message/unparseable"}' FROM held`,
    )

  test('of all that decide on one message in one moment, one does, and one event tells of it', async () => {
    await hold()
    const api = (action: string) => served.ask(`/api/v1/messages/${id}/${action}`, { method: 'POST', headers: bearer })
    const page = (body: URLSearchParams) => served.ask('/quarantine', { method: 'POST', headers: bearer, body })
    const many = new URLSearchParams(Array.from({ length: 50 }, (): [string, string] => ['id', id]))
    many.set('action', 'suppress')
    const [pages, ...answers] = await Promise.all([page(many), ...Array.from({ length: 6 }, () => api('suppress'))])
    const done = answers.filter(({ status }) => status === 200).length
    const count = Number(new URL(pages?.headers.get('location') ?? '', served.at).searchParams.get('count'))
    expect([done + count, answers.filter(({ status }) => status === 409).length]).toEqual([1, 6 - done])
    const events = await served.desk.query(`SELECT 1 FROM inbound_events WHERE code = 'operator/suppress'`)
    expect(events).toHaveLength(1)
    expect((await served.desk.store.balance()).imbalances.filter(({ check }) => check === 'state-unexplained')).toEqual(
      [],
    )
  })

  test('a form with more ids than there can be is refused, and one with those of other things changes nothing', async () => {
    const send = (ids: string[]) => {
      const body = new URLSearchParams([
        ['csrf', operator.csrf],
        ['action', 'suppress'],
        ...ids.map((each): [string, string] => ['id', each]),
      ])
      return served.ask('/quarantine', { method: 'POST', headers: { cookie: operator.cookie }, body })
    }
    expect((await send(Array.from({ length: 10_000 }, () => id))).status).toBe(413)
    expect((await send(Array.from({ length: 1001 }, () => id))).status).toBe(400)
    expect((await send(['00000000-0000-4000-8000-000000000000'])).headers.get('location')).toContain('count=0')
  })
})

describe('on the wire', () => {
  const open = async (text: string) => {
    const socket = connect(served.console.port, '127.0.0.1')
    const ended = new Promise<string>((resolve) => {
      let got = ''
      socket.on('data', (data) => {
        got += data
      })
      socket.on('close', () => resolve(got))
      socket.on('error', () => undefined)
    })
    socket.write(text)
    return { socket, ended }
  }

  test('an address with a host of its own leads to the same guard', async () => {
    const { ended } = await open(
      'GET http://evil.example/messages HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    )
    expect(await ended).toMatch(/^HTTP\/1\.1 302 /)
  })

  test('names of mailboxes are told by no name that a stranger can have lead here', async () => {
    const statusOf = async (host: string) => {
      const { ended } = await open(
        `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Host: localhost\r\nConnection: close\r\n\r\n`,
      )
      return /^HTTP\/1\.1 (\d+)/.exec(await ended)?.[1]
    }
    for (const host of [
      'localhost',
      'LOCALHOST:8025',
      '127.0.0.1:8025',
      '[::1]:8025',
      '192.0.2.1',
      'desk',
      'a.localhost',
    ]) {
      expect([host, await statusOf(host)]).toEqual([host, '200'])
    }
    for (const host of [
      'evil.example',
      'evil.example.',
      'evil.example:8025',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ]) {
      expect([host, await statusOf(host)]).toEqual([host, '403'])
    }
  })

  test.each([
    'HELLO\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    `GET /?${'x'.repeat(1_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n',
  ])('is refused: %#', async (text) => {
    const { ended } = await open(text)
    expect(await ended).toMatch(/^HTTP\/1\.1 4(?:00|31) |^$/)
  })
})

describe('what others do', () => {
  test('many who ask for figures at once cost the database one look, and a queue that is away undoes no action', async () => {
    let looks = 0
    const { store } = served.deps
    const figures = () => {
      looks++
      return store.figures()
    }
    const wake = () => Promise.reject(new Error('the queue is away'))
    const deps = { ...served.deps, store: { ...store, figures }, wake, requestPoll: wake }
    const console = await startConsole(deps, { host: '127.0.0.1', port: 0 })
    const at = `http://127.0.0.1:${console.port}`
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${at}/metrics`)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(looks).toBeLessThan(10)
      const act = (path: string, action: string) =>
        fetch(at + path, { method: 'POST', redirect: 'manual', headers: bearer, body: new URLSearchParams({ action }) })
      const again = await act(`/messages/${id}/act`, 'release')
      expect([again.status, again.headers.get('location')]).toEqual([303, expect.stringContaining('count=1')])
      expect((await act('/mailboxes/support/act', 'resume')).status).toBe(303)
      expect((await act('/mailboxes/support/act', 'poll')).status).toBe(500)
    } finally {
      await console.close()
    }
  })
})

const AWAY = () => [
  ...['/', '/messages', '/tickets/1', `/messages/${id}/raw`, '/metrics'],
  ...['/api/v1/tickets', `/api/v1/messages/${id}/raw`],
]

describe('while the database is away', () => {
  test('pages and the API say so, without what it says, and all is well when it is back', async () => {
    const name = new URL(served.desk.databaseUrl).pathname.slice(1)
    const elsewhere = new URL(served.desk.databaseUrl)
    elsewhere.pathname = '/postgres'
    const admin = new Client({ connectionString: elsewhere.href })
    await admin.connect()
    try {
      await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`)
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'mailchute'`,
        [name],
      )
      for (const path of AWAY()) {
        const answer = await served.ask(path, { headers: { ...bearer, accept: 'text/html' } })
        const text = await answer.text()
        expect([path, answer.status, text]).toEqual([path, 503, expect.stringContaining('store/unavailable')])
        // Anybody may ask for these: the database's own words name what there is.
        if (path === '/metrics') expect(text).not.toContain(name)
      }
    } finally {
      await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`)
      await admin.end()
    }
    expect((await served.ask('/messages', { headers: bearer })).status).toBe(200)
  })
})
