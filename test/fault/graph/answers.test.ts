import { describe, expect, test } from 'vitest'

import { deliverMail, GRAPH_TOKEN, GRAPH_USER, IMPATIENT_GRAPH, SHORT_GRAPH } from '../../support/graph-account.ts'
import { openGraph } from '../../support/graph-bench.ts'
import type { Misdeed } from '../../support/graph-misdeeds.ts'
import { type GraphServer, startGraph } from '../../support/graph-server.ts'
import { expectFailure, first, ignore } from '../../support/hostile.ts'
import { mail } from '../../support/mails.ts'
import { scriptedServer } from '../../support/scripted-server.ts'

const MAIL = mail({ id: 'a', sizeBytes: 30_000 })

async function serve(mails = [MAIL]): Promise<GraphServer> {
  const server = await startGraph()
  const mailbox = server.mailbox(GRAPH_USER)
  for (const octets of mails) deliverMail(mailbox, octets)
  return server
}

const refuse = (status: number, code: string, headers = {}): Misdeed => ({ kind: 'refuse', status, code, headers })

describe("Microsoft's errors while logging in", () => {
  test.each<[number, string, string, RegExp]>([
    [401, 'InvalidAuthenticationToken', 'source/credentials-refused', /./],
    [403, 'ErrorAccessDenied', 'source/server-refused', /Mail\.ReadWrite.*RBAC for Applications.*hour/],
    [404, 'ErrorInvalidUser', 'source/server-refused', /address.*mailbox/],
    [404, 'MailboxNotEnabledForRESTAPI', 'source/server-refused', /licence.*on premises/],
    [400, 'BadRequest', 'source/server-refused', /./],
    [500, 'ErrorInternalServerError', 'source/server-busy', /./],
    [302, 'Found', 'source/protocol-violation', /endpoint/],
  ])('%i %s', async (status, code, expected, hint) => {
    await using server = await serve()
    server.misbehave(() => refuse(status, code, { location: 'https://graph.contoso.example/' }))
    const error = await expectFailure(openGraph(server.endpoint), expected)
    expect(error.hint).toMatch(hint)
    expect(error.message).toContain(code)
  })

  test('of a token that runs out later are no proof of wrong credentials', async () => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint)
    server.misbehave(() => refuse(401, 'InvalidAuthenticationToken'))
    await expectFailure(session.list(), 'source/token-refused')
    await expectFailure(session.commit(), 'source/token-refused')
  })

  test('never show the token, though the server repeats it (I9)', async () => {
    await using server = await serve()
    const text = JSON.stringify({ error: { code: 'Odd', message: `unknown: Bearer ${GRAPH_TOKEN}, and so on` } })
    server.misbehave(() => ({ kind: 'say', status: 403, text }))
    const error = await expectFailure(openGraph(server.endpoint), 'source/server-refused')
    expect(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(GRAPH_TOKEN.slice(0, 12))
  })
})

describe('what is no answer of Graph', () => {
  test('another protocol, which nobody has asked for (RFC 9110 section 15.2.2)', async () => {
    await using server = await scriptedServer(async (peer) => {
      while ((await peer.line()) !== '');
      await peer.send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
      await peer.gone
    })
    await expectFailure(openGraph(`http://127.0.0.1:${server.port}/v1.0`), 'source/connection-lost')
  })

  test.each<[string, Misdeed]>([
    ['a page of a proxy', { kind: 'say', text: '<html>Please log in</html>' }],
    ['no text at all', { kind: 'say', text: '' }],
    ['JSON of another form', { kind: 'say', text: '{"value": {}}' }],
    ['a list with a message without an id', { kind: 'say', text: '{"value": [{}], "@odata.deltaLink": "x"}' }],
    ['a list with an id that is none', { kind: 'say', text: '{"value": [{"id": "a b"}], "@odata.deltaLink": "x"}' }],
    ['a list that says neither that it ends nor how it goes on', { kind: 'say', text: '{"value": []}' }],
    ['an encoded answer that was not asked for', { kind: 'say', text: '{}', headers: { 'content-encoding': 'gzip' } }],
    ['endless JSON', { kind: 'say', text: endless('{"value": [') }],
  ])('as a list: %s', async (_, misdeed) => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint)
    server.misbehave(() => misdeed)
    await expectFailure(session.list(), 'source/protocol-violation')
  })

  test('a list that never ends', async () => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint, {}, { listPages: 20 })
    const text = JSON.stringify({
      value: [],
      '@odata.nextLink': `${server.endpoint}/users/x/mailFolders/inbox/messages/delta`,
    })
    server.misbehave(() => ({ kind: 'say', text }))
    await expectFailure(session.list(), 'source/protocol-violation')
  })

  test('a list that tells without end of messages that are gone', async () => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint, {}, { listPages: 20, listedMessages: 10 })
    let pages = 0
    server.misbehave(() => {
      pages += 1
      const value = Array.from({ length: 5 }, (_, index) => ({ id: `gone-${pages}-${index}`, '@removed': {} }))
      const next = `${server.endpoint}/users/x/mailFolders/inbox/messages/delta`
      return { kind: 'say', text: JSON.stringify({ value, '@odata.nextLink': next }) }
    })
    await expectFailure(session.list(), 'source/protocol-violation')
    expect(pages).toBe(3)
  })

  test('an endless error', async () => {
    await using server = await serve()
    server.misbehave(() => ({ kind: 'say', status: 403, text: endless('{"error": {"code": "') }))
    await expectFailure(openGraph(server.endpoint), 'source/server-refused')
  })

  test.each(['@odata.nextLink', '@odata.deltaLink'])(
    'an %s to another server, which never sees the token',
    async (name) => {
      await using server = await serve()
      await using other = await startGraph()
      await using session = await openGraph(server.endpoint)
      const text = JSON.stringify({ value: [], [name]: `${other.endpoint}/users/x/mailFolders/inbox/messages/delta` })
      server.misbehave(() => ({ kind: 'say', text }))
      await expectFailure(session.list(), 'source/protocol-violation')
      expect(other.asked).toEqual([])
    },
  )
})

function* endless(beginning: string): Generator<string> {
  yield beginning
  for (;;) yield ' '.repeat(1024 * 1024)
}

describe('a message counts as whole only by its own end mark', () => {
  test.each<[string, number, 'reset' | 'end' | 'stall']>([
    ['source/connection-lost', 0, 'reset'],
    ['source/connection-lost', 10_000, 'reset'],
    ['source/connection-lost', 10_000, 'end'],
    ['source/connection-lost', MAIL.length, 'end'],
    ['source/reply-timeout', 10_000, 'stall'],
    ['source/reply-timeout', MAIL.length, 'stall'],
  ])('%s after %i octets and %s', async (code, octets, how) => {
    await using server = await serve([MAIL, MAIL])
    await using session = await openGraph(server.endpoint, {}, how === 'stall' ? SHORT_GRAPH : IMPATIENT_GRAPH)
    const messages = await session.list()
    server.misbehave(({ verb }) => (verb === 'download' ? { kind: 'cut', octets, how } : undefined))
    await expectFailure(session.retrieve(first(messages), ignore), code)
    for (const message of messages) await expectFailure(session.markDeleted(message), code)
  })

  test.each([
    ['source/protocol-violation', 'HTTP/1.0 200 OK\r\n\r\nSubject: a\r\n\r\ntext\r\n'],
    ['source/connection-lost', 'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nSubject: a\r\n\r\ntext\r\n'],
    ['source/connection-lost', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nSubje\r\n'],
    ['source/protocol-violation', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd'],
    ['source/protocol-violation', '+OK POP3 ready\r\n'],
  ])('%s for %j', async (code, answer) => {
    const { endpoint, close } = await serveRaw(answer)
    const session = await openGraph(endpoint)
    await expectFailure(session.retrieve(first(await session.list()), ignore), code)
    await close()
  })

  test('of no octets it is none', async () => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint)
    const [message] = await session.list()
    server.misbehave(({ verb }) => (verb === 'download' ? { kind: 'say', text: '' } : undefined))
    if (message !== undefined) await expectFailure(session.retrieve(message, ignore), 'source/message-empty')
  })
})

/** Answers sanely but to the download, to which it says this and hangs up. */
async function serveRaw(answer: string) {
  const server = await scriptedServer(async (peer) => {
    for (let line = await peer.line(); line !== null; line = await peer.line()) {
      if (!line.startsWith('GET ')) continue
      if (line.includes('$value')) {
        await peer.send(answer)
        return peer.end()
      }
      const link = `http://127.0.0.1:${peer.socket.localPort}/v1.0/delta`
      const value = [{ id: 'AAkA', internetMessageId: '<a@example.com>', receivedDateTime: '2026-11-02T09:00:00Z' }]
      const body = JSON.stringify(line.includes('delta') ? { value, '@odata.deltaLink': link } : { id: 'inbox' })
      await peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    }
  })
  return { endpoint: `http://127.0.0.1:${server.port}/v1.0`, close: () => server[Symbol.asyncDispose]() }
}
