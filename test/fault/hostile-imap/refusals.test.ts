/** Servers that say no: what each refusal means, and what is never sent. */
import { describe, expect, test } from 'vitest'
import { existing, expectFailure, ignore, MAIL } from '../../support/hostile.ts'
import {
  CAPABILITIES,
  type ImapAnswer,
  openImap,
  SANE_ANSWER,
  SHORT_IMAP,
  serveImap,
  uidsOf,
} from '../../support/scripted-imap.ts'

const no =
  (words: string): ImapAnswer =>
  (_, tag) =>
    `${tag} ${words}\r\n`

const never = (lines: readonly string[], pattern: RegExp) =>
  expect(lines.filter((line) => pattern.test(line))).toEqual([])

describe('a login that is refused', () => {
  test.each([
    ['NO [AUTHENTICATIONFAILED] Invalid credentials', 'source/credentials-refused'],
    ['NO [AUTHORIZATIONFAILED] Not yours', 'source/credentials-refused'],
    ['NO [EXPIRED] The password has expired', 'source/credentials-refused'],
    ['NO LOGIN failed.', 'source/credentials-refused'],
    ['NO [UNAVAILABLE] Temporary authentication failure', 'source/server-busy'],
    ['NO [LIMIT] Too many connections for this user', 'source/server-busy'],
    ['NO [INUSE] Another program has it open', 'source/mailbox-locked'],
    ['NO [CONTACTADMIN] Account disabled', 'source/server-refused'],
    ['NO [PRIVACYREQUIRED] Not in clear text', 'source/tls-unavailable'],
    ['BAD User is authenticated but not connected.', 'source/mailbox-unavailable'],
    ['NO Server Unavailable. 15', 'source/server-busy'],
  ])('with %s is %s (RFC 5530)', async (words, code) => {
    await using server = await serveImap({ answers: { LOGIN: no(words) } })
    const error = await expectFailure(openImap(server), code)
    expect(error.message).toContain('LOGIN')
    expect(server.connections).toBe(1)
  })

  test.each([
    ['* BYE Too many connections', 'source/server-busy'],
    ['* BYE Autologout', 'source/connection-lost'],
  ])('by the greeting %s is %s', async (greeting, code) => {
    await using server = await serveImap({ greeting: `${greeting}\r\n` })
    await expectFailure(openImap(server), code)
    expect(server.lines).toEqual([])
  })

  test('never shows the password, even where the server repeats it (I9)', async () => {
    const password = 'correct horse battery'
    await using server = await serveImap({ answers: { LOGIN: no(`NO ${password} is wrong, "${password}"`) } })
    const error = await expectFailure(openImap(server), 'source/credentials-refused')
    expect(error.message + JSON.stringify(error)).not.toContain(password)
  })

  test('without a way to log in that fits says so, and sends nothing', async () => {
    const credentials = { kind: 'access-token', token: 'the-token-of-somebody' } as const
    await using server = await serveImap()
    await expectFailure(openImap(server, { credentials }), 'source/auth-unsupported')
    await using disabled = await serveImap({ capabilities: 'IMAP4rev1 LOGINDISABLED' })
    await expectFailure(openImap(disabled), 'source/auth-unsupported')
    for (const { lines } of [server, disabled]) never(lines, /LOGIN|AUTHENTICATE/)
  })

  test.each([
    ['+OK POP3 ready', 'source/reply-timeout'],
    ['220 smtp.example ESMTP', 'source/reply-timeout'],
  ])('by a server of another protocol (%s) ends in a deadline', async (greeting, code) => {
    await using server = await serveImap({ greeting: `${greeting}\r\n` })
    await expectFailure(openImap(server, {}, SHORT_IMAP), code)
    never(server.lines, /LOGIN/)
  })
})

describe('STARTTLS where it is required (RFC 2595)', () => {
  test('but not offered: no credentials are sent', async () => {
    await using server = await serveImap()
    await expectFailure(openImap(server, { security: 'stls' }), 'source/tls-unavailable')
    never(server.lines, /LOGIN|AUTHENTICATE/)
  })

  test('but refused', async () => {
    await using server = await serveImap({
      capabilities: 'IMAP4rev1 STARTTLS',
      answers: { STARTTLS: no('NO not today') },
    })
    await expectFailure(openImap(server, { security: 'stls' }), 'source/tls-unavailable')
    never(server.lines, /LOGIN|AUTHENTICATE/)
  })

  test('but with clear text behind its OK, which anybody may have put there', async () => {
    await using server = await serveImap({
      capabilities: 'IMAP4rev1 STARTTLS',
      answers: { STARTTLS: (_, tag) => `${tag} OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n` },
    })
    await expectFailure(openImap(server, { security: 'stls' }), 'source/protocol-violation')
    never(server.lines, /LOGIN|AUTHENTICATE/)
  })

  test('but without TLS behind it', async () => {
    await using server = await serveImap({
      capabilities: 'IMAP4rev1 STARTTLS',
      answers: {
        STARTTLS: async (peer, tag) => {
          await peer.send(`${tag} OK begin\r\n`)
          peer.end()
          return undefined
        },
      },
    })
    await expectFailure(openImap(server, { security: 'stls' }), 'source/connection-lost')
    never(server.lines, /LOGIN|AUTHENTICATE/)
  })
})

describe('the manners of Exchange', () => {
  test.each([
    ['IMAP4rev1 UIDPLUS NAMESPACE', 'NAMESPACE'],
    [CAPABILITIES, 'SELECT'],
  ])('an OK to the login and then no mailbox is source/mailbox-unavailable (%s)', async (capabilities, verb) => {
    const answers = { [verb]: no('BAD User is authenticated but not connected.') }
    await using server = await serveImap({ capabilities, answers })
    await expectFailure(openImap(server), 'source/mailbox-unavailable')
  })

  test.each(['LOGIN', 'SELECT', 'UID FETCH', 'UID STORE'])(
    'throttling says when to come back, and nobody waits for it here (%s)',
    async (verb) => {
      const throttled = 'BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds'
      await using server = await serveImap({ messages: [MAIL], answers: { [verb]: no(throttled) } })
      const poll = async () => {
        await using session = await openImap(server)
        await session.markDeleted(existing((await session.list())[0]))
        await session.commit()
      }
      const { context } = await expectFailure(poll(), 'source/server-busy')
      expect(context).toMatchObject({ retryAfterSeconds: 93 })
      never(server.lines, /EXPUNGE/)
    },
  )
})

describe('a FETCH that is refused', () => {
  const bad: ImapAnswer = (_, tag, line) =>
    line.includes('BODY.PEEK') && uidsOf(line).includes(2) ? `${tag} NO [SERVERBUG] cannot convert\r\n` : SANE_ANSWER

  test('because of one message keeps only that one back (I6)', async () => {
    await using server = await serveImap({ messages: [MAIL, MAIL, MAIL], answers: { 'UID FETCH': bad } })
    await using session = await openImap(server)
    const outcomes = await Promise.allSettled((await session.list()).map((each) => session.retrieve(each, ignore)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: { code: 'source/message-refused' } })
    expect(server.connections).toBe(1)
  })

  test('because the server is busy ends the session at once', async () => {
    const busy: ImapAnswer = (_, tag, line) =>
      line.includes('BODY.PEEK') ? `${tag} NO [UNAVAILABLE] later\r\n` : SANE_ANSWER
    await using server = await serveImap({ messages: [MAIL, MAIL], answers: { 'UID FETCH': busy } })
    await using session = await openImap(server)
    const outcomes = await Promise.allSettled((await session.list()).map((each) => session.retrieve(each, ignore)))
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'source/server-busy' } })
    expect(server.lines.filter((line) => line.includes('BODY.PEEK'))).toHaveLength(1)
  })
})

describe('removal', () => {
  const commit = async (server: Parameters<typeof openImap>[0], settings: Parameters<typeof openImap>[1] = {}) => {
    await using session = await openImap(server, settings)
    for (const message of await session.list()) await session.markDeleted(message)
    await session.commit()
  }

  test('without UIDPLUS is refused before anything is downloaded: EXPUNGE would take what others have marked', async () => {
    await using server = await serveImap({ capabilities: 'IMAP4rev1 MOVE', messages: [MAIL] })
    await expectFailure(openImap(server), 'source/removal-unsupported')
    await using neither = await serveImap({ capabilities: 'IMAP4rev1', messages: [MAIL] })
    await expectFailure(openImap(neither, { moveTo: 'Done' }), 'source/removal-unsupported')
    for (const { lines } of [server, neither]) never(lines, /FETCH|STORE|EXPUNGE|COPY/)
  })

  test.each([
    ['INBOX', 'inbox'],
    ['Queue', 'Queue'],
    ['Below.Queue', 'Queue'],
  ])(
    'a folder %s whose messages are to be moved to %s, which is the same one, is refused before anything is downloaded',
    async (folder, moveTo) => {
      const namespace: ImapAnswer = (_, tag) => `* NAMESPACE (("Below." ".")) NIL NIL\r\n${tag} OK\r\n`
      await using server = await serveImap({
        capabilities: 'IMAP4rev1 UIDPLUS MOVE NAMESPACE',
        answers: { NAMESPACE: namespace },
      })
      await expectFailure(openImap(server, { folder, moveTo }), 'config/invalid')
      expect(server.lines.filter((line) => line.includes('FETCH'))).toEqual([])
    },
  )

  test('without UIDPLUS is not needed where mail stays, or is moved (RFC 6851)', async () => {
    await using server = await serveImap({ capabilities: 'IMAP4rev1 MOVE', messages: [MAIL, MAIL] })
    await using session = await openImap(server, { deleteAfterSeconds: null })
    expect(await session.list()).toHaveLength(2)
    await commit(server, { moveTo: 'Done' })
    expect(server.lines.at(-2)).toMatch(/UID MOVE 1:2 Done$/)
    never(server.lines, /STORE|EXPUNGE|COPY/)
  })

  test('of a folder that may only be read is refused', async () => {
    const answers = { SELECT: no('OK [READ-ONLY] done') }
    const readOnly: ImapAnswer = (peer, tag, line) => `* OK [UIDVALIDITY 7]\r\n${answers.SELECT(peer, tag, line)}`
    await using server = await serveImap({ answers: { SELECT: readOnly } })
    await expectFailure(openImap(server), 'source/removal-unsupported')
  })

  test('from a server without UIDVALIDITY is not possible', async () => {
    await using server = await serveImap({ answers: { SELECT: no('OK [READ-WRITE] done') } })
    await expectFailure(openImap(server), 'source/uidl-unsupported')
  })

  test.each(['UID STORE', 'UID EXPUNGE'])(
    'that is refused (%s) is an error of commit, with the words of the server',
    async (verb) => {
      await using server = await serveImap({ messages: [MAIL], answers: { [verb]: no('NO not in this folder') } })
      const error = await expectFailure(commit(server), 'source/message-refused')
      expect(error.message).toContain('not in this folder')
      if (verb === 'UID STORE') never(server.lines, /EXPUNGE/)
    },
  )

  test('without MOVE copies first, and a copy that fails removes nothing', async () => {
    const answers = { 'UID COPY': no('NO [OVERQUOTA] full'), CREATE: no('NO [ALREADYEXISTS] there') }
    await using server = await serveImap({ messages: [MAIL], answers })
    await expectFailure(commit(server, { moveTo: 'Done' }), 'source/message-refused')
    never(server.lines, /STORE|EXPUNGE/)
  })
})
