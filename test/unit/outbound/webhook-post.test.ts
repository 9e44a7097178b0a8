import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MailchuteError } from '../../../src/errors.ts'
import { type PostOptions, post, type Resolve } from '../../../src/outbound/webhooks/post.ts'
import { answer, type Receiver, startReceiver } from '../../support/webhook-receiver.ts'

const never = new AbortController().signal
let receiver: Receiver

beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver[Symbol.asyncDispose]())

async function failure(url: string, options: PostOptions = {}, mayBePrivate = false): Promise<MailchuteError> {
  const error = await post({ url, mayBePrivate, headers: {}, body: '{}' }, never, options).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof MailchuteError)) throw new Error('it did not fail as ours do', { cause: error })
  // I9: many URLs are secrets.
  expect(`${error.message} ${JSON.stringify(error.context)}`).not.toContain('canary')
  return error
}

const resolving = (...addresses: readonly string[]): Resolve & { readonly asked: string[] } => {
  const asked: string[] = []
  const resolve = async (host: string) => {
    asked.push(host)
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  return Object.assign(resolve, { asked })
}

describe('what a receiver answers', () => {
  test.each([200, 201, 202, 204, 299])('%i is taken', async (status) => {
    receiver.behave = answer(status)
    await post({ url: receiver.url, mayBePrivate: false, headers: { 'x-test': 'yes' }, body: '{}' }, never)
    expect(receiver.received).toMatchObject([{ headers: { 'x-test': 'yes', 'content-length': '2' } }])
  })

  test.each([300, 304, 400, 401, 404, 408, 422, 500, 502, 503])('%i is refused', async (status) => {
    receiver.behave = answer(status)
    expect(await failure(receiver.url)).toMatchObject({ code: 'webhook/refused', context: { status } })
  })

  test('a redirect is not followed', async () => {
    const other = await startReceiver()
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.behave = answer(status, { location: other.url })
      expect(await failure(receiver.url)).toMatchObject({ code: 'webhook/refused', context: { status } })
    }
    expect(other.received).toEqual([])
    await other[Symbol.asyncDispose]()
  })

  test('410 means gone for good', async () => {
    receiver.behave = answer(410)
    expect(await failure(receiver.url)).toMatchObject({ code: 'webhook/gone' })
  })

  test.each([
    ['120', 120],
    ['999999999', 86_400],
    ['-5', undefined],
    ['soon', undefined],
    ['Fri, 01 Jan 1999 00:00:00 GMT', undefined],
    ['Fri, 01 Jan 2999 00:00:00 GMT', 86_400],
  ])('Retry-After: %s is heeded as %s seconds (RFC 9110 section 10.2.3)', async (value, seconds) => {
    receiver.behave = answer(429, { 'retry-after': value })
    expect((await failure(receiver.url)).context['retryAfterSeconds']).toBe(seconds)
  })
})

describe('a receiver that is not well', () => {
  test('hangs: out of time', async () => {
    receiver.behave = () => undefined
    expect(await failure(receiver.url, { timeoutMilliseconds: 100 })).toMatchObject({ code: 'webhook/timeout' })
  })

  test('closes without an answer', async () => {
    receiver.behave = (request) => void request.socket.destroy()
    expect(await failure(receiver.url)).toMatchObject({ code: 'webhook/unreachable' })
  })

  test.each([
    ['101 with another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['headers without an end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n'],
  ])('answers with %s', async (_, octets) => {
    receiver.behave = (request) => void request.socket.write(octets)
    expect(await failure(receiver.url)).toMatchObject({ code: 'webhook/unreachable' })
  })

  test('does not listen', async () => {
    const gone = await startReceiver()
    await gone[Symbol.asyncDispose]()
    expect(await failure(gone.url)).toMatchObject({ code: 'webhook/unreachable' })
  })

  test('does not speak TLS', async () => {
    const url = `https://127.0.0.1:${receiver.port}/canary`
    expect(await failure(url, { resolve: resolving('127.0.0.1') }, true)).toMatchObject({ code: 'webhook/unreachable' })
  })

  test('answers without an end: its status counts, the rest is not read', async () => {
    let written = 0
    receiver.behave = (_, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && written < 64 * 1024 * 1024) {
          written += 65_536
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more)
        }
      }
      more()
    }
    await post({ url: receiver.url, mayBePrivate: false, headers: {}, body: '{}' }, never)
    expect(written).toBeLessThan(32 * 1024 * 1024)
  })
})

describe('a name that leads into the house (SSRF)', () => {
  test.each([
    ['https://hook.example/canary', ['10.0.0.1']],
    ['https://hook.example/canary', ['169.254.169.254']],
    ['https://hook.example/canary', ['::ffff:127.0.0.1']],
    ['https://hook.example/canary', ['8.8.8.8', '192.168.0.1']],
    ['https://hook.example/canary', ['fd00::1', '2606:4700::1111']],
    ['https://hook.example/canary', []],
    ['http://localhost/canary', ['10.0.0.1']],
    ['http://localhost/canary', ['8.8.8.8']],
  ])('%s as %s is refused', async (url, addresses) => {
    expect(await failure(url, { resolve: resolving(...addresses) })).toMatchObject({ code: 'webhook/address-refused' })
  })

  test.each([
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
  ])('https://%s is refused, and nobody is asked for it', async (host) => {
    const resolve = resolving('127.0.0.1')
    const url = `https://${host}:${receiver.port}/canary`
    expect(await failure(url, { resolve })).toMatchObject({ code: 'webhook/address-refused' })
    expect([resolve.asked, receiver.received]).toEqual([[], []])
  })

  test('is asked for once: what was checked is what is connected to (DNS rebinding)', async () => {
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    const resolve: Resolve = async () => (answers.shift() ?? []).map((address) => ({ address, family: 4 }))
    const url = receiver.url.replace('127.0.0.1', 'localhost')
    await post({ url, mayBePrivate: false, headers: {}, body: '{}' }, never, { resolve })
    expect([receiver.received.length, answers.length]).toEqual([1, 1])
    expect(receiver.received[0]?.headers.host).toBe(`localhost:${receiver.port}`)
  })

  test('that nobody knows is not reached', async () => {
    const resolve: Resolve = async () => {
      throw Object.assign(new Error('getaddrinfo canary'), { code: 'ENOTFOUND' })
    }
    expect(await failure('https://hook.example/canary', { resolve })).toMatchObject({ code: 'webhook/unreachable' })
  })

  test('may be private where the operator says so, and metadata never', async () => {
    const url = `https://hook.example:${receiver.port}/canary`
    const privately = await failure(url, { resolve: resolving('127.0.0.1') }, true)
    expect(privately.code).toBe('webhook/unreachable')
    const metadata = await failure(url, { resolve: resolving('169.254.169.254') }, true)
    expect(metadata.code).toBe('webhook/address-refused')
  })
})
