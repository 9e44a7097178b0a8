import { beforeAll, describe, expect, test } from 'vitest'
import { buildProgram, run, runJson } from '../support/program.ts'
import { startMailbox } from '../support/sandbox.ts'

beforeAll(buildProgram)

const mail = (date: string) =>
  Buffer.from(`From: Ann <ann@customer.example>\r\n${date}Subject: subject-canary\r\n\r\nbody-canary\r\n`)

describe('mailbox test', () => {
  test('shows what is there, oldest and newest, and asks the server for nothing that changes it', async () => {
    await using box = await startMailbox([
      { uniqueId: 'a', octets: mail('Date: Mon, 2 Nov 2026 08:00:00 +0100\r\n') },
      { uniqueId: 'b', octets: mail('') },
      { uniqueId: 'c', octets: mail('Date: Wed, 4 Nov 2026 09:30:00 +0000\r\n') },
    ])
    const [shown] = await runJson(['mailbox', 'test', 'test', '--json'], box.env())
    expect(shown).toEqual({
      ...{ mailbox: 'test', messages: 3, octets: expect.any(Number), milliseconds: expect.any(Number) },
      ...{ protocol: 'pop3', server: expect.stringMatching(/^127\.0\.0\.1:\d+$/), encryption: 'plain' },
      ...{ user: 'anna', login: 'password', capabilities: expect.arrayContaining(['UIDL', 'TOP']) },
      ...{ oldest: '2026-11-02T07:00:00.000Z', newest: '2026-11-04T09:30:00.000Z' },
    })
    const { stdout } = await run(['mailbox', 'test', 'test'], box.env())
    expect(stdout.toString()).toMatch(/login works, 3 messages of .*nothing was changed\n/)
    for (const line of [/server +pop3/, /oldest +2026-11-02T07:00:00Z/, /newest +2026-11-04/, /offers +.*UIDL/]) {
      expect(stdout.toString()).toMatch(line)
    }
    expect(stdout.toString()).not.toContain('canary')
    const verbs = new Set(box.sandbox.log.map(({ verb }) => verb))
    for (const verb of ['RETR', 'DELE', 'QUIT', 'RSET']) expect(verbs).not.toContain(verb)
    expect(box.mailbox.messages()).toHaveLength(3)
  })

  test('an empty mailbox has no oldest, and a mail without a date none either', async () => {
    await using empty = await startMailbox([])
    expect(await runJson(['mailbox', 'test', 'test', '--json'], empty.env())).toMatchObject([
      { messages: 0, oldest: null, newest: null },
    ])
    await using undated = await startMailbox([{ uniqueId: 'a', octets: mail('') }])
    expect((await run(['mailbox', 'test', 'test'], undated.env())).stdout.toString()).toContain('does not tell')
  })
})
