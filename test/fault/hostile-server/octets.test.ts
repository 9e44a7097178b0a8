import { describe, expect, test } from 'vitest'
import { first, flushed, ignore, MAIL, open, PIPELINING, serve, sha256 } from '../../support/hostile.ts'
import { speakPop3, stuffed } from '../../support/scripted-pop3.ts'
import { type Peer, scriptedServer } from '../../support/scripted-server.ts'

describe('octets', () => {
  test('arrive whole wherever a segment of the reply ends, the end mark included', async () => {
    const wire = Buffer.concat([Buffer.from('+OK\r\n'), stuffed(MAIL)])
    let cut = 0
    const script = {
      messages: Array.from({ length: wire.length + 1 }, () => MAIL),
      answers: {
        RETR: async (peer: Peer) => {
          await peer.send(wire.subarray(0, cut))
          await flushed()
          cut += 1
          return wire.subarray(cut - 1)
        },
      },
    }
    await using server = await serve(script)
    await using session = await open(server)
    for (const message of await session.list()) {
      expect((await session.retrieve(message, ignore)).sha256).toBe(sha256(MAIL))
    }
    expect(cut).toBeGreaterThanOrEqual(wire.length)
  })

  test('arrive whole when each comes alone, and so do the replies around them', async () => {
    await using server = await scriptedServer((peer) => {
      const send = peer.send
      const dripping = Object.assign(Object.create(peer), {
        send: async (octets: string | Buffer) => {
          for (const octet of Buffer.from(octets)) await send(Buffer.of(octet))
        },
      })
      return speakPop3(dripping, { capabilities: PIPELINING, messages: [MAIL, MAIL] })
    })
    await using session = await open(server)
    const outcomes = await Promise.all((await session.list()).map((message) => session.retrieve(message, ignore)))
    expect(outcomes.map(({ sha256: digest }) => digest)).toEqual([sha256(MAIL), sha256(MAIL)])
  })

  test('are kept as they are: NUL, bare CR, bare LF, 8 bit', async () => {
    const message = Buffer.from('\0\r\n\n.\n\r\r.\0\xff\xfe\r\n\r\n.\r\n', 'latin1')
    await using server = await serve({ messages: [message] })
    await using session = await open(server)
    const parts: Buffer[] = []
    await session.retrieve(first(await session.list()), (octets) => {
      parts.push(octets)
      return undefined
    })
    expect(Buffer.concat(parts)).toEqual(message)
  })
})
