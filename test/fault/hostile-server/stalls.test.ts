import { describe, expect, test } from 'vitest'
import type { Account } from '../../../src/config.ts'
import {
  delayed,
  existing,
  expectFailure,
  first,
  flushed,
  ignore,
  MAIL,
  open,
  SHORT,
  serve,
} from '../../support/hostile.ts'
import type { Script } from '../../support/scripted-pop3.ts'
import { type Peer, type ScriptedServer, scriptedServer } from '../../support/scripted-server.ts'

const openShort = (server: ScriptedServer, settings: Partial<Account> = {}) => open(server, settings, SHORT)

describe.concurrent('a server that stalls', () => {
  test.each<[string, Script]>([
    ['before its greeting', { greeting: '' }],
    ['midway in its greeting', { greeting: '+OK' }],
    ['at CAPA', { answers: { CAPA: () => undefined } }],
    ['midway in CAPA', { answers: { CAPA: () => '+OK\r\nUSER\r\n.' } }],
    ['at USER', { answers: { USER: () => undefined } }],
    ['at PASS', { answers: { PASS: () => undefined } }],
  ])('%s', async (_, script) => {
    await using server = await serve(script)
    await expectFailure(openShort(server), 'source/reply-timeout')
  })

  test.each<[string, Script]>([
    ['at UIDL', { answers: { UIDL: () => undefined } }],
    ['midway in UIDL', { answers: { UIDL: () => '+OK\r\n1 a\r\n' } }],
    ['at LIST', { answers: { LIST: () => undefined } }],
  ])('%s', async (_, script) => {
    await using server = await serve({ messages: [MAIL], ...script })
    await using session = await openShort(server)
    await expectFailure(session.list(), 'source/reply-timeout')
    await expectFailure(session.commit(), 'source/reply-timeout')
  })

  test.each(['', '+OK', '+OK\r\n', '+OK\r\nSubject: a\r\n\r\ntext', '+OK\r\ntext\r\n', '+OK\r\ntext\r\n.\r'])(
    'in RETR behind %j',
    async (beginning) => {
      await using server = await serve({ messages: [MAIL, MAIL], answers: { RETR: () => beginning || undefined } })
      await using session = await openShort(server)
      const [one, two] = await session.list()
      const outcomes = [session.retrieve(existing(one), ignore), session.retrieve(existing(two), ignore)]
      for (const outcome of outcomes) await expectFailure(outcome, 'source/reply-timeout')
      await expectFailure(session.headerDigest(existing(two)), 'source/reply-timeout')
    },
  )

  test('by sending one octet after the other, each in time', async () => {
    const drip = async (peer: Peer) => {
      await peer.send('+OK\r\n')
      while (!peer.socket.destroyed) {
        await peer.send('x')
        await delayed(100)
      }
      return undefined
    }
    await using server = await serve({ messages: [MAIL], answers: { RETR: drip } })
    await using session = await openShort(server)
    await expectFailure(session.retrieve(first(await session.list()), ignore), 'source/reply-timeout')
  })

  test('between two octets, however much time the whole reply has', async () => {
    await using server = await serve({ messages: [MAIL], answers: { RETR: () => '+OK\r\nhalf' } })
    await using session = await open(server, {}, { ...SHORT, replyGraceMs: 60_000 })
    await expectFailure(session.retrieve(first(await session.list()), ignore), 'source/reply-timeout')
  })

  test('at QUIT', async () => {
    const mute = async (peer: Peer) => {
      await peer.gone
      return undefined
    }
    await using server = await serve({ answers: { QUIT: mute } })
    await using session = await openShort(server)
    await expectFailure(session.commit(), 'source/reply-timeout')
  })

  test('for longer than a whole session may take', async () => {
    await using server = await serve({ messages: [MAIL] })
    await using session = await open(server, {}, { sessionMs: 1_000 })
    const message = first(await session.list())
    await expectFailure(
      session.retrieve(message, () => new Promise(() => {})),
      'source/reply-timeout',
    )
  })

  test('in TLS', async () => {
    await using server = await scriptedServer((peer) => peer.gone)
    await expectFailure(openShort(server, { security: 'tls' }), 'source/reply-timeout')
  })
})

describe('a server that is quick', () => {
  test('is not blamed for the time that this process stood still: what came meanwhile came in time', async () => {
    const answerAndStandStill = async (peer: Peer) => {
      await peer.send('+OK\r\nSubject: a')
      await flushed()
      peer.socket.write('\r\n\r\ntext\r\n.\r\n')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500)
      return undefined
    }
    await using server = await serve({ messages: [MAIL], answers: { RETR: answerAndStandStill } })
    await using session = await openShort(server)
    const { sizeBytes } = await session.retrieve(first(await session.list()), ignore)
    expect(sizeBytes).toBe('Subject: a\r\n\r\ntext\r\n'.length)
  })
})
