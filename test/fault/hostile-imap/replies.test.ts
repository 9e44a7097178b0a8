/** Replies of an IMAP server that lie, break off or do not end: one typed error each, in bounded time and memory. */
import { describe, expect, test } from 'vitest'
import type { MailSession } from '../../../src/source/source.ts'
import { endless, existing, expectFailure, first, flushed, ignore, MAIL, sha256 } from '../../support/hostile.ts'
import {
  type ImapAnswer,
  type ImapScript,
  openImap,
  row,
  SANE_ANSWER,
  SHORT_IMAP,
  serveImap,
  uidsOf,
} from '../../support/scripted-imap.ts'

const isDownload = (line: string) => line.includes('BODY.PEEK[]')

/** To a download only: lists are as usual. */
const toDownload =
  (answer: ImapAnswer): ImapAnswer =>
  (peer, tag, line) =>
    isDownload(line) ? answer(peer, tag, line) : SANE_ANSWER

const downloads = (answer: ImapAnswer, messages: readonly Buffer[] = [MAIL]): ImapScript => ({
  messages,
  answers: { 'UID FETCH': toDownload(answer) },
})

async function read(session: MailSession, index = 0): Promise<Buffer> {
  const parts: Buffer[] = []
  await session.retrieve(existing((await session.list())[index]), (octets) => {
    parts.push(octets)
    return undefined
  })
  return Buffer.concat(parts)
}

/** Whatever was downloaded: nothing was marked or removed. */
const removals = (lines: readonly string[]) => lines.filter((line) => /STORE|EXPUNGE|MOVE|COPY|CLOSE/.test(line))

test('a list of more messages than any mailbox has ends the session', async () => {
  const rows = Array.from({ length: 12 }, (_, index) => `* ${index + 1} FETCH (UID ${index + 1} RFC822.SIZE 1)\r\n`)
  await using server = await serveImap({ answers: { 'UID FETCH': (_, tag) => `${rows.join('')}${tag} OK done\r\n` } })
  await using session = await openImap(server, {}, { listedMessages: 10 })
  await expectFailure(session.list(), 'source/protocol-violation')
  await using other = await openImap(server, {}, { listedMessages: 12 })
  expect(await other.list()).toHaveLength(12)
})

describe('a literal', () => {
  test.each([
    ['larger than what was asked for', 4 * 1024 * 1024 + 1],
    ['of a gigabyte', 1_000_000_000],
    ['of more octets than there are numbers for', '9'.repeat(30)],
  ])('%s is not read (RFC 3501 section 6.4.5)', async (_, size) => {
    await using server = await serveImap(
      downloads(() => `* 1 FETCH (UID 1 BODY[]<0> {${size}}\r\n${'x'.repeat(1_000)}`),
    )
    await using session = await openImap(server)
    await expectFailure(read(session), 'source/protocol-violation')
    await expectFailure(session.commit(), 'source/protocol-violation')
    expect(removals(server.lines)).toEqual([])
  })

  test('shorter than it says ends in a deadline, and what came is not taken for the message', async () => {
    await using server = await serveImap(
      downloads((_, tag) => `* 1 FETCH (UID 1 BODY[]<0> {5000}\r\nshort)\r\n${tag} OK\r\n`),
    )
    await using session = await openImap(server, {}, SHORT_IMAP)
    await expectFailure(read(session), 'source/reply-timeout')
    expect(removals(server.lines)).toEqual([])
  })

  test('in the middle of which the connection is reset is a lost connection', async () => {
    await using server = await serveImap(
      downloads(async (peer) => {
        await peer.send('* 1 FETCH (UID 1 BODY[]<0> {5000}\r\nhalf')
        await flushed()
        peer.reset()
        return undefined
      }),
    )
    await using session = await openImap(server)
    await expectFailure(read(session), 'source/connection-lost')
    await expectFailure(session.commit(), 'source/connection-lost')
    expect([server.connections, removals(server.lines)]).toEqual([1, []])
  })

  test('may hold NUL, and anything else that looks like protocol', async () => {
    const octets = Buffer.from('Subject: a\r\n\r\n\0\0* 9 EXPUNGE\r\n1 OK {5}\r\n)\r\n\0')
    await using server = await serveImap({ messages: [octets] })
    await using session = await openImap(server)
    expect(await read(session)).toEqual(octets)
  })

  test('may come in any segments', async () => {
    await using server = await serveImap(
      downloads(async (peer, tag, line) => {
        for (const octet of Buffer.concat([row(1, MAIL, line), Buffer.from(`${tag} OK\r\n`)])) {
          await peer.send(Buffer.from([octet]))
          await flushed()
        }
        return undefined
      }),
    )
    await using session = await openImap(server)
    expect(await read(session)).toEqual(MAIL)
  })
})

describe('a reply without an end', () => {
  test.each([
    ['one endless line', 'x'.repeat(1_000)],
    ['endless lines', `* OK ${'x'.repeat(60)}\r\n`],
    ['endless messages that nobody asked for', '* 1 FETCH (UID 77 BODY[]<0> {3}\r\nabc)\r\n'],
  ])('ends the session: %s', async (_, part) => {
    await using server = await serveImap(downloads((peer) => endless(peer, part)))
    await using session = await openImap(server, {}, { pieceOctets: 10_000 })
    await expectFailure(read(session), 'source/protocol-violation')
    expect(removals(server.lines)).toEqual([])
  })

  test('is bounded in a list too', async () => {
    let uid = 0
    const flood: ImapAnswer = async (peer) => {
      while (!peer.socket.destroyed) {
        await peer.send(Array.from({ length: 100 }, () => `* 1 FETCH (UID ${++uid} RFC822.SIZE 5)\r\n`).join(''))
        await flushed()
      }
      return undefined
    }
    await using server = await serveImap({ answers: { 'UID FETCH': flood } })
    await using session = await openImap(server)
    await expectFailure(session.list(), 'source/protocol-violation')
  })

  test.each(['CAPABILITY', 'LOGIN', 'SELECT', 'UID FETCH'])(
    'that does not even begin is a deadline: %s',
    async (verb) => {
      await using server = await serveImap({ answers: { [verb]: () => undefined } })
      await expectFailure(
        openImap(server, {}, SHORT_IMAP).then((session) => session.list()),
        'source/reply-timeout',
      )
    },
  )
})

describe('what comes without being asked for', () => {
  test('EXPUNGE, EXISTS and flags in the middle of a download change nothing: UIDs stay what they are', async () => {
    const messages = [1, 2, 3].map((n) => Buffer.from(`Subject: ${n}\r\n\r\n${n}\r\n`))
    await using server = await serveImap(
      downloads((_, tag, line) => {
        const between = Buffer.from(
          '* 1 EXPUNGE\r\n* 9 EXISTS\r\n* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\n* 1 FETCH (FLAGS ())\r\n',
        )
        const rows = uidsOf(line).map((uid) => row(uid, existing(messages[uid - 1]), line))
        return Buffer.concat([between, ...rows.flatMap((each) => [each, between]), Buffer.from(`${tag} OK\r\n`)])
      }, messages),
    )
    await using session = await openImap(server)
    const listed = await session.list()
    const outcomes = await Promise.all(listed.map((message) => session.retrieve(message, ignore)))
    expect(outcomes.map(({ sha256: digest }) => digest)).toEqual(messages.map(sha256))
    await session.markDeleted(existing(listed[1]))
    await session.commit()
    expect(removals(server.lines).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'UID STORE 2 +FLAGS.SILENT (\\Deleted)',
      'UID EXPUNGE 2',
    ])
  })

  test('a message that is sent twice is taken once, and one under another UID not at all', async () => {
    await using server = await serveImap(
      downloads((_, tag, line) => {
        const [wanted, other] = [row(1, MAIL, line), row(2, Buffer.from('Subject: other\r\n\r\n'), line)]
        return Buffer.concat([other, wanted, wanted, Buffer.from(`${tag} OK\r\n`)])
      }),
    )
    await using session = await openImap(server)
    expect(await read(session)).toEqual(MAIL)
  })
})

describe('sizes', () => {
  const LARGE = Buffer.from(`Subject: large\r\n\r\n${'0123456789\r\n'.repeat(1_000)}`)

  test('that are listed too large are not even asked for', async () => {
    await using server = await serveImap({ messages: [LARGE] })
    await using session = await openImap(server, { maxMessageBytes: 5_000 })
    await expectFailure(read(session), 'source/message-too-large')
    expect(server.lines.filter(isDownload)).toEqual([])
  })

  test('that are listed too small are found out midway, piece by piece', async () => {
    await using server = await serveImap({
      messages: [LARGE],
      answers: {
        'UID FETCH': (_, tag, line) =>
          isDownload(line) ? SANE_ANSWER : `* 1 FETCH (UID 1 RFC822.SIZE 10)\r\n${tag} OK\r\n`,
      },
    })
    await using session = await openImap(server, { maxMessageBytes: 5_000 }, { pieceOctets: 1_000 })
    let taken = 0
    const outcome = session.retrieve(first(await session.list()), ({ length }) => {
      taken += length
      return undefined
    })
    await expectFailure(outcome, 'source/message-too-large')
    expect(taken).toBe(5_000)
  })

  test('that a server cuts a piece to are no end of the message, which is what the list says', async () => {
    await using server = await serveImap(
      downloads(
        (_, tag, line) => {
          const cut = line.replace(/<(\d+)\.\d+>/, '<$1.700>')
          return Buffer.concat([row(1, LARGE, cut), Buffer.from(`${tag} OK\r\n`)])
        },
        [LARGE],
      ),
    )
    await using session = await openImap(server)
    expect(await read(session)).toEqual(LARGE)
  })

  test('of Microsoft are estimates: nothing is asked for beyond a short piece', async () => {
    const script = {
      messages: [MAIL],
      answers: {
        'UID FETCH': (_: unknown, tag: string, line: string) =>
          isDownload(line) ? SANE_ANSWER : `* 1 FETCH (UID 1 RFC822.SIZE 900)\r\n${tag} OK\r\n`,
      },
    } satisfies ImapScript
    for (const [isMicrosoft, commands] of [
      [true, 1],
      [false, 2],
    ] as const) {
      await using server = await serveImap(script)
      await using session = await openImap(server, { isMicrosoft })
      expect(await read(session)).toEqual(MAIL)
      expect(server.lines.filter(isDownload)).toHaveLength(commands)
    }
  })
})

test('a sink that fails has its error, and the session is over for the others', async () => {
  await using server = await serveImap({ messages: [MAIL, MAIL] })
  await using session = await openImap(server)
  const [one, two] = await session.list()
  const failing = session.retrieve(existing(one), () => Promise.reject(new Error('the disk is full')))
  const behind = session.retrieve(existing(two), ignore)
  await expectFailure(failing, 'internal/bug')
  await expectFailure(behind, 'source/connection-lost')
})
