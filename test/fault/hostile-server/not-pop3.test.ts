import { describe, expect, test } from 'vitest'
import { endless, existing, expectFailure, ignore, MAIL, open, serve } from '../../support/hostile.ts'
import type { Script } from '../../support/scripted-pop3.ts'

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
    await using session = await open(server, {}, { listingOctets: 1_000_000 })
    const error = await expectFailure(session.list(), 'source/protocol-violation')
    expect(await expectFailure(session.commit(), 'source/protocol-violation')).toBe(error)
  })

  test('a listing of more lines than allowed ends the session', async () => {
    await using server = await serve({ messages: [MAIL, MAIL, MAIL] })
    await using session = await open(server, {}, { listingLines: 2 })
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

function countedLines(): string {
  return Array.from({ length: 20_000 }, (_, index) => `${index + 1} id\r\n`).join('')
}
