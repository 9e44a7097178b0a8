import { describe, expect, test } from 'vitest'
import {
  endless,
  existing,
  expectFailure,
  first,
  ignore,
  MAIL,
  open,
  PIPELINING,
  serve,
} from '../../support/hostile.ts'
import type { Peer } from '../../support/scripted-server.ts'

describe('a lie about sizes', () => {
  test.each(['0', '1', '999999', '-5', 'many', '99999999999999999999999', ''])('%j does no harm', async (size) => {
    const script = { messages: [MAIL], answers: { LIST: () => `+OK\r\n1 ${size}\r\n7 12\r\nnonsense\r\n.\r\n` } }
    await using server = await serve(script)
    await using session = await open(server, { maxMessageBytes: Number.MAX_SAFE_INTEGER })
    const message = first(await session.list())
    expect(Number.isSafeInteger(message.sizeBytes)).toBe(true)
    expect((await session.retrieve(message, ignore)).sizeBytes).toBe(MAIL.length)
  })

  test('a message listed as too large is not asked for, and the session goes on', async () => {
    const script = { messages: [MAIL, MAIL], answers: { LIST: () => '+OK\r\n1 2000000\r\n2 10\r\n.\r\n' } }
    await using server = await serve(script)
    await using session = await open(server)
    const [large, small] = await session.list()
    await expectFailure(session.retrieve(existing(large), ignore), 'source/message-too-large')
    expect((await session.retrieve(existing(small), ignore)).sizeBytes).toBe(MAIL.length)
    expect(server.lines).not.toContain('RETR 1')
  })

  test('a message of 200 MB that was listed as small is dropped at the limit; the others are not blamed', async () => {
    let sentOctets = 0
    const script = {
      capabilities: PIPELINING,
      messages: [MAIL, MAIL],
      answers: {
        RETR: async (peer: Peer) => {
          await peer.send('+OK\r\n')
          const part = Buffer.alloc(65_536, 'x')
          for (; sentOctets < 200_000_000 && !peer.socket.destroyed; sentOctets += part.length) await peer.send(part)
          return '\r\n.\r\n'
        },
      },
    }
    await using server = await serve(script)
    await using session = await open(server)
    const [large, other] = await session.list()
    let received = 0
    const dropped = session.retrieve(existing(large), (octets) => {
      received += octets.length
      return undefined
    })
    const behind = session.retrieve(existing(other), ignore)
    await expectFailure(dropped, 'source/message-too-large')
    await expectFailure(behind, 'source/connection-lost')
    await expectFailure(session.list(), 'source/connection-lost')
    expect(received).toBeLessThanOrEqual(1_000_000)
    expect(sentOctets).toBeLessThan(50_000_000)
  })

  test('a header without an end is dropped at the limit as well', async () => {
    await using server = await serve({
      messages: [MAIL],
      answers: { TOP: (peer) => endless(peer, 'x'.repeat(60_000)) },
    })
    await using session = await open(server)
    await expectFailure(session.headerDigest(first(await session.list())), 'source/message-too-large')
  })

  test('a message without octets is an error of its own', async () => {
    await using server = await serve({ messages: [Buffer.alloc(0), MAIL] })
    await using session = await open(server)
    const [empty, other] = await session.list()
    await expectFailure(session.retrieve(existing(empty), ignore), 'source/message-empty')
    expect((await session.retrieve(existing(other), ignore)).sizeBytes).toBe(MAIL.length)
  })
})
