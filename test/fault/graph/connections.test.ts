import { describe, expect, test } from 'vitest'

import { MailchuteError } from '../../../src/errors.ts'
import { graph } from '../../../src/source/graph/session.ts'
import { deliverMail, GRAPH_USER, graphAccount, IMPATIENT_GRAPH, SHORT_GRAPH } from '../../support/graph-account.ts'
import { openGraph } from '../../support/graph-bench.ts'
import { type GraphServer, type Misbehave, startGraph } from '../../support/graph-server.ts'
import { expectFailure, first, ignore } from '../../support/hostile.ts'
import { mail } from '../../support/mails.ts'

const MAILS = ['a', 'b', 'c'].map((id) => mail({ id }))

async function serve(): Promise<GraphServer> {
  const server = await startGraph()
  for (const octets of MAILS) deliverMail(server.mailbox(GRAPH_USER), octets)
  return server
}

const inboxOf = (server: GraphServer) => server.mailbox(GRAPH_USER).inFolder('inbox').length
const throttled = (retryAfter: string, status = 429) =>
  ({ kind: 'refuse', status, code: 'ApplicationThrottled', headers: { 'retry-after': retryAfter } }) as const

describe('a server that stalls', () => {
  test('at login', async () => {
    await using server = await serve()
    server.misbehave(() => ({ kind: 'stall' }))
    await expectFailure(openGraph(server.endpoint, {}, SHORT_GRAPH), 'source/reply-timeout')
  })

  test.each(['list', 'download', 'delete'])('at %s', async (stalled) => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint, {}, SHORT_GRAPH)
    server.misbehave(({ verb }) => (verb === stalled ? { kind: 'stall' } : undefined))
    const outcome = session.list().then(async ([message]) => {
      if (message === undefined) throw new Error('nothing is listed')
      await session.retrieve(message, ignore)
      await session.markDeleted(message)
      await session.commit()
    })
    await expectFailure(outcome, 'source/reply-timeout')
  })
})

describe('a server that hangs up', () => {
  test('at login, each time', async () => {
    await using server = await serve()
    server.misbehave(() => ({ kind: 'reset', effect: false }))
    await expectFailure(openGraph(server.endpoint), 'source/connection-lost')
  })

  test('is not reached at all', async () => {
    const server = await serve()
    await server[Symbol.asyncDispose]()
    await expectFailure(openGraph(server.endpoint), 'source/unreachable')
  })

  test('on a connection that was kept, is asked anew over another', async () => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint)
    server.misbehave(({ verb, nth }) => (verb === 'list' && nth === 1 ? { kind: 'reset', effect: false } : undefined))
    expect(await session.list()).toHaveLength(3)
  })

  test('for good in commit fails it, and whatever was removed is removed', async () => {
    await using server = await serve()
    const session = await openGraph(server.endpoint)
    for (const message of await session.list()) await session.markDeleted(message)
    server.misbehave(({ verb }) => (verb === 'delete' ? { kind: 'reset', effect: true } : undefined))
    await expectFailure(session.commit(), 'source/connection-lost')
    expect(inboxOf(server)).toBe(0)
    await expectFailure(session.commit(), 'source/connection-lost')
  })

  test('after a removal is not asked to remove it again: from Deleted Items it would be gone for good', async () => {
    await using server = await serve()
    const session = await openGraph(server.endpoint)
    for (const message of await session.list()) await session.markDeleted(message)
    server.misbehave(({ verb, nth }) => (verb === 'delete' && nth === 1 ? { kind: 'reset', effect: true } : undefined))
    await expectFailure(session.commit(), 'source/connection-lost')
    expect(server.mailbox(GRAPH_USER).inFolder('deleteditems')).toHaveLength(3 - inboxOf(server))
  })

  test('is no matter where somebody else was quicker: but the list is doubtful then, and its cursor given up', async () => {
    await using server = await serve()
    const session = await openGraph(server.endpoint)
    for (const message of await session.list()) await session.markDeleted(message)
    const [quick] = server.mailbox(GRAPH_USER).inFolder('inbox')
    if (quick !== undefined) server.mailbox(GRAPH_USER).remove(quick)
    expect(session.cursor).not.toBeNull()
    await session.commit()
    expect(session.cursor).toBeNull()
    expect(server.mailbox(GRAPH_USER).inFolder('deleteditems')).toHaveLength(3)
  })
})

describe('a server that is busy', () => {
  test.each([429, 503, 504, 509])('for a moment (%i, Retry-After) is waited for', async (status) => {
    await using server = await serve()
    const everyThird: Misbehave = () => (server.asked.length % 3 === 0 ? throttled('0', status) : undefined)
    server.misbehave(everyThird)
    await using session = await openGraph(server.endpoint)
    const messages = await session.list()
    for (const message of messages) await session.retrieve(message, ignore)
    expect(messages).toHaveLength(3)
  })

  test('for longer than a session waits, is left alone for as long as it asks', async () => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint)
    const messages = await session.list()
    server.misbehave(({ verb }) => (verb === 'download' ? throttled('1800') : undefined))
    const error = await expectFailure(session.retrieve(first(messages), ignore), 'source/server-busy')
    expect(error.context).toMatchObject({ retryAfterSeconds: 1800 })
    server.misbehave()
    await session.retrieve(first(messages), ignore)
  })

  test('for ever, is not waited for for ever', async () => {
    await using server = await serve()
    server.misbehave(() => throttled('0'))
    await expectFailure(openGraph(server.endpoint), 'source/server-busy')
    server.misbehave(() => ({ kind: 'refuse', status: 503, code: 'ServiceUnavailable' }))
    await expectFailure(openGraph(server.endpoint), 'source/server-busy')
  })

  test('is not waited for any more when the session is called off', async () => {
    await using server = await serve()
    const controller = new AbortController()
    const connecting = graph(graphAccount(server.endpoint), { ...IMPATIENT_GRAPH, throttledMs: 600_000 })(
      controller.signal,
    )
    server.misbehave(() => throttled('300'))
    server.onAsked(() => setImmediate(() => controller.abort(new MailchuteError('runtime/shutting-down', 'enough'))))
    await expectFailure(connecting, 'runtime/shutting-down')
  })
})

describe('one message of its own trouble', () => {
  test.each([
    ['source/message-refused', 404, 'ErrorItemNotFound'],
    ['source/message-refused', 500, 'ErrorMimeContentConversionFailed'],
    ['source/message-refused', 400, 'ErrorInvalidIdMalformed'],
  ])('%s for %i %s leaves the session to the others', async (expected, status, code) => {
    await using server = await serve()
    await using session = await openGraph(server.endpoint)
    const messages = await session.list()
    server.misbehave(({ verb, nth }) =>
      verb === 'download' && nth === 1 ? { kind: 'refuse', status, code } : undefined,
    )
    await expectFailure(session.retrieve(first(messages), ignore), expected)
    for (const message of messages) await session.retrieve(message, ignore)
    expect(session.cursor === null).toBe(status === 404)
  })

  test('which is too large is given up midway, and the session goes on', async () => {
    await using server = await serve()
    deliverMail(server.mailbox(GRAPH_USER), mail({ id: 'large', sizeBytes: 2_000_000 }))
    await using session = await openGraph(server.endpoint, { maxMessageBytes: 100_000 })
    const messages = await session.list()
    const outcomes = await Promise.allSettled(messages.map((message) => session.retrieve(message, ignore)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
    expect(outcomes[3]).toMatchObject({ reason: { code: 'source/message-too-large' } })
    await session.retrieve(first(messages), ignore)
  })

  test('that cannot be removed is told in the end, and the others are removed', async () => {
    await using server = await serve()
    const session = await openGraph(server.endpoint)
    for (const message of await session.list()) await session.markDeleted(message)
    server.misbehave(({ verb, nth }) =>
      verb === 'delete' && nth === 1 ? { kind: 'refuse', status: 409, code: 'ErrorIrresolvableConflict' } : undefined,
    )
    await expectFailure(session.commit(), 'source/message-refused')
    expect(inboxOf(server)).toBe(1)
  })
})

test('a sink that fails ends the session with its own error, and the other calls with theirs', async () => {
  await using server = await serve()
  await using session = await openGraph(server.endpoint)
  const messages = await session.list()
  const full = new MailchuteError('store/disk-full', 'no room')
  await expectFailure(
    session.retrieve(first(messages), () => Promise.reject(full)),
    'store/disk-full',
  )
  await expectFailure(session.retrieve(first(messages), ignore), 'source/connection-lost')
})
