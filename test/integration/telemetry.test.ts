import { createRequire } from 'node:module'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createPollOnce } from '../../src/commands/roles.ts'
import { startConsole } from '../../src/console/server.ts'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { never } from '../support/alerting.ts'
import { createDatabase } from '../support/postgres.ts'
import { startMailbox } from '../support/sandbox.ts'
import { openWorker } from '../support/worker.ts'

/** Where the API finds what was registered, of whatever version: an older one than its own it ignores. */
const API = Symbol.for('opentelemetry.js.api.1')

/** As a program has it whose SDK brings its own copy of the API. */
function anotherApi(): typeof import('@opentelemetry/api') {
  const require = createRequire(import.meta.url)
  for (const file of Object.keys(require.cache)) if (file.includes('@opentelemetry/api')) delete require.cache[file]
  return require('@opentelemetry/api')
}

const exporter = new InMemorySpanExporter()
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
trace.setGlobalTracerProvider(provider)
afterAll(() => provider.shutdown())
beforeEach(() => exporter.reset())

const spans = () => exporter.getFinishedSpans().map(({ name, attributes, status }) => ({ name, attributes, status }))

const MAIL = Buffer.from(
  'From: canary@customer.example\r\nSubject: canary\r\nMessage-ID: <canary@x>\r\n\r\nbody-canary\r\n',
)

describe('where an SDK of OpenTelemetry is loaded', () => {
  test('it may be one for Node 20, which registers itself as API 1.9', async () => {
    const registered = (globalThis as Record<symbol, { version: string } | undefined>)[API]
    if (registered === undefined) throw new Error('nobody has registered')
    const { version } = registered
    registered.version = '1.9.0'
    anotherApi().trace.getTracer('test').startSpan('seen').end()
    registered.version = version
    expect(spans()).toHaveLength(1)
  })

  test('a poll and the work on a message are spans, with ids, counts and codes only (I9)', async () => {
    await using box = await startMailbox([{ uniqueId: 'uid-canary', octets: MAIL }])
    await using worker = await openWorker({ ...box.env(), DATABASE_URL: await createDatabase() })
    await createPollOnce(worker.app, worker.queue)(worker.mailbox, never)
    await worker.workOff()
    expect(spans()).toEqual([
      {
        name: 'poll',
        attributes: expect.objectContaining({ 'mailchute.mailbox': 'test', 'mailchute.stored': 1 }),
        status: { code: SpanStatusCode.UNSET },
      },
      {
        name: 'work',
        attributes: {
          'mailchute.inbound_message_id': expect.stringMatching(/^[0-9a-f-]{36}$/),
          'mailchute.state': 'ticketed',
          'mailchute.reason': expect.stringMatching(/^[a-z-]+\/[a-z-]+$/),
        },
        status: { code: SpanStatusCode.UNSET },
      },
    ])
    expect(JSON.stringify(spans())).not.toContain('canary')
  })

  test('a poll that fails says so by its code, not in the words of a server', async () => {
    await using box = await startMailbox([])
    const env = { ...box.env(), MAILBOX_TEST_PASSWORD: 'canary', DATABASE_URL: await createDatabase() }
    await using worker = await openWorker(env)
    await createPollOnce(worker.app, worker.queue)(worker.mailbox, never)
    expect(spans()).toMatchObject([
      {
        name: 'poll',
        attributes: { 'mailchute.error': 'source/credentials-refused' },
        status: { code: SpanStatusCode.ERROR, message: 'source/credentials-refused' },
      },
    ])
    expect(JSON.stringify(spans())).not.toContain('canary')
  })

  test('a request is one by the pattern of its route', async () => {
    await using box = await startMailbox([])
    await using worker = await openWorker({ ...box.env(), DATABASE_URL: await createDatabase() })
    const { store } = worker.app
    const { queue } = worker
    const parsePool = createParsePool({ threads: 1 })
    const served = await startConsole(
      {
        ...{ store, mailboxes: [], tokens: null, parsePool, queue },
        ...{ wake: queue.wake, requestPoll: queue.requestPoll, now: () => new Date() },
      },
      { host: '127.0.0.1', port: 0 },
    )
    await fetch(`http://127.0.0.1:${served.port}/livez?q=canary`)
    await served.close()
    await parsePool.close()
    expect(spans()).toMatchObject([
      {
        name: 'http',
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/livez',
          'http.response.status_code': 200,
        },
      },
    ])
    expect(JSON.stringify(spans())).not.toContain('canary')
  })
})
