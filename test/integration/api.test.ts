import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startConsole } from '../../src/console/server.ts'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { type ApiClient, AUDITOR_TOKEN, OPERATOR_TOKEN, openApiClient } from '../support/api.ts'
import { type Desk, letter, openDesk } from '../support/front-desk.ts'

const asked: string[] = []
let desk: Desk
let api: ApiClient
const parsePool = createParsePool({ threads: 1 })
let at = ''
let close: () => Promise<void>

beforeAll(async () => {
  desk = await openDesk()
  const console = await startConsole(
    {
      store: desk.store,
      mailboxes: [],
      tokens: { operator: OPERATOR_TOKEN, auditor: AUDITOR_TOKEN },
      parsePool,
      queue: null,
      wake: async (ids) => void asked.push(...ids),
      requestPoll: async (name) => void asked.push(name),
      now: () => new Date(),
    },
    { host: '127.0.0.1', port: 0 },
  )
  close = () => console.close()
  at = `http://127.0.0.1:${console.port}`
  api = await openApiClient(console)
  const fields = ['MIME-Version: 1.0', 'Content-Type: text/html; charset=utf-8']
  for (const id of ['one', 'two', 'three', 'four', 'five']) desk.deliver('support', letter({ id }))
  desk.deliver('support', letter({ id: 'evil', fields }).replace('This is', '<script>alert(1)</script><b>This</b> is'))
  await desk.takeIn()
})

afterAll(async () => {
  await close()
  await parsePool.close()
  await desk[Symbol.asyncDispose]()
})

const idOf = async (id: string): Promise<string> => {
  const [row] = await desk.query<{ id: string }>('SELECT id FROM inbound_messages WHERE message_id = $1', [
    `<${id}@letters.example>`,
  ])
  return row?.id ?? ''
}

const hold = (id: string) =>
  desk.query(
    `WITH held AS (UPDATE inbound_messages SET state = 'quarantined', reason = 'message/unparseable' WHERE id = $1 RETURNING *)
     INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
     SELECT id, mailbox_id, 'work/quarantined', '{"reason": "message/unparseable"}' FROM held`,
    [id],
  )

const lastEvent = async () => {
  const [row] = await desk.query<{ code: string; detail: object }>(
    'SELECT code, detail FROM inbound_events ORDER BY id DESC LIMIT 1',
  )
  return row
}

describe('the document', () => {
  test('is an OpenAPI 3.1 document', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(api.document)))
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
  })
})

describe('lists', () => {
  test('go through everything by their cursors, each thing once', async () => {
    for (const [path, count] of [
      ['/messages', 6],
      ['/tickets', 6],
      ['/outbox', 6],
      ['/polls', 2],
    ] as const) {
      const seen: unknown[] = []
      let next: unknown = null
      do {
        const { body } = await api.call('GET', `${path}?limit=2${next === null ? '' : `&cursor=${next}`}`)
        seen.push(...(body['items'] as object[]).map((item) => JSON.stringify(item)))
        next = body['next']
      } while (next !== null)
      expect(new Set(seen).size).toBe(count)
      expect(seen).toHaveLength(count)
    }
  })

  test('narrow as the pages do', async () => {
    const found = async (query: string) => {
      const { body } = await api.call('GET', `/messages?${query}`)
      return (body['items'] as { messageId: string }[]).map(({ messageId }) => messageId)
    }
    expect(await found('messageId=three@letters.example')).toEqual(['<three@letters.example>'])
    expect(await found('subject=about+four')).toEqual(['<four@letters.example>'])
    expect(await found('address=@example.com&state=ticketed&mailbox=support&receivedFrom=2020-01-01')).toHaveLength(6)
    expect(await found('receivedTo=2020-01-01T00:00:00Z')).toEqual([])
    const { body } = await api.call('GET', '/tickets?address=CARLA@example.com&status=open')
    expect(body['items']).toHaveLength(6)
  })

  test.each([
    ['/messages?stat=ticketed', 'did you mean state?'],
    ['/messages?limit=1000', null],
    ['/messages?cursor=1_2', null],
    ['/tickets?cursor=99999999999999', null],
    ['/outbox?cursor=-1', null],
    ['/messages?state=ticketed&state=received', null],
    ['/messages?receivedFrom=yesterday', null],
    ['/mailboxes?limit=5', 'there are none here'],
  ])('refuse %s and say why', async (path, hint) => {
    const { status, body } = await api.call('GET', path)
    expect([status, body['code']]).toEqual([400, 'console/request-invalid'])
    if (hint !== null) expect(body['hint']).toBe(hint)
  })
})

describe('one thing', () => {
  test('a message comes with every event on its way, and its exact octets', async () => {
    const id = await idOf('one')
    const { body } = await api.call('GET', `/messages/${id}`)
    expect((body['events'] as { code: string }[]).map(({ code }) => code)).toEqual(['intake/stored', 'work/ticketed'])
    const raw = await api.call('GET', `/messages/${id}/raw`)
    expect(raw.text).toBe(letter({ id: 'one' }))
    expect(raw.headers.get('content-disposition')).toBe(`attachment; filename="${id}.eml"`)
    expect(raw.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('a ticket comes with its entries, whose HTML is sanitised', async () => {
    const { body: list } = await api.call('GET', '/messages?messageId=evil@letters.example')
    const [{ ticket } = {}] = list['items'] as { ticket?: number }[]
    const { body, text } = await api.call('GET', `/tickets/${ticket}`)
    expect((body['entries'] as { html: string }[])[0]?.html).toContain('<b>This</b>')
    expect(text).not.toContain('<script')
    const { body: entries } = await api.call('GET', `/tickets/${ticket}/entries?limit=1`)
    expect(entries).toEqual({ items: body['entries'], next: body['next'] })
  })

  test('a message tells what hangs on it, and has no attachment that it has not', async () => {
    const id = await idOf('one')
    expect((await api.call('GET', `/messages/${id}/attachments`)).body).toEqual({ items: [] })
    expect((await api.call('GET', `/messages/${id}/attachments/0`)).status).toBe(404)
    expect((await api.call('GET', `/messages/${id}/attachments/x`)).status).toBe(400)
  })

  test.each(['/messages/00000000-0000-4000-8000-000000000000', '/tickets/2147483647'])(
    '%s is not there',
    async (path) => {
      const { status, body } = await api.call('GET', path)
      expect([status, body['code']]).toEqual([404, 'console/not-found'])
    },
  )

  test('mailboxes, polls and the end of the audit log are told', async () => {
    const { body } = await api.call('GET', '/mailboxes')
    expect(body['items']).toMatchObject([{ mailbox: 'sales' }, { mailbox: 'support', ticketedToday: 6 }])
    expect((await api.call('GET', '/polls?troubled=true')).body['items']).toEqual([])
    const { body: audit } = await api.call('GET', '/audit/head')
    expect(audit).toMatchObject({ head: null, unsealed: { events: expect.any(Number) } })
  })
})

describe('an action', () => {
  test('reprocesses a quarantined message, once, and its event says who and why', async () => {
    const id = await idOf('two')
    await hold(id)
    const { body } = await api.call('POST', `/messages/${id}/reprocess`, { body: { note: 'rule mended' } })
    expect(body['state']).toBe('received')
    expect(asked).toContain(id)
    expect(await lastEvent()).toEqual({
      code: 'operator/reprocess',
      detail: { reason: 'message/unparseable', actor: 'token:operator', note: 'rule mended' },
    })
    const again = await api.call('POST', `/messages/${id}/reprocess`)
    expect([again.status, again.body['code']]).toEqual([409, 'console/not-possible'])
  })

  test('has a quarantined message judged again, once: what it was held for does not count as decided', async () => {
    const id = await idOf('five')
    await hold(id)
    const { body } = await api.call('POST', `/messages/${id}/judge-again`, { body: { note: 'rules are new' } })
    expect(body['state']).toBe('received')
    expect(asked).toContain(id)
    expect(await lastEvent()).toEqual({
      code: 'operator/reprocess',
      detail: { heldFor: 'message/unparseable', actor: 'token:operator', note: 'rules are new' },
    })
    const again = await api.call('POST', `/messages/${id}/judge-again`)
    expect([again.status, again.body['code']]).toEqual([409, 'console/not-possible'])
    expect(await desk.store.messages.wasReleased(id, 'message/unparseable')).toBe(false)
  })

  test('suppresses a quarantined message, and everything stays accounted for (I5)', async () => {
    const id = await idOf('three')
    await hold(id)
    const { body } = await api.call('POST', `/messages/${id}/suppress`, { body: { note: 'spam' } })
    expect(body).toMatchObject({ state: 'suppressed', reason: 'operator/suppress' })
    expect(await lastEvent()).toMatchObject({
      code: 'operator/suppress',
      detail: { reason: 'operator/suppress', heldFor: 'message/unparseable', actor: 'token:operator', note: 'spam' },
    })
    expect((await api.call('POST', `/messages/${id}/suppress`)).status).toBe(409)
    const { imbalances } = await desk.store.balance()
    expect(imbalances.filter(({ check }) => check === 'state-unexplained')).toEqual([])
  })

  test('pauses and resumes a mailbox, and asks for a poll', async () => {
    expect((await api.call('POST', '/mailboxes/sales/pause')).body).toMatchObject({
      state: 'paused',
      pausedReason: 'operator',
    })
    expect(await lastEvent()).toEqual({
      code: 'mailbox/paused',
      detail: { reason: 'operator', actor: 'token:operator' },
    })
    expect((await api.call('POST', '/mailboxes/Sales/resume')).body).toMatchObject({ state: 'active' })
    expect(await lastEvent()).toEqual({ code: 'mailbox/resumed', detail: { was: 'operator', actor: 'token:operator' } })
    expect((await api.call('POST', '/mailboxes/sales/poll')).status).toBe(202)
    expect(asked).toContain('sales')
    expect((await api.call('POST', '/mailboxes/none/poll')).status).toBe(404)
  })

  test('changes a ticket; what is left out stays, and no name of a person is in the event', async () => {
    const change = { status: 'closed', assignee: 'Dora', tags: ['vip'], queue: 'billing', priority: 'high' }
    const { body } = await api.call('PATCH', '/tickets/1', { body: change })
    expect(body).toMatchObject(change)
    expect(JSON.stringify(await lastEvent())).not.toContain('Dora')
    const { body: reopened } = await api.call('PATCH', '/tickets/1', { body: { status: 'open', queue: null } })
    expect(reopened).toMatchObject({ ...change, status: 'open', queue: null })
    expect(await lastEvent()).toMatchObject({
      code: 'operator/ticket',
      detail: { ticket: 1, reopened: true, changed: ['status', 'queue'], actor: 'token:operator' },
    })
    expect((await api.call('PATCH', '/tickets/1', { body: { status: 'merged' } })).status).toBe(400)
    const slip = await api.call('PATCH', '/tickets/1', { body: { asignee: 'Dora' } })
    expect([slip.status, slip.body['hint']]).toEqual([400, 'did you mean assignee?'])
    await desk.query(`UPDATE tickets SET status = 'merged' WHERE number = 2`)
    expect((await api.call('PATCH', '/tickets/2', { body: { status: 'open' } })).status).toBe(409)
  })

  test('sends no acknowledgement a second time', async () => {
    const { body } = await api.call('GET', '/outbox?limit=1')
    const [row] = body['items'] as { id: string }[]
    expect((await api.call('POST', `/outbox/${row?.id}/replay`)).status).toBe(409)
    expect((await api.call('POST', '/outbox/999999/replay')).status).toBe(404)
  })
})

describe('who is let in', () => {
  test('nobody without a token, and the answer says what to send', async () => {
    for (const token of [null, 'guessed']) {
      const { status, headers, body } = await api.call('GET', '/messages', { token })
      expect([status, body['code']]).toEqual([401, 'console/login-required'])
      expect(headers.get('www-authenticate')).toBe('Bearer realm="mailchute"')
    }
  })

  test('an auditor reads, and does not act', async () => {
    expect((await api.call('GET', '/tickets', { token: AUDITOR_TOKEN })).status).toBe(200)
    const id = await idOf('four')
    for (const [method, path] of [
      ['POST', `/messages/${id}/suppress`],
      ['POST', `/messages/${id}/judge-again`],
      ['POST', '/mailboxes/sales/pause'],
      ['PATCH', '/tickets/1'],
      ['POST', '/outbox/1/replay'],
    ] as const) {
      const { status, body } = await api.call(method, path, { token: AUDITOR_TOKEN })
      expect([status, body['code']]).toEqual([403, 'console/not-allowed'])
    }
  })

  test('a browser’s cookie reads, and acts only with the token of its session (CSRF)', async () => {
    const login = await fetch(`${at}/login`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ token: OPERATOR_TOKEN }),
    })
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect((await fetch(`${at}/api/v1/tickets`, { headers: { cookie } })).status).toBe(200)
    const forged = await fetch(`${at}/api/v1/mailboxes/sales/pause`, { method: 'POST', headers: { cookie } })
    expect([forged.status, await forged.json()]).toMatchObject([403, { code: 'console/form-refused' }])
    const page = await (await fetch(`${at}/`, { headers: { cookie } })).text()
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const headers = { cookie, 'x-csrf-token': csrf }
    expect((await fetch(`${at}/api/v1/mailboxes/sales/resume`, { method: 'POST', headers })).status).toBe(200)
  })

  test('what is no JSON, too large or not there is told as a problem, without what was sent', async () => {
    const send = (path: string, body: string, type: string) =>
      fetch(`${at}/api/v1${path}`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': type },
      })
    for (const [path, body, type, status] of [
      ['/mailboxes/sales/pause', '{canary', 'application/json', 400],
      ['/mailboxes/sales/pause', '["canary"]', 'application/json', 400],
      ['/mailboxes/sales/pause', `"${'canary'.repeat(20_000)}"`, 'application/json', 413],
      ['/mailboxes/sales/pause', '<canary/>', 'application/xml', 415],
      ['/canary', '{}', 'application/json', 404],
    ] as const) {
      const answer = await send(path, body, type)
      expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([
        status,
        'application/problem+json',
      ])
      expect(await answer.text()).not.toContain('canary')
    }
  })

  test('who asks more than 1,200 times a minute waits, and the other login does not', async () => {
    const ask = (token: string) => fetch(`${at}/api/v1/nothing`, { headers: { authorization: `Bearer ${token}` } })
    const at200 = () => fetch(`${at}/api/openapi.json`, { headers: { authorization: `Bearer ${AUDITOR_TOKEN}` } })
    let last = await at200()
    for (let asked = 0; asked < 1300 && last.status === 200; asked++) {
      last = await at200()
      await last.arrayBuffer()
    }
    expect(last.status).toBe(429)
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask(OPERATOR_TOKEN)).status).toBe(404)
    expect((await api.call('GET', '/tickets')).status).toBe(200)
  })
})

describe('every operation', () => {
  test('was seen to answer as the document says, or is in heavy-mail.test.ts and webhooks.test.ts', () => {
    const all = Object.values(api.document.paths).flatMap((each) => Object.values(each))
    const unseen = all.map(({ operationId }) => operationId).filter((id) => !api.seen.has(id))
    expect(unseen.toSorted()).toEqual(['getAttachment', 'replayOutbox'])
  })
})
