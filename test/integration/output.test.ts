import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { refuse } from '../../src/sandbox/manners.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, run, runJson, type Settings } from '../support/program.ts'
import { rulesFile } from '../support/rules-desk.ts'

const USER = 'support@mailchute.example'
const PASSWORD = 'passw0rd-canary'

/** Every octet that a message can be made of, NUL too; CR and LF only as lines end. */
const EVERY_OCTET = Buffer.from([...Array(256).keys()].filter((octet) => octet !== 10 && octet !== 13))

const MAILS: readonly Buffer[] = [
  Buffer.concat([
    Buffer.from(
      'From: Ann Subject-Canary <ann@customer.example>\r\nSubject: subject-canary\r\nMessage-ID: <1@customer.example>\r\n\r\nbody-canary\r\n.\r\n..\r\n',
    ),
    EVERY_OCTET,
    Buffer.from('\r\n'),
  ]),
  Buffer.from(
    [
      'From: Bea <bea@customer.example>',
      'To: support@mailchute.example',
      'Subject: a file of subject-canary',
      'Message-ID: <2@customer.example>',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/html',
      '',
      '<p onclick="x()">body-canary</p><script>alert(1)</script>',
      '--b',
      'Content-Type: application/pdf; name=body-canary.pdf',
      'Content-Transfer-Encoding: base64',
      '',
      'aGVsbG8=',
      '--b--',
      '',
    ].join('\r\n'),
  ),
  // A rule holds it.
  Buffer.from('From: c@customer.example\r\nSubject: subject-canary\r\n\r\nbody-canary\r\n'),
]

const RULES = 'rules:\n  - { name: held, when: { from: c@customer.example }, then: { hold: true } }\n'

let sandbox: Sandbox
let settings: Settings
beforeAll(async () => {
  await buildProgram()
  const messages = MAILS.map((octets, index) => ({ uniqueId: `mail-${index + 1}`, octets }))
  sandbox = await startSandbox({ mailboxes: [{ user: USER, password: PASSWORD, messages }] })
  settings = {
    DATABASE_URL: await createDatabase(),
    MAILBOX_SUPPORT_URL: sandbox.url(USER),
    MAILBOX_SUPPORT_PASSWORD: PASSWORD,
    MAILCHUTE_RULES: await rulesFile(RULES),
  }
})
afterAll(() => sandbox.close())

const count = z.int().nonnegative()
const instant = z.iso.datetime()
const digest = z.string().regex(/^[0-9a-f]{64}$/)
const address = z.strictObject({ name: z.string(), address: z.string() })

const message = z.strictObject({
  ...{ id: z.uuid(), mailbox: z.string(), uniqueId: z.string(), sha256: digest, sizeBytes: count },
  messageId: z.string().nullable(),
  state: z.enum(['received', 'ticketed', 'suppressed', 'quarantined']),
  reason: z.string().nullable(),
  ticket: z.int().nullable(),
  kind: z.string().nullable(),
  receivedAt: instant,
})
const ticket = z.strictObject({
  ...{ number: z.int(), subject: z.string(), status: z.enum(['open', 'pending', 'closed']), mailbox: z.string() },
  ...{ requester: address, entries: count, createdAt: instant, updatedAt: instant },
  ...{ queue: z.string().nullable(), priority: z.enum(['low', 'normal', 'high', 'urgent']) },
  ...{ tags: z.array(z.string()), assignee: z.string().nullable() },
})
const attachment = z.strictObject({
  ...{ position: count, filename: z.string().nullable(), contentType: z.string(), sizeBytes: count, sha256: digest },
})
const entry = z.strictObject({
  ...{ inboundMessageId: z.uuid(), messageId: z.string().nullable(), kind: z.string(), from: address },
  ...{ text: z.string().nullable(), html: z.string().nullable(), reply: z.string().nullable() },
  ...{ replyHtml: z.string().nullable() },
  ...{ attachments: z.array(attachment), createdAt: instant },
})
const ticketWithEntries = z.strictObject({
  ...ticket.shape,
  entries: z.array(entry),
  /** Not promised yet, but there. */
  ...{ linkedTicket: z.int().nullable(), mergedInto: z.int().nullable() },
})

describe('what programs read', () => {
  test('nothing of a mail and no secret is logged while mail is worked, at any level (I9)', async () => {
    const { code, stdout, stderr } = await run(['drain', '--json'], { ...settings, LOG_LEVEL: 'trace' })
    expect(code).toBe(0)
    expect(JSON.parse(stdout.toString())).toMatchObject({ work: { ticketed: 2, quarantined: 1 } })
    for (const event of ['poll.finished', 'message.ticketed', 'message.quarantined']) expect(stderr).toContain(event)
    expect(stdout.toString() + stderr).not.toMatch(/canary/i)
  })

  test('a message is a line of `messages --json`, with these fields and no others', async () => {
    const lines = await runJson(['messages', '--json'], settings)
    const messages = z.array(message).parse(lines)
    expect(messages.map(({ uniqueId, state, ticket }) => [uniqueId, state, ticket !== null]).toSorted()).toEqual([
      ['mail-1', 'ticketed', true],
      ['mail-2', 'ticketed', true],
      ['mail-3', 'quarantined', false],
    ])
    expect(await runJson(['messages', '--state', 'quarantined', '--mailbox', 'support', '--json'], settings)).toEqual([
      expect.objectContaining({ uniqueId: 'mail-3', reason: 'rule/hold' }),
    ])
    expect(await run(['messages', '--mailbox', 'sales', '--json'], settings)).toMatchObject({ code: 64 })
  })

  test('`messages raw` writes the exact octets, every one there is (I1)', async () => {
    const messages = z.array(message).parse(await runJson(['messages', '--json'], settings))
    for (const { id, uniqueId } of messages) {
      const octets = MAILS[Number(uniqueId.slice(5)) - 1]
      expect((await run(['messages', 'raw', id], settings)).stdout.equals(octets ?? Buffer.of())).toBe(true)
    }
    const [first] = messages
    const byPrefix = await run(['messages', 'raw', first?.id.slice(0, 13) ?? ''], settings)
    expect(byPrefix.stdout).toHaveLength(first?.sizeBytes ?? 0)
  })

  test('`messages show` tells every step with its code, and nothing of the content (I8, I9)', async () => {
    const [quarantined] = z
      .array(message)
      .parse(await runJson(['messages', '--state', 'quarantined', '--json'], settings))
    const shown = await run(['messages', 'show', quarantined?.id ?? '', '--json'], settings)
    expect(JSON.parse(shown.stdout.toString())).toMatchObject({
      events: [{ code: 'intake/stored' }, { code: 'work/quarantined', detail: { reason: 'rule/hold' } }],
    })
    expect(shown.stdout.toString()).not.toContain('canary')
  })

  test('a ticket is a line of `tickets --json`, and `tickets show` adds its entries', async () => {
    const tickets = z.array(ticket).parse(await runJson(['tickets', '--json'], settings))
    expect(tickets.map(({ subject }) => subject).toSorted()).toEqual(['a file of subject-canary', 'subject-canary'])
    const { number = 0 } = tickets.find(({ subject }) => subject.startsWith('a file')) ?? {}
    const [shown] = z
      .array(ticketWithEntries)
      .parse(await runJson(['tickets', 'show', String(number), '--json'], settings))
    expect(shown).toMatchObject({
      requester: { name: 'Bea', address: 'bea@customer.example' },
      entries: [
        {
          ...{ messageId: '<2@customer.example>', kind: 'email', text: 'body-canary', html: '<p>body-canary</p>' },
          attachments: [{ filename: 'body-canary.pdf', contentType: 'application/pdf', sizeBytes: 5 }],
        },
      ],
    })
  })

  test('a message that an operator releases is worked again, and says so', async () => {
    const [quarantined] = await runJson(['messages', '--state', 'quarantined', '--json'], settings)
    const { id } = message.parse(quarantined)
    expect((await run(['messages', 'reprocess', id], settings)).code).toBe(0)
    expect(await runJson(['messages', '--state', 'received', '--json'], settings)).toMatchObject([{ id }])
    const [sheet] = await runJson(['drain', '--json'], settings)
    expect(sheet).toMatchObject({ mailboxes: [{ listed: 0 }], work: { ticketed: 1 } })
    const [shown] = await runJson(['messages', 'show', id, '--json'], settings)
    expect(shown).toMatchObject({
      state: 'ticketed',
      events: [{}, { code: 'work/quarantined' }, { code: 'operator/reprocess' }, { code: 'work/ticketed' }],
    })
    const ticketed = await runJson(['messages', '--state', 'ticketed', '--json'], settings)
    const again = await run(['messages', 'release', message.parse(ticketed[0]).id], settings)
    expect(again.code).toBe(64)
  })
})

describe('what people read', () => {
  const ESCAPE = String.fromCharCode(27)

  test('has no colours in a pipe, not even where a CI asks for them', async () => {
    for (const args of [['drain'], ['messages'], ['tickets'], ['mailbox', 'list'], ['doctor'], ['nonsense']]) {
      const { stdout, stderr } = await run(args, { ...settings, CI: 'true' })
      expect(stdout.toString() + stderr).not.toContain(ESCAPE)
    }
  })

  test('has no secret, not even where the server tells it back (I9)', async () => {
    await using telling = await startSandbox({
      mailboxes: [{ user: USER, password: PASSWORD }],
      manners: [refuse({ verb: 'PASS' }, `[AUTH] ${PASSWORD} is wrong`)],
    })
    const url = { MAILBOX_SUPPORT_URL: telling.url(USER), LOG_LEVEL: 'trace' }
    for (const args of [['drain'], ['mailbox', 'test', 'support'], ['doctor']]) {
      const { code, stdout, stderr } = await run(args, { ...settings, ...url })
      expect([args, code]).toEqual([args, 77])
      expect(stdout.toString() + stderr).not.toContain(PASSWORD)
    }
  })
})
