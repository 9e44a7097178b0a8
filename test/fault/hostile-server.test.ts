/** What a POP3 server may do wrong, by accident or on purpose: each time one typed error, in bounded time. */
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { MailboxConfig } from '../../src/config.ts'
import { MailchuteError } from '../../src/errors.ts'
import type { Pop3Limits } from '../../src/source/pop3/limits.ts'
import { pop3 } from '../../src/source/pop3/session.ts'
import type { MailSession, RemoteMessage } from '../../src/source/source.ts'
import { type Certificate, makeCertificate } from '../support/certificate.ts'
import { mailboxAt, type Script, speakPop3, stuffed } from '../support/scripted-pop3.ts'
import { type Peer, type ScriptedServer, scriptedServer } from '../support/scripted-server.ts'

const SHORT: Partial<Pop3Limits> = {
  connectMs: 300,
  handshakeMs: 300,
  greetingMs: 300,
  replyMs: 300,
  loginReplyMs: 300,
  quitMs: 300,
  idleMs: 300,
  replyGraceMs: 600,
}
const BOUND_MS = 3_000
const PIPELINING = ['USER', 'TOP', 'UIDL', 'PIPELINING']
const MAIL = Buffer.from('Subject: a\r\n\r\n.dots\r\n..\r\ntext\r\n')

const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => unhandled.push(reason)

beforeAll(() => {
  process.on('unhandledRejection', onUnhandled)
})

afterAll(() => {
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})

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

describe('a server that stalls', () => {
  test.each<[string, Script]>([
    ['before its greeting', { greeting: '' }],
    ['midway in its greeting', { greeting: '+OK' }],
    ['at CAPA', { answers: { CAPA: () => undefined } }],
    ['midway in CAPA', { answers: { CAPA: () => '+OK\r\nUSER\r\n.' } }],
    ['at USER', { answers: { USER: () => undefined } }],
    ['at PASS', { answers: { PASS: () => undefined } }],
  ])('%s', async (_, script) => {
    await using server = await serve(script)
    await expectFailure(open(server), 'source/reply-timeout')
  })

  test.each<[string, Script]>([
    ['at UIDL', { answers: { UIDL: () => undefined } }],
    ['midway in UIDL', { answers: { UIDL: () => '+OK\r\n1 a\r\n' } }],
    ['at LIST', { answers: { LIST: () => undefined } }],
  ])('%s', async (_, script) => {
    await using server = await serve({ messages: [MAIL], ...script })
    await using session = await open(server)
    await expectFailure(session.list(), 'source/reply-timeout')
    await expectFailure(session.commit(), 'source/reply-timeout')
  })

  test.each(['', '+OK', '+OK\r\n', '+OK\r\nSubject: a\r\n\r\ntext', '+OK\r\ntext\r\n', '+OK\r\ntext\r\n.\r'])(
    'in RETR behind %j',
    async (beginning) => {
      await using server = await serve({ messages: [MAIL, MAIL], answers: { RETR: () => beginning || undefined } })
      await using session = await open(server)
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
        await delayed(50)
      }
      return undefined
    }
    await using server = await serve({ messages: [MAIL], answers: { RETR: drip } })
    await using session = await open(server)
    await expectFailure(session.retrieve(first(await session.list()), ignore), 'source/reply-timeout')
  })

  test('between two octets, however much time the whole reply has', async () => {
    await using server = await serve({ messages: [MAIL], answers: { RETR: () => '+OK\r\nhalf' } })
    await using session = await open(server, {}, { ...SHORT, replyGraceMs: 60_000, idleMs: 100 })
    await expectFailure(session.retrieve(first(await session.list()), ignore), 'source/reply-timeout')
  })

  test('at QUIT', async () => {
    const mute = async (peer: Peer) => {
      await peer.gone
      return undefined
    }
    await using server = await serve({ answers: { QUIT: mute } })
    await using session = await open(server)
    await expectFailure(session.commit(), 'source/reply-timeout')
  })

  test('for longer than a whole session may take', async () => {
    await using server = await serve({ messages: [MAIL] })
    await using session = await open(server, {}, { ...SHORT, sessionMs: 200, idleMs: 60_000, replyMs: 60_000 })
    const message = first(await session.list())
    await expectFailure(
      session.retrieve(message, () => new Promise(() => {})),
      'source/reply-timeout',
    )
  })

  test('in TLS', async () => {
    await using server = await scriptedServer((peer) => peer.gone)
    await expectFailure(open(server, { security: 'tls' }), 'source/reply-timeout')
  })
})

describe('time that the sink takes', () => {
  test('is not held against the server', async () => {
    await using server = await serve({ messages: [MAIL, MAIL], capabilities: PIPELINING })
    await using session = await open(server, {}, { ...SHORT, replyMs: 150, idleMs: 150, replyGraceMs: 150 })
    const [one, two] = await session.list()
    const outcomes = await Promise.all([
      session.retrieve(existing(one), () => delayed(400)),
      session.retrieve(existing(two), () => delayed(400)),
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
    expect(unhandled).toEqual([])
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

describe('what is not POP3', () => {
  test.each<[string, Script]>([
    ['a greeting of another protocol', { greeting: '220 smtp.example.com ESMTP\r\n' }],
    ['a greeting without end', { greeting: `+OK ${'x'.repeat(10_000)}` }],
    ['an invitation where nothing is to be continued', { answers: { USER: () => '+ go on\r\n' } }],
    ['capabilities without end', { answers: { CAPA: (peer) => endless(peer, 'X-MORE\r\n') } }],
    ['more replies than commands', { answers: { USER: () => '+OK\r\n+OK logged in\r\n' } }],
  ])('%s ends the login', async (_, script) => {
    await using server = await serve(script)
    await expectFailure(open(server), 'source/protocol-violation')
  })

  test.each<[string, Script]>([
    ['a line without end in UIDL', { answers: { UIDL: () => `+OK\r\n1 ${'x'.repeat(10_000)}` } }],
    ['a line without end in LIST', { answers: { LIST: () => `+OK\r\n1 ${'9'.repeat(10_000)}` } }],
    ['a unique-id that is too long', { answers: { UIDL: () => `+OK\r\n1 ${'x'.repeat(256)}\r\n.\r\n` } }],
    ['a unique-id with 8-bit octets', { answers: { UIDL: () => '+OK\r\n1 \xe4\r\n.\r\n' } }],
    ['a line without a unique-id', { answers: { UIDL: () => '+OK\r\n1\r\n.\r\n' } }],
    ['a message number 0', { answers: { UIDL: () => '+OK\r\n0 a\r\n.\r\n' } }],
    ['a message number that is injected', { answers: { UIDL: () => '+OK\r\n1\nDELE a\r\n.\r\n' } }],
    ['a message number listed twice', { answers: { UIDL: () => '+OK\r\n1 a\r\n1 b\r\n.\r\n' } }],
    ['a listing without end', { answers: { UIDL: (peer) => endless(peer, countedLines()) } }],
  ])('%s ends the session', async (_, script) => {
    await using server = await serve(script)
    await using session = await open(server, {}, { ...SHORT, listingOctets: 1_000_000, replyMs: BOUND_MS })
    const error = await expectFailure(session.list(), 'source/protocol-violation')
    expect(await expectFailure(session.commit(), 'source/protocol-violation')).toBe(error)
  })

  test('a listing of more lines than allowed ends the session', async () => {
    await using server = await serve({ messages: [MAIL, MAIL, MAIL] })
    await using session = await open(server, {}, { ...SHORT, listingLines: 2 })
    await expectFailure(session.list(), 'source/protocol-violation')
  })

  test('a second reply is not taken for that of a command which was not sent yet', async () => {
    await using server = await serve({ messages: [MAIL, MAIL], answers: { DELE: () => '+OK\r\n+OK\r\n' } })
    await using session = await open(server)
    const [one, two] = (await session.list()).map((message) => session.markDeleted(message))
    await expect(existing(one)).resolves.toBeUndefined()
    await expectFailure(existing(two), 'source/protocol-violation')
    expect(server.lines).not.toContain('DELE 2')
  })

  test('words out of turn end the session; a farewell is told apart', async () => {
    for (const [words, code] of [
      ['+OK by the way\r\n', 'source/protocol-violation'],
      ['-ERR Disconnected for inactivity.\r\n', 'source/connection-lost'],
    ] as const) {
      await using server = await serve({ answers: { LIST: () => `+OK\r\n.\r\n${words}` } })
      await using session = await open(server)
      await session.list().catch(ignore)
      await expectFailure(session.commit(), code)
    }
  })

  test('equal unique-ids in one listing are taken as they are (RFC 1939 section 7)', async () => {
    await using server = await serve({ answers: { UIDL: () => '+OK\r\n2 same\r\n1 same\r\n.\r\n' } })
    await using session = await open(server)
    expect(await session.list()).toEqual([
      { number: 1, uniqueId: 'same', sizeBytes: 0 },
      { number: 2, uniqueId: 'same', sizeBytes: 0 },
    ])
  })
})

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

describe('SASL', () => {
  const TOKEN = 'secret-token-0123456789-abcdefghijklmnopqrstuvwxyz'
  const response = Buffer.from(`user=anna\x01auth=Bearer ${TOKEN}\x01\x01`).toString('base64')
  const capabilities = ['SASL PLAIN XOAUTH2']

  test.each(['+', '+ '])('XOAUTH2 takes two lines behind an invitation %j', async (invitation) => {
    const answers = { AUTH: () => `${invitation}\r\n` }
    await using server = await serve({ capabilities, answers, otherwise: () => '+OK\r\n' })
    await using session = await open(server, withToken(TOKEN))
    expect(await session.list().catch(() => [])).toEqual([])
    expect(server.lines.slice(0, 3)).toEqual(['CAPA', 'AUTH XOAUTH2', response])
  })

  test.each([
    ['+ eyJzdGF0dXMiOiI0MDEifQ==\r\n', ''],
    ['+\r\n', ''],
    ['-ERR Authentication failure: unknown user name or bad password.\r\n', null],
  ])('XOAUTH2 refused by %j is answered by %j', async (refusal, answer) => {
    const answers = { AUTH: () => '+\r\n', '': () => '-ERR [AUTH] failed\r\n' }
    await using server = await serve({ capabilities, answers, otherwise: () => refusal })
    await expectFailure(open(server, withToken(TOKEN)), 'source/credentials-refused')
    expect(server.lines.slice(2)).toEqual(answer === null ? [response] : [response, answer])
  })

  test('XOAUTH2 refused as Exchange refuses a line it does not like is no matter of credentials', async () => {
    const answers = { AUTH: () => '-ERR Protocol error. Connection is closed. 10\r\n' }
    await using server = await serve({ capabilities, answers })
    await expectFailure(open(server, withToken(TOKEN)), 'source/protocol-violation')
  })

  test('accepted without being asked for the token is a violation', async () => {
    await using server = await serve({ capabilities, answers: { AUTH: () => '+OK\r\n' } })
    await expectFailure(open(server, withToken(TOKEN)), 'source/protocol-violation')
    expect(server.lines).not.toContain(response)
  })

  test('PLAIN takes two lines where there is no USER (RFC 4616)', async () => {
    await using server = await serve({ capabilities, answers: { AUTH: () => '+ \r\n' }, otherwise: () => '+OK\r\n' })
    await using session = await open(server)
    await session.list().catch(ignore)
    const plain = Buffer.from('\0anna\0correct horse battery').toString('base64')
    expect(server.lines.slice(0, 3)).toEqual(['CAPA', 'AUTH PLAIN', plain])
  })

  test.each([
    (line: string) => `-ERR unknown command ${line}\r\n`,
    (line: string) => `-ERR unknown command ${line.slice(0, 30)}\r\n`,
    () => `-ERR bad token ${TOKEN}\r\n`,
    () => `-ERR bad token ${TOKEN.toUpperCase()}\r\n`,
    () => `-ERR bad token ${TOKEN.slice(7, 30)}\r\n`,
  ])('leaves no trace of the token in an error, even if the server repeats it (%#)', async (echo) => {
    await using server = await serve({
      capabilities,
      answers: { AUTH: () => '+\r\n' },
      otherwise: (_, line) => echo(line),
    })
    const error = await expectFailure(open(server, withToken(TOKEN)), 'source/credentials-refused')
    const traces = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error)].join('\n')
    expect(traces.toLowerCase()).not.toContain(TOKEN.slice(7, 30))
    expect(traces).not.toContain(response.slice(0, 30))
    expect(error.context).toEqual({ host: '127.0.0.1', port: server.port, verb: 'AUTH' })
  })

  test('leaves no trace of a password either', async () => {
    await using server = await serve({ answers: { PASS: (_, line) => `-ERR not understood: ${line}\r\n` } })
    const error = await expectFailure(open(server), 'source/credentials-refused')
    expect(inspect(error, { depth: 10 }) + JSON.stringify(error)).not.toContain('horse')
  })
})

describe('encryption', () => {
  let certificate: Certificate
  let elsewhere: Certificate
  beforeAll(async () => {
    certificate = await makeCertificate('DNS:localhost,IP:127.0.0.1')
    elsewhere = await makeCertificate('DNS:mail.example.com')
  })
  const secured = (security: 'tls' | 'stls', ca: string | null) => ({ security, ca })
  const withStls = (script: Script = {}): Script => ({ capabilities: ['STLS', 'USER'], ...script })

  test('is verified against the authority that is set, host name included', async () => {
    await using server = await scriptedServer((peer) => speakPop3(peer, { messages: [MAIL] }), certificate)
    await using session = await open(server, secured('tls', certificate.ca))
    expect((await session.retrieve(first(await session.list()), ignore)).sha256).toBe(sha256(MAIL))
    await expectFailure(open(server, secured('tls', null)), 'source/tls-untrusted')
    const error = await expectFailure(open(server, secured('tls', elsewhere.ca)), 'source/tls-untrusted')
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('with a certificate for another host is refused before a word is said', async () => {
    await using server = await scriptedServer((peer) => speakPop3(peer), elsewhere)
    await expectFailure(open(server, secured('tls', elsewhere.ca)), 'source/tls-untrusted')
    expect(server.lines).toEqual([])
  })

  test('with an authority that is no certificate is refused', async () => {
    await using server = await scriptedServer((peer) => speakPop3(peer), certificate)
    await expectFailure(open(server, secured('tls', 'nonsense')), 'source/tls-untrusted')
  })

  test('older than TLS 1.2 is refused (RFC 8996)', async () => {
    const old = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const
    await using server = await scriptedServer(async (peer) => {
      peer.startTls(certificate, old)
      await peer.gone
    })
    await expectFailure(open(server, secured('tls', certificate.ca)), 'source/tls-unavailable')
  })

  test('that the server does not speak is told apart', async () => {
    await using server = await serve({})
    await expectFailure(open(server, secured('tls', certificate.ca)), 'source/tls-unavailable')
    expect(server.lines.join()).not.toContain('USER')
  })

  test('by STLS asks for the capabilities again, and believes those (RFC 2595 section 4)', async () => {
    let isEncrypted = false
    await using server = await scriptedServer((peer) =>
      speakPop3(peer, {
        answers: {
          CAPA: () => (isEncrypted ? '+OK\r\nSASL PLAIN\r\n.\r\n' : '+OK\r\nSTLS\r\nUSER\r\nPIPELINING\r\n.\r\n'),
          STLS: async () => {
            await peer.send('+OK\r\n')
            peer.startTls(certificate)
            isEncrypted = true
            return undefined
          },
          AUTH: () => '+ \r\n',
        },
        otherwise: () => '+OK\r\n',
      }),
    )
    await using session = await open(server, secured('stls', certificate.ca))
    await session.list().catch(ignore)
    expect(server.lines.slice(0, 4)).toEqual(['CAPA', 'STLS', 'CAPA', 'AUTH PLAIN'])
  })

  test.each<[string, Script]>([
    ['not announced', { capabilities: ['USER'] }],
    ['refused', { capabilities: ['STLS'], answers: { STLS: () => '-ERR no\r\n' } }],
    ['refused by a server without CAPA', { capabilities: null, answers: { STLS: () => '-ERR no\r\n' } }],
  ])('by STLS, %s, is never given up for clear text', async (_, script) => {
    await using server = await serve(script)
    await expectFailure(open(server, secured('stls', certificate.ca)), 'source/tls-unavailable')
    expect(server.lines.join()).not.toMatch(/USER|PASS|AUTH/)
  })

  test('by STLS ends where clear text was slipped in before it, in the same segment or behind it', async () => {
    for (const isSeparate of [false, true]) {
      const answers = {
        STLS: async (peer: Peer) => {
          if (!isSeparate) return '+OK\r\n+OK injected\r\n'
          await peer.send('+OK\r\n')
          await flushed()
          return '+OK injected\r\n'
        },
      }
      await using server = await serve(withStls({ answers }))
      await expectFailure(open(server, secured('stls', certificate.ca)), 'source/protocol-violation')
      expect(server.lines.join()).not.toMatch(/USER|PASS|AUTH/)
    }
  })

  test('by STLS with a certificate for another host is refused', async () => {
    await using server = await scriptedServer((peer) =>
      speakPop3(peer, {
        capabilities: ['STLS'],
        answers: {
          STLS: async () => {
            await peer.send('+OK\r\n')
            peer.startTls(elsewhere)
            return undefined
          },
        },
      }),
    )
    await expectFailure(open(server, secured('stls', elsewhere.ca)), 'source/tls-untrusted')
    expect(server.lines).toEqual(['CAPA', 'STLS'])
  })
})

function serve(script: Script): Promise<ScriptedServer> {
  return scriptedServer((peer) => speakPop3(peer, script))
}

function open(server: ScriptedServer, settings: Partial<MailboxConfig> = {}, limits = SHORT): Promise<MailSession> {
  return pop3(mailboxAt(server.port, settings), limits)(new AbortController().signal)
}

function withToken(token: string): Partial<MailboxConfig> {
  return { credentials: { kind: 'access-token', token } }
}

/** The one typed error, in bounded time. */
async function expectFailure(outcome: Promise<unknown>, code: string): Promise<MailchuteError> {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(() => late.resolve('nothing in time'), BOUND_MS)
  const thrown = await Promise.race([outcome.then(() => 'success'), late.promise]).catch((error: unknown) => error)
  clearTimeout(timer)
  expect(thrown).toBeInstanceOf(MailchuteError)
  expect(thrown).toMatchObject({ code })
  if (!(thrown instanceof MailchuteError)) throw new Error('not a typed error')
  return thrown
}

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

function refusing(command: string) {
  return (_: Peer, line: string) =>
    line === command ? '-ERR cannot convert\r\n' : Buffer.concat([Buffer.from('+OK\r\n'), stuffed(MAIL)])
}

async function endless(peer: Peer, part: string): Promise<undefined> {
  await peer.send('+OK\r\n')
  while (!peer.socket.destroyed) {
    await peer.send(part)
    await flushed()
  }
  return undefined
}

function countedLines(): string {
  return Array.from({ length: 20_000 }, (_, index) => `${index + 1} id\r\n`).join('')
}

/** Time for what was written to arrive: two turns of the event loop which both ends share. */
async function flushed(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

function delayed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

function first(messages: readonly RemoteMessage[]): RemoteMessage {
  return existing(messages[0])
}

function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no such message')
  return value
}

function ignore(): undefined {
  return undefined
}

function sha256(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('hex')
}
