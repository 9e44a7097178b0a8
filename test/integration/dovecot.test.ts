import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { MailboxConfig } from '../../src/config.ts'
import { generateMails } from '../../src/sandbox/generate.ts'
import { openStore } from '../../src/store/store.ts'
import { DOVECOT_PASSWORD, type Dovecot, startDovecot } from '../support/dovecot.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, run, runJson, type Settings } from '../support/program.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'

const MAILS = 500

let dovecot: Dovecot
let redis: TestRedis | null = null
let folder = ''
beforeAll(async () => {
  await buildProgram()
  dovecot = await startDovecot()
  if (redisAvailable) redis = await startRedis()
  folder = await mkdtemp(path.join(tmpdir(), 'mailchute-ca-'))
  await writeFile(path.join(folder, 'ca.pem'), dovecot.ca)
})
afterAll(async () => {
  await redis?.stop()
  await dovecot[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const header = (name: string) =>
  `From: Ann <ann@customer.example>\r\nTo: support@mailchute.example\r\nSubject: ${name}\r\nMessage-ID: <${name}@peculiar.example>\r\n\r\n`

/** NUL is missing: Dovecot itself replaces it. */
const PECULIAR: readonly Buffer[] = [
  Buffer.from(`${header('dots')}.\r\n..\r\n...\r\n.leading\r\n.\r\n\r\n.`),
  Buffer.from(`${header('dots-at-the-end')}text\r\n.\r\n`),
  Buffer.concat([Buffer.from(header('eight-bit')), Buffer.from([...Array(255).keys()].map((octet) => octet + 1))]),
  Buffer.from(`${header('bare-cr')}one\rtwo\r\rthree\r\n\r`),
  Buffer.from(`${header('lone-lf').replaceAll('\r\n', '\n')}one\ntwo\n\nthree\n`),
  Buffer.from(`${header('mixed-line-ends')}one\ntwo\r\nthree\n\r\nfour\n`),
  Buffer.from(`${header('no-final-newline')}the end`),
  Buffer.from(`${header('long-lines')}${'x'.repeat(100_000)}\r\n.${'y'.repeat(70_000)}\r\n`),
  Buffer.from(header('empty-body')),
  Buffer.from('Subject: no empty line\r\nFrom: ann@customer.example\r\n'),
]

/** What Dovecot makes of a file on the wire: every bare LF gets its CR. */
function onTheWire(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replace(/(?<!\r)\n/g, '\r\n'), 'latin1')
}

/** The end of the last line is POP3's (RFC 1939 section 3): a missing one is there afterwards. */
function asLines(octets: Buffer): Buffer {
  const wire = onTheWire(octets)
  return wire.subarray(-2).toString('latin1') === '\r\n' ? wire : Buffer.concat([wire, Buffer.from('\r\n')])
}

const sha256 = (octets: Buffer) => createHash('sha256').update(octets).digest('hex')

const count = z.int().nonnegative()
const sheet = z.strictObject({
  mailboxes: z.array(
    z.strictObject({
      mailbox: z.string(),
      ...{ listed: count, known: count, retrieved: count, stored: count },
      ...{ held: count, deleted: count, left: count, octets: count },
      error: z.null(),
    }),
  ),
  work: z.strictObject({ ticketed: count, suppressed: count, quarantined: count }),
  seconds: z.strictObject({ poll: z.number(), work: z.number(), total: z.number() }),
})
const listed = z.object({ id: z.uuid(), sha256: z.string(), sizeBytes: count, state: z.string(), ticket: z.int() })

interface Way extends Pick<MailboxConfig, 'protocol' | 'security'> {
  readonly scheme: string
  readonly queue: 'Redis' | 'PostgreSQL'
  readonly asReceived: (octets: Buffer) => Buffer
}

const queue = redisAvailable ? 'Redis' : 'PostgreSQL'
const [POP3, IMAP] = [
  { protocol: 'pop3', asReceived: asLines },
  { protocol: 'imap', asReceived: onTheWire },
] as const
const WAYS: readonly Way[] = [
  { ...POP3, security: 'tls', scheme: 'pop3s', queue },
  { ...POP3, security: 'stls', scheme: 'pop3+stls', queue: 'PostgreSQL' },
  { ...IMAP, security: 'tls', scheme: 'imaps', queue },
]

describe.each(WAYS)('$scheme from Dovecot, queue in $queue', ({ protocol, security, scheme, queue, asReceived }) => {
  test(`${MAILS} mails become ${MAILS} entries, octet for octet, and leave the server (I1, I2, I5)`, async () => {
    const user = `drain-${protocol}-${security}`
    const { port } = dovecot.mailbox(user, security, { protocol })
    const generated = generateMails({ count: MAILS - PECULIAR.length, seed: 11, averageBytes: 6000 })
    const mails = [...PECULIAR, ...generated.map(({ octets }) => octets)]
    await dovecot.deliver(user, mails)
    const databaseUrl = await createDatabase()
    const settings: Settings = {
      DATABASE_URL: databaseUrl,
      ...(queue === 'Redis' && redis !== null ? { REDIS_URL: redis.url } : {}),
      MAILBOX_REAL_URL: `${scheme}://${user}@127.0.0.1:${port}?ca=${folder}/ca.pem`,
      MAILBOX_REAL_PASSWORD: DOVECOT_PASSWORD,
    }
    const wanted = mails.map(asReceived)
    const octets = wanted.reduce((sum, { length }) => sum + length, 0)

    const [printed] = await runJson(['drain', '--json'], settings)
    expect(sheet.parse(printed)).toMatchObject({
      mailboxes: [{ mailbox: 'real', ...{ listed: MAILS, retrieved: MAILS, stored: MAILS, deleted: MAILS }, octets }],
      work: { ticketed: MAILS, suppressed: 0, quarantined: 0 },
    })
    expect(sheet.parse(printed).mailboxes[0]).toMatchObject({ known: 0, held: 0, left: 0 })
    expect(await dovecot.files(user)).toEqual([])

    const messages = z.array(listed).parse(await runJson(['messages', '--json'], settings))
    expect(messages.map((message) => message.sha256).toSorted()).toEqual(wanted.map(sha256).toSorted())
    expect(new Set(messages.map(({ ticket }) => ticket)).size).toBe(MAILS)
    await expectOctets(databaseUrl, wanted)
    for (const octets of wanted.slice(0, 3)) {
      const { id = '' } = messages.find((message) => message.sha256 === sha256(octets)) ?? {}
      expect((await run(['messages', 'raw', id], settings)).stdout.equals(octets)).toBe(true)
    }

    const [again] = await runJson(['drain', '--json'], settings)
    expect(again).toMatchObject({ mailboxes: [{ listed: 0, stored: 0, error: null }], work: { ticketed: 0 } })
  })
})

async function expectOctets(databaseUrl: string, wanted: readonly Buffer[]): Promise<void> {
  const store = openStore(databaseUrl)
  try {
    for (const octets of wanted) {
      const stored: Buffer[] = []
      for await (const piece of store.raw.octets(sha256(octets))) stored.push(piece)
      expect(Buffer.concat(stored).equals(octets)).toBe(true)
    }
  } finally {
    await store.close()
  }
}
