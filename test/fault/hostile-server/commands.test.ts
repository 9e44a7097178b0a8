import { describe, expect, test } from 'vitest'
import { expectFailure, flushed, ignore, MAIL, open, PIPELINING, serve, withToken } from '../../support/hostile.ts'
import { stuffed } from '../../support/scripted-pop3.ts'
import type { Peer } from '../../support/scripted-server.ts'

describe('commands', () => {
  test('of which more than the window wait at once are never sent', async () => {
    const messages = Array.from({ length: 500 }, () => MAIL)
    const most = await mostAtOnce(PIPELINING, messages)
    expect(most).toBeGreaterThan(32)
    expect(most).toBeLessThanOrEqual(64)
  })

  test('go out one at a time without PIPELINING (RFC 2449 section 6.6)', async () => {
    expect(await mostAtOnce(['USER', 'UIDL'], [MAIL, MAIL, MAIL])).toBe(1)
    expect(await mostAtOnce(null, [MAIL, MAIL, MAIL])).toBe(1)
  })

  test.each(['a\r\nDELE 1', 'a\nb', 'a\0b'])('are not made of arguments like %j', async (argument) => {
    await using server = await serve({})
    await expectFailure(open(server, { user: argument }), 'config/invalid')
    await expectFailure(open(server, { credentials: { kind: 'password', password: argument } }), 'config/invalid')
    await expectFailure(open(server, withToken(argument)), 'config/invalid')
    expect(server.lines.filter((line) => line !== 'CAPA')).toEqual([])
  })
})

/** How many commands the server saw waiting at once, each answered only when no more come. */
async function mostAtOnce(capabilities: readonly string[] | null, messages: readonly Buffer[]): Promise<number> {
  let most = 0
  const answer = async (peer: Peer) => {
    await flushed()
    most = Math.max(most, 1 + peer.unread)
  }
  const slowly = (octets: string | Buffer) => async (peer: Peer) => {
    await answer(peer)
    return octets
  }
  const retrieved = Buffer.concat([Buffer.from('+OK\r\n'), stuffed(MAIL)])
  const answers = { USER: slowly('+OK\r\n'), PASS: slowly('+OK\r\n'), RETR: slowly(retrieved), DELE: slowly('+OK\r\n') }
  await using server = await serve({ capabilities, messages, answers })
  await using session = await open(server)
  const listed = await session.list()
  await Promise.all(listed.flatMap((message) => [session.retrieve(message, ignore), session.markDeleted(message)]))
  await session.commit()
  return most
}
