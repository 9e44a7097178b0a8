import { describe, expect, test } from 'vitest'
import {
  existing,
  expectFailure,
  first,
  ignore,
  MAIL,
  open,
  PIPELINING,
  serve,
  sha256,
  withToken,
} from '../../support/hostile.ts'
import { stuffed } from '../../support/scripted-pop3.ts'
import type { Peer } from '../../support/scripted-server.ts'

describe('a refusal', () => {
  test.each([
    ['[IN-USE] locked', 'source/mailbox-locked'],
    ['[LOGIN-DELAY] slowly', 'source/login-delay'],
    ['[SYS/TEMP] later', 'source/server-busy'],
    ['[SYS/PERM] never', 'source/server-refused'],
    ['[AUTH] wrong', 'source/credentials-refused'],
    ['Logon failure: unknown user name or bad password.', 'source/credentials-refused'],
    ['Server Unavailable. 21', 'source/server-busy'],
  ])('of the login with %j is %s (RFC 2449, RFC 3206)', async (text, code) => {
    for (const verb of ['USER', 'PASS']) {
      for (const capabilities of [PIPELINING, ['USER'], null]) {
        await using server = await serve({ capabilities, answers: { [verb]: () => `-ERR ${text}\r\n` } })
        await expectFailure(open(server), code)
      }
    }
  })

  test('in the greeting is a busy server unless it says more', async () => {
    for (const [greeting, code] of [
      ['-ERR too much going on\r\n', 'source/server-busy'],
      ['-ERR [SYS/PERM] go away\r\n', 'source/server-refused'],
    ] as const) {
      await using server = await serve({ greeting })
      await expectFailure(open(server), code)
    }
  })

  test('of UIDL means that the mailbox cannot be polled, unless the server is busy', async () => {
    for (const [text, code] of [
      ['-ERR unknown command\r\n', 'source/uidl-unsupported'],
      ['-ERR Server Unavailable. 21\r\n', 'source/server-busy'],
    ] as const) {
      await using server = await serve({ answers: { UIDL: () => text } })
      await using session = await open(server)
      await expectFailure(session.list(), code)
    }
  })

  test('of one message stops no other (I6)', async () => {
    const answers = {
      RETR: refusing('RETR 1'),
      DELE: () => '-ERR no\r\n',
      TOP: () => '-ERR unknown command\r\n',
    }
    await using server = await serve({ messages: [MAIL, MAIL], answers })
    await using session = await open(server)
    const [one, two] = await session.list()
    const outcomes = [session.retrieve(existing(one), ignore), session.retrieve(existing(two), ignore)]
    await expectFailure(existing(outcomes[0]), 'source/message-refused')
    expect((await existing(outcomes[1])).sha256).toBe(sha256(MAIL))
    expect(await session.headerDigest(existing(two))).toBeNull()
    await expectFailure(session.markDeleted(existing(two)), 'source/message-refused')
    await session.commit()
  })

  test('of TOP by a busy server does not pass for a server without TOP', async () => {
    await using server = await serve({ messages: [MAIL], answers: { TOP: () => '-ERR [SYS/TEMP] later\r\n' } })
    await using session = await open(server)
    await expectFailure(session.headerDigest(first(await session.list())), 'source/server-busy')
  })

  test('of QUIT is told, and the session is over', async () => {
    await using server = await serve({ answers: { QUIT: () => '-ERR some messages not removed\r\n' } })
    await using session = await open(server)
    await expectFailure(session.commit(), 'source/message-refused')
    await expectFailure(session.list(), 'source/connection-lost')
  })

  test('is not needed where the server offers no way in', async () => {
    await using server = await serve({ capabilities: ['SASL CRAM-MD5'] })
    await expectFailure(open(server), 'source/auth-unsupported')
    await expectFailure(open(server, withToken('t')), 'source/auth-unsupported')
    expect(server.lines).not.toContain('USER anna')
  })
})

function refusing(command: string) {
  return (_: Peer, line: string) =>
    line === command ? '-ERR cannot convert\r\n' : Buffer.concat([Buffer.from('+OK\r\n'), stuffed(MAIL)])
}
