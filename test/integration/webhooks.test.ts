import type { ServerResponse } from 'node:http'
import { Client } from 'pg'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { WebhookConfig } from '../../src/config.ts'
import { startConsole } from '../../src/console/server.ts'
import { MailchuteError } from '../../src/errors.ts'
import type { Log } from '../../src/log.ts'
import type { Store } from '../../src/store/store.ts'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { OPERATOR_TOKEN, openApiClient } from '../support/api.ts'
import { type Desk, letter, openDesk } from '../support/front-desk.ts'
import { answer, type Received, type Receiver, startReceiver } from '../support/webhook-receiver.ts'

const SECRET = Buffer.alloc(32, 9)
const WHSEC = `whsec_${SECRET.toString('base64')}`
const never = new AbortController().signal
const BY = { actor: 'token:operator' }

let desk: Desk
let receiver: Receiver
let lines: string[]
let names = 0
let webhook: WebhookConfig

const log: Log = {
  event: (name, fields) => void lines.push(JSON.stringify({ name, ...fields })),
  failure: (name, error, fields) =>
    void lines.push(JSON.stringify({ name, ...fields, ...error.context, code: error.code, error: error.message })),
  flush: async () => undefined,
}

beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk[Symbol.asyncDispose]())
beforeEach(async () => {
  receiver = await startReceiver()
  lines = []
  await desk.empty()
  names += 1
  const { WEBHOOK_EVENTS } = await import('../../src/config/webhook-events.ts')
  webhook = {
    ...{ name: `crm-${names}`, url: receiver.url, secrets: [SECRET], events: WEBHOOK_EVENTS },
    ...{ hasContent: false, mayBePrivate: false },
  }
  await newDeliverer().fanOut(never)
  return async () => {
    await receiver[Symbol.asyncDispose]()
    // I9: neither the secret, nor the URL, nor anything of a mail.
    for (const line of lines) expect(line).not.toMatch(/url-canary|CQkJCQ|whsec|127\.0\.0\.1|carla|about|letters/i)
  }
})

const newDeliverer = (options: { webhooks?: readonly WebhookConfig[]; store?: Store } = {}) =>
  desk.newDeliverer({ log, webhooks: [webhook], ...options })

/** As another process, later: what failed is due again. */
async function round(options: Parameters<typeof newDeliverer>[0] = {}): Promise<void> {
  await desk.query(`UPDATE outbox SET next_attempt_at = now() WHERE state = 'waiting' AND target LIKE 'webhook:%'`)
  const deliverer = newDeliverer(options)
  await deliverer.fanOut(never)
  await deliverer.sendDue(never, never)
}

const rows = () =>
  desk.query<{ id: string; state: string; reason: string | null; attempts: number; seconds: number }>(
    `SELECT id::text, state, reason, attempts, extract(epoch FROM next_attempt_at - now())::float8 AS seconds
     FROM outbox WHERE target = $1 ORDER BY id`,
    [`webhook:${webhook.name}`],
  )

/** By an implementation that is not ours. Throws if it is not signed. */
const verified = ({ body, headers }: Received) =>
  new Webhook(WHSEC).verify(body, headers as Record<string, string>) as Received['json']

const types = () => receiver.received.map(({ json }) => json.type)

describe('a message', () => {
  test('is signed as Standard Webhooks has it, and holds ids and codes only', async () => {
    desk.deliver('support', letter({ id: 'one' }))
    await desk.takeIn()
    await round()
    const [only, ...others] = receiver.received
    if (only === undefined) throw new Error('nothing came')
    expect(others).toEqual([])
    expect(verified(only)).toEqual({
      type: 'ticket.created',
      timestamp: expect.stringMatching(/^\d{4}-.+Z$/),
      data: {
        mailbox: 'support',
        reason: 'thread/none',
        message: { id: expect.any(String), messageId: '<one@letters.example>', kind: 'personal' },
        ticket: { number: 1, status: 'open' },
      },
    })
    expect(() => verified({ ...only, body: only.body.replace('open', 'shut') })).toThrow()
    expect(await rows()).toMatchObject([{ state: 'sent', attempts: 1 }])
  })

  test('has sender and subject where the operator wants it so', async () => {
    webhook = { ...webhook, hasContent: true }
    desk.deliver('support', letter({ id: 'one' }))
    await desk.takeIn()
    await round()
    expect(receiver.received[0]?.json.data).toMatchObject({
      message: { from: 'carla@example.com', subject: 'about one' },
      ticket: { subject: 'about one' },
    })
  })

  test('tells of each kind of event, once', async () => {
    desk.deliver('support', letter({ id: 'one' }))
    await desk.takeIn()
    const reply = (id: string) => letter({ id, fields: ['In-Reply-To: <one@letters.example>'] })
    desk.deliver('support', reply('two'))
    await desk.takeIn()
    await desk.query(`UPDATE tickets SET status = 'closed'`)
    desk.deliver('support', reply('three'))
    await desk.takeIn()
    desk.understood = { kind: 'delivery-status', reason: 'bounce/report' }
    desk.deliver('support', letter({ id: 'four' }))
    await desk.takeIn()
    desk.understood = { kind: 'auto-reply', reason: 'auto-reply/header' }
    desk.deliver('support', letter({ id: 'five' }))
    await desk.takeIn()
    const support = await desk.store.mailboxes.find('support')
    await desk.store.mailboxes.recordFailure(support?.id ?? '', 1, new Date(), 'source/credentials-refused')
    await desk.store.mailboxes.recordFailure(support?.id ?? '', 2, new Date(), 'source/credentials-refused')
    await desk.store.mailboxes.recordSuccess(support?.id ?? '')
    await desk.store.mailboxes.recordSuccess(support?.id ?? '')
    await desk.store.tickets.change(1, { status: 'closed' }, BY)
    await desk.store.tickets.change(1, { status: 'open' }, BY)
    await round()
    await round()
    expect(types().toSorted()).toEqual([
      'mailbox.paused',
      'mailbox.resumed',
      'message.bounced',
      'message.suppressed',
      'ticket.created',
      'ticket.reopened',
      'ticket.reopened',
      'ticket.replied',
    ])
  })

  test('is what was asked for: a bounce is suppressed, and a reply that opens again is a reply, to who asks for that', async () => {
    webhook = { ...webhook, events: ['message.suppressed', 'ticket.replied'] }
    desk.deliver('support', letter({ id: 'one' }))
    await desk.takeIn()
    await desk.query(`UPDATE tickets SET status = 'closed'`)
    desk.deliver('support', letter({ id: 'two', fields: ['In-Reply-To: <one@letters.example>'] }))
    await desk.takeIn()
    desk.understood = { kind: 'delivery-status', reason: 'bounce/report' }
    desk.deliver('support', letter({ id: 'three' }))
    await desk.takeIn()
    await round()
    expect(types().toSorted()).toEqual(['message.suppressed', 'ticket.replied'])
  })

  test('is of what happened since the webhook is set, and not of all before', async () => {
    desk.deliver('support', letter({ id: 'one' }))
    await desk.takeIn()
    webhook = { ...webhook, name: `late-${names}` }
    await round()
    expect(receiver.received).toEqual([])
    desk.deliver('support', letter({ id: 'two' }))
    await desk.takeIn()
    await round()
    expect(types()).toEqual(['ticket.created'])
  })
})

const oneTicket = async () => {
  desk.deliver('support', letter({ id: 'one' }))
  await desk.takeIn()
}

describe('a receiver with trouble', () => {
  test('is tried again with back-off, under the same webhook-id, until it takes it', async () => {
    await oneTicket()
    receiver.behave = answer(500)
    await round()
    await round()
    expect(await rows()).toMatchObject([{ state: 'waiting', reason: 'webhook/refused', attempts: 2 }])
    expect((await rows())[0]?.seconds).toBeGreaterThan(50)
    receiver.behave = answer(200)
    await round()
    expect(await rows()).toMatchObject([{ state: 'sent', reason: null, attempts: 3 }])
    expect(receiver.received).toHaveLength(3)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    for (const each of receiver.received) verified(each)
  })

  test('is left alone for as long as it asks (Retry-After), by the others of its messages, too', async () => {
    await oneTicket()
    receiver.behave = answer(429, { 'retry-after': '7200' })
    await desk.query(`UPDATE outbox SET next_attempt_at = now() WHERE target LIKE 'webhook:%'`)
    const deliverer = newDeliverer()
    await deliverer.fanOut(never)
    await deliverer.sendDue(never, never)
    expect((await rows())[0]?.seconds).toBeGreaterThan(7000)
    desk.deliver('support', letter({ id: 'two' }))
    await desk.takeIn()
    await deliverer.fanOut(never)
    await deliverer.sendDue(never, never)
    expect(receiver.received).toHaveLength(1)
  })

  test('that answers 410 is told nothing more, with an alert; a replay or another URL begins again', async () => {
    await oneTicket()
    receiver.behave = answer(410)
    await round()
    expect(lines.filter((line) => line.includes('"webhook.gone"'))).toHaveLength(1)
    desk.deliver('support', letter({ id: 'two' }))
    await desk.takeIn()
    receiver.behave = answer(200)
    await round()
    expect(await rows()).toMatchObject([
      { state: 'failed', reason: 'webhook/gone' },
      { state: 'skipped', reason: 'webhook/gone' },
    ])
    expect(receiver.received).toHaveLength(1)
    const [first] = await rows()
    expect(await desk.store.webhooks.replay(first?.id ?? '', BY)).toBe('done')
    await round()
    expect(await rows()).toMatchObject([{ state: 'sent' }, { state: 'skipped' }])
    expect((await desk.store.balance()).imbalances).toEqual([])
  })

  test('does not stop another one', async () => {
    const other = await startReceiver()
    const webhooks = [webhook, { ...webhook, name: `other-${names}`, url: other.url }]
    receiver.behave = () => undefined
    const deliverer = desk.newDeliverer({ log, webhooks, post: { timeoutMilliseconds: 200 } })
    await deliverer.fanOut(never)
    await oneTicket()
    await deliverer.fanOut(never)
    await deliverer.sendDue(never, never)
    expect([receiver.received.length, other.received.length]).toEqual([1, 1])
    expect(await rows()).toMatchObject([{ state: 'waiting', reason: 'webhook/timeout' }])
    await other[Symbol.asyncDispose]()
  })

  test('keeps nobody else waiting while it takes its time, whatever comes meanwhile', async () => {
    const other = await startReceiver()
    const webhooks = [webhook, { ...webhook, name: `other-${names}`, url: other.url }]
    const slow: ServerResponse[] = []
    receiver.behave = (_, response) => void slow.push(response)
    const deliverer = desk.newDeliverer({ log, webhooks })
    await deliverer.fanOut(never)
    await oneTicket()
    await deliverer.fanOut(never)
    const first = deliverer.sendDue(never, never)
    await Promise.all([receiver.until(1), other.until(1)])
    desk.deliver('support', letter({ id: 'two' }))
    await desk.takeIn()
    await deliverer.fanOut(never)
    await deliverer.sendDue(never, never)
    expect([receiver.received.length, other.received.length]).toEqual([1, 2])
    for (const response of slow) response.writeHead(204).end()
    await first
    expect(await rows()).toMatchObject([{ state: 'sent' }, {}])
    await other[Symbol.asyncDispose]()
  })

  test('is given up after three days, with its last error', async () => {
    await oneTicket()
    receiver.behave = answer(503)
    await round()
    await desk.query(`UPDATE outbox SET created_at = now() - interval '73 hours' WHERE target LIKE 'webhook:%'`)
    await round()
    expect(await rows()).toMatchObject([{ state: 'failed', reason: 'webhook/refused' }])
    expect(receiver.received).toHaveLength(1)
    expect((await desk.store.balance()).imbalances).toEqual([])
  })

  test('that is down takes few attempts, however much waits for it', async () => {
    for (let index = 0; index < 30; index++) desk.deliver('support', letter({ id: `mail${index}` }))
    await desk.takeIn()
    receiver.behave = answer(503)
    await round()
    expect(receiver.received.length).toBeLessThanOrEqual(8)
    receiver.behave = answer(200)
    await round()
    expect((await rows()).map(({ state }) => state)).toEqual(Array.from({ length: 30 }, () => 'sent'))
  })
})

describe('whoever dies', () => {
  test('between the 2xx and the commit has it sent again, with the same webhook-id', async () => {
    await oneTicket()
    const { webhooks } = desk.store
    const sent = async () => {
      throw new MailchuteError('store/unavailable', 'made to fail')
    }
    const store = { ...desk.store, webhooks: { ...webhooks, sent } }
    await expect(round({ store })).rejects.toMatchObject({ code: 'store/unavailable' })
    expect(await rows()).toMatchObject([{ state: 'waiting', attempts: 1 }])
    expect((await rows())[0]?.seconds).toBeGreaterThan(200)
    await round()
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect([ids.length, new Set(ids).size]).toEqual([2, 1])
    expect(await rows()).toMatchObject([{ state: 'sent', attempts: 2 }])
  })

  test('and comes back after its lease says nothing any more', async () => {
    await oneTicket()
    const deliverer = newDeliverer()
    await deliverer.fanOut(never)
    const subscription = { name: webhook.name, events: webhook.events, urlSha256: '' }
    const lost = await desk.store.webhooks.claim(subscription, 0)
    const taken = await desk.store.webhooks.claim(subscription, 60)
    if (lost === null || taken === null) throw new Error('nothing to claim')
    await desk.store.webhooks.failed(lost, 'webhook/gone')
    expect(await rows()).toMatchObject([{ state: 'waiting', attempts: 2 }])
    await desk.store.webhooks.sent(taken)
    expect(await rows()).toMatchObject([{ state: 'sent' }])
  })
})

describe('many at once', () => {
  test('write and send each once', async () => {
    for (let index = 0; index < 40; index++) desk.deliver('support', letter({ id: `mail${index}` }))
    await desk.takeIn()
    const deliverers = Array.from({ length: 4 }, () => newDeliverer())
    await Promise.all(deliverers.map((each) => each.fanOut(never)))
    await Promise.all(deliverers.map((each) => each.sendDue(never, never)))
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect([ids.length, new Set(ids).size]).toEqual([40, 40])
  })

  test('an event whose transaction commits after a later one is not passed over', async () => {
    const [url] = await desk.query<{ port: number; name: string }>(
      `SELECT inet_server_port() AS port, current_database() AS name`,
    )
    const slow = new Client({ connectionString: `postgresql://postgres@127.0.0.1:${url?.port}/${url?.name}` })
    await slow.connect()
    const insert = `INSERT INTO inbound_events (mailbox_id, code) SELECT id, 'mailbox/paused' FROM mailboxes WHERE name = 'support'`
    await slow.query('BEGIN')
    await slow.query(insert)
    await desk.query(insert)
    const deliverer = newDeliverer()
    await deliverer.fanOut(never)
    expect(await rows()).toEqual([])
    await slow.query('COMMIT')
    await deliverer.fanOut(never)
    expect(await rows()).toHaveLength(2)
    await slow.end()
  })

  test('lose nothing where events are written while it is fanned out', async () => {
    const WRITERS = 8
    const EACH = 40
    const [url] = await desk.query<{ port: number; name: string }>(
      `SELECT inet_server_port() AS port, current_database() AS name`,
    )
    const insert = `INSERT INTO inbound_events (mailbox_id, code) SELECT id, 'mailbox/paused' FROM mailboxes WHERE name = 'support'`
    const writers = Array.from({ length: WRITERS }, async () => {
      const client = new Client({ connectionString: `postgresql://postgres@127.0.0.1:${url?.port}/${url?.name}` })
      await client.connect()
      for (let index = 0; index < EACH; index++) {
        await client.query('BEGIN')
        await client.query(insert)
        await client.query('SELECT pg_sleep(random() * 0.01)')
        await client.query('COMMIT')
      }
      await client.end()
    })
    let isWriting = true
    const readers = [newDeliverer(), newDeliverer()].map(async (deliverer) => {
      while (isWriting) await deliverer.fanOut(never)
    })
    await Promise.all(writers)
    isWriting = false
    await Promise.all(readers)
    await newDeliverer().fanOut(never)
    expect(await rows()).toHaveLength(WRITERS * EACH)
  })
})

describe('a replay', () => {
  test('over the API sends it again under the same webhook-id, and says who asked', async () => {
    await oneTicket()
    await round()
    const [row] = await rows()
    const parsePool = createParsePool({ threads: 1 })
    const console = await startConsole(
      {
        store: desk.store,
        mailboxes: [],
        tokens: { operator: OPERATOR_TOKEN, auditor: null },
        parsePool,
        queue: null,
        wake: async () => undefined,
        requestPoll: async () => undefined,
        now: () => new Date(),
      },
      { host: '127.0.0.1', port: 0 },
    )
    const api = await openApiClient(console)
    const answered = await api.call('POST', `/outbox/${row?.id}/replay`, { body: { note: 'lost there' } })
    expect([answered.status, answered.body]).toEqual([202, { id: row?.id, state: 'waiting' }])
    expect((await api.call('POST', `/outbox/${row?.id}/replay`)).status).toBe(409)
    await console.close()
    await parsePool.close()
    expect((await desk.store.balance()).imbalances).toEqual([])
    await round()
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect([ids.length, new Set(ids).size]).toEqual([2, 1])
    const [told] = await desk.query(`SELECT detail FROM inbound_events WHERE code = 'operator/replay'`)
    expect(told).toMatchObject({
      detail: { outbox: row?.id, target: `webhook:${webhook.name}`, actor: 'token:operator', note: 'lost there' },
    })
    expect((await desk.store.balance()).imbalances).toEqual([])
  })
})

describe('acknowledgements', () => {
  test('go their own way beside webhooks', async () => {
    await oneTicket()
    await newDeliverer().fanOut(never)
    await desk.query(`UPDATE outbox SET created_at = now() - interval '25 hours' WHERE target LIKE 'webhook:%'`)
    await desk.send()
    expect(desk.smtp.mails).toHaveLength(1)
    expect(await rows()).toMatchObject([{ state: 'waiting' }])
  })
})
