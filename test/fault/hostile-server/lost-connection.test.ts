import { describe, expect, test } from 'vitest'
import { pop3 } from '../../../src/source/pop3/session.ts'
import {
  existing,
  expectFailure,
  first,
  flushed,
  ignore,
  MAIL,
  open,
  PIPELINING,
  serve,
} from '../../support/hostile.ts'
import { mailboxAt, type Script, speakPop3 } from '../../support/scripted-pop3.ts'
import { type Peer, scriptedServer } from '../../support/scripted-server.ts'

describe('a connection that ends', () => {
  test.each<[string, (peer: Peer) => void]>([
    ['by RST', (peer) => peer.reset()],
    ['by FIN', (peer) => peer.end()],
  ])('%s in RETR is an error for all that waits and all that comes', async (_, end) => {
    const script = {
      capabilities: PIPELINING,
      messages: [MAIL, MAIL],
      answers: {
        RETR: async (peer: Peer) => {
          await peer.send('+OK\r\nSubject: half')
          end(peer)
          return undefined
        },
      },
    }
    await using server = await serve(script)
    await using session = await open(server)
    const [one, two] = await session.list()
    const outcomes = [session.retrieve(existing(one), ignore), session.retrieve(existing(two), ignore)]
    const errors = await Promise.all(outcomes.map((outcome) => expectFailure(outcome, 'source/connection-lost')))
    expect(await expectFailure(session.markDeleted(existing(one)), 'source/connection-lost')).toBe(errors[0])
    expect(await expectFailure(session.commit(), 'source/connection-lost')).toBe(errors[0])
    expect(server.connections).toBe(1)
  })

  test.each(['', '+OK'])('behind a greeting of %j', async (greeting) => {
    await using server = await scriptedServer(async (peer) => {
      if (greeting !== '') await peer.send(greeting)
      peer.end()
    })
    await expectFailure(open(server), 'source/connection-lost')
  })

  test('harms nobody who has not looked at all of the outcomes yet', async () => {
    const reset = (peer: Peer) => {
      peer.reset()
      return undefined
    }
    await using server = await serve({ capabilities: PIPELINING, messages: [MAIL, MAIL], answers: { RETR: reset } })
    await using session = await open(server)
    const [one, later] = (await session.list()).map((message) => session.retrieve(message, ignore))
    await expectFailure(existing(one), 'source/connection-lost')
    await flushed()
    await expectFailure(existing(later), 'source/connection-lost')
  })

  test('by RST behind the answer to QUIT is no matter any more', async () => {
    const farewell = async (peer: Peer) => {
      await peer.send('+OK\r\n')
      peer.reset()
      return undefined
    }
    await using server = await serve({ answers: { QUIT: farewell } })
    await using session = await open(server)
    await expect(session.commit()).resolves.toBeUndefined()
    await flushed()
  })

  test('at QUIT leaves the outcome open: commit rejects', async () => {
    await using server = await serve({ answers: { QUIT: () => undefined } })
    await using session = await open(server)
    await expectFailure(session.commit(), 'source/connection-lost')
  })

  test('while nothing is asked is the answer to the next call', async () => {
    await using server = await serve({
      messages: [MAIL],
      answers: {
        LIST: async (peer) => {
          await peer.send('+OK\r\n1 10\r\n.\r\n')
          peer.end()
          return undefined
        },
      },
    })
    await using session = await open(server)
    const message = first(await session.list())
    await expectFailure(session.retrieve(message, ignore), 'source/connection-lost')
  })

  test('cannot be made where nobody listens', async () => {
    const server = await serve({})
    await server[Symbol.asyncDispose]()
    await expectFailure(open(server), 'source/unreachable')
  })

  test('is dropped without QUIT by dispose', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using server = await scriptedServer(async (peer) => {
      peer.gone.then(resolve)
      await speakPop3(peer, { messages: [MAIL] })
    })
    {
      await using session = await open(server)
      await session.markDeleted(first(await session.list()))
    }
    await promise
    expect(server.lines).toContain('DELE 1')
    expect(server.lines).not.toContain('QUIT')
  })

  test('is given up at once when the session is called off', async () => {
    await using server = await serve({ messages: [MAIL], answers: { RETR: () => undefined } })
    const controller = new AbortController()
    await using session = await pop3(mailboxAt(server.port))(controller.signal)
    const pending = session.retrieve(first(await session.list()), ignore)
    controller.abort()
    await expectFailure(pending, 'source/connection-lost')
  })

  test.each<[string, Script]>([
    ['before its greeting', { greeting: '' }],
    ['in its login', { answers: { PASS: () => undefined } }],
  ])('is given up at once when it is called off %s', async (_, script) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using server = await scriptedServer(async (peer) => {
      if (script.greeting === '') resolve()
      await speakPop3(peer, {
        ...script,
        answers: {
          PASS: () => {
            resolve()
            return undefined
          },
        },
      })
    })
    const controller = new AbortController()
    const opening = pop3(mailboxAt(server.port))(controller.signal)
    await promise
    controller.abort(new Error('shutdown'))
    await expectFailure(opening, 'source/connection-lost')
    await expectFailure(pop3(mailboxAt(server.port))(controller.signal), 'source/connection-lost')
  })
})
