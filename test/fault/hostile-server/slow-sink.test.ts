import { describe, expect, test } from 'vitest'
import { MailchuteError } from '../../../src/errors.ts'
import {
  delayed,
  existing,
  expectFailure,
  first,
  flushed,
  ignore,
  MAIL,
  open,
  PIPELINING,
  SHORT,
  serve,
} from '../../support/hostile.ts'
import type { Peer } from '../../support/scripted-server.ts'

describe('time that the sink takes', () => {
  test('is not held against the server', async () => {
    await using server = await serve({ messages: [MAIL, MAIL], capabilities: PIPELINING })
    await using session = await open(server, {}, { ...SHORT, replyGraceMs: 1_000 })
    const [one, two] = await session.list()
    const outcomes = await Promise.all([
      session.retrieve(existing(one), () => delayed(2_500)),
      session.retrieve(existing(two), () => delayed(2_500)),
    ])
    expect(outcomes.map(({ sizeBytes }) => sizeBytes)).toEqual([MAIL.length, MAIL.length])
  })

  test('makes the server wait: nothing is read meanwhile', async () => {
    let sentOctets = 0
    const script = {
      messages: [MAIL],
      answers: {
        RETR: async (peer: Peer) => {
          await peer.send('+OK\r\n')
          for (; sentOctets < 90_000_000; sentOctets += 65_536) await peer.send(Buffer.alloc(65_536, 'x'))
          return '\r\n.\r\n'
        },
      },
    }
    await using server = await serve(script)
    await using session = await open(server, { maxMessageBytes: 100_000_000 })
    const held = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const retrieved = session.retrieve(first(await session.list()), () => {
      started.resolve()
      return held.promise
    })
    await started.promise
    // Until the server cannot get rid of anything more.
    for (let before = -1; before < sentOctets; ) {
      before = sentOctets
      for (let turn = 0; turn < 100; turn += 1) await flushed()
    }
    expect(sentOctets).toBeLessThan(20_000_000)
    held.resolve()
    expect((await retrieved).sizeBytes).toBeGreaterThan(90_000_000)
  })

  test('ends the session when the sink fails, and blames no other message', async () => {
    await using server = await serve({ messages: [MAIL, MAIL], capabilities: PIPELINING })
    await using session = await open(server)
    const [one, two] = await session.list()
    const full = new MailchuteError('store/write-refused', 'no')
    const failing = session.retrieve(existing(one), () => Promise.reject(full))
    const behind = session.retrieve(existing(two), ignore)
    await expect(failing).rejects.toBe(full)
    await expectFailure(behind, 'source/connection-lost')
  })

  test('ends the session when the sink throws', async () => {
    await using server = await serve({ messages: [MAIL] })
    await using session = await open(server)
    const broken = () => {
      throw new MailchuteError('store/disk-full', 'no')
    }
    await expectFailure(session.retrieve(first(await session.list()), broken), 'store/disk-full')
  })
})
