import { createPublicKey, verify } from 'node:crypto'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { canonical } from '../../../src/audit/canonical-json.ts'
import { type Acknowledging, openAcknowledging } from '../../support/acknowledging.ts'
import { unguarded } from '../../support/append-only.ts'
import { mail } from '../../support/mails.ts'
import { buildProgram, run } from '../../support/program.ts'
import { redisAvailable, startRedis, type TestRedis } from '../../support/redis.ts'
import { startMailbox } from '../../support/sandbox.ts'
import { tracesInDatabase, tracesInRedis } from '../../support/traces.ts'

const ZOE = 'zoe.quagga@canary.example'
/** Words that only she and her mails have. */
const WORDS = [ZOE, 'Zoe Quagga', 'zebrafinch', 'okapi', 'tapir', 'pangolin', 'axolotl', 'numbat', 'quokka']

/** A mail of hers, in every part of which one of the words stands. */
const hers = (id: string, from = `Zoe Quagga <${ZOE}>`) =>
  [
    ...[`From: ${from}`, 'To: Support <support@example.org>', `Subject: My zebrafinch ${id}`],
    ...[`Message-ID: <okapi-${id}-${ZOE}>`, 'Date: Mon, 02 Nov 2026 09:00:00 +0000', 'MIME-Version: 1.0'],
    ...[
      'Content-Type: multipart/mixed; boundary="b"',
      '',
      '--b',
      'Content-Type: multipart/alternative; boundary="a"',
      '',
    ],
    ...['--a', 'Content-Type: text/plain', 'Content-Transfer-Encoding: base64', ''],
    Buffer.from(`The tapir of ${id} is ill.\r\n`).toString('base64'),
    ...['--a', 'Content-Type: text/html', '', '<p>The <b>pangolin</b> is well.</p>', '--a--'],
    ...['--b', 'Content-Type: text/plain', 'Content-Disposition: attachment; filename="axolotl.txt"', ''],
    ...['quokka', '--b--', ''],
  ].join('\r\n')

const absent = [
  ...[`From: Zoe Quagga <${ZOE}>`, 'To: support@example.org', 'Subject: Out of office: numbat', 'Message-ID: <away@x>'],
  ...[
    'Date: Mon, 02 Nov 2026 09:06:00 +0000',
    'Auto-Submitted: auto-replied',
    '',
    'Back on Friday, says the okapi.',
    '',
  ],
].join('\r\n')

const others = (from: string, { to = 'support@example.org', text = 'Hello.' } = {}) =>
  [
    ...[`From: <${from}>`, `To: ${to}`, 'Subject: Something else', `Message-ID: <${from}>`],
    ...['Date: Mon, 02 Nov 2026 09:00:00 +0000', '', text, ''],
  ].join('\r\n')

/** In this order: who is named later is a neighbour of the one before. */
const NAMED = [
  ...['a%@example.com', 'a_c@example.com', "o'hara@example.com", '"a,b"@example.com', 'ada+news@example.com'],
  ...['ada@example.com', 'Änne@example.com', 'ada@bücher.example', `${'a'.repeat(400)}@example.com`],
]
const NEIGHBOURS = [
  ...[
    'ab@example.com',
    'a%25@example.com',
    'aa%@example.com',
    'abc@example.com',
    'a__c@example.com',
    'a.c@example.com',
  ],
  ...['ohara@example.com', "o''hara@example.com", '"a,,b"@example.com', 'ada+new@example.com'],
  ...['ada@example.com.example', 'adaa@example.com', 'x.ada@example.com', 'anne@example.com', 'ånne@example.com'],
  ...[
    'ada@bucher.example',
    'ada@xn--bcher.example',
    `${'a'.repeat(401)}@example.com`,
    `${'a'.repeat(400)}@example.org`,
  ],
]

let redis: TestRedis | undefined
let desk: Acknowledging

beforeAll(async () => {
  await buildProgram()
  if (redisAvailable) redis = await startRedis()
}, 300_000)
afterAll(async () => await redis?.stop())
beforeEach(async () => {
  desk = await openAcknowledging(redis === undefined ? {} : { env: { REDIS_URL: redis.url } })
})
afterEach(() => desk[Symbol.asyncDispose]())

const erase = (address: string, ...options: string[]) =>
  run(['erase', '--address', address, '--yes', '--json', ...options], desk.env)

async function erased(address: string, ...options: string[]) {
  const { code, stdout, stderr } = await erase(address, ...options)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout.toString())
}

async function isSound(): Promise<void> {
  expect((await desk.worker.app.store.balance()).imbalances).toEqual([])
  const verified = await run(['audit', 'verify', '--raw', '--json'], desk.env)
  expect({ code: verified.code, stderr: verified.stderr }).toEqual({ code: 0, stderr: '' })
}

/** Polled, and not worked. */
async function leaveWaiting(...mails: string[]): Promise<void> {
  desk.deliver(...mails)
  await desk.worker.poll({ wake: async () => undefined })
}

const states = () =>
  desk.query<{ state: string; reason: string; count: number }>(
    'SELECT state::text, reason, count(*)::int FROM inbound_messages GROUP BY 1, 2 ORDER BY 1, 2',
  )

describe('erase --address', () => {
  test('leaves no trace in any table nor in Redis of her mails, in whatever state they are', async () => {
    desk.deliver(hers('1'), hers('2', `"Zoe Quagga" <${ZOE.toUpperCase()}>`), absent)
    await desk.takeIn()
    await desk.send()
    await leaveWaiting(hers('3'), hers('4', `Somebody <ada@example.com>, Zoe Quagga <${ZOE}>`))
    expect(await tracesInDatabase(desk.query, WORDS)).not.toEqual([])
    const { certificate } = await erased(ZOE)
    expect(certificate.erased).toMatchObject({ messages: 5, mentions: 0, contacts: 1, entries: 2, attachments: 2 })
    expect(await tracesInDatabase(desk.query, WORDS)).toEqual([])
    if (redis !== undefined) expect(await tracesInRedis(redis.url, WORDS)).toEqual([])
    expect(await states()).toEqual([
      { state: 'suppressed', reason: expect.stringContaining('auto'), count: 1 },
      { state: 'suppressed', reason: 'erased', count: 2 },
      { state: 'ticketed', reason: 'thread/none', count: 2 },
    ])
    await isSound()
  })

  test('prints a certificate that is signed, with the head of the audit log before and after', async () => {
    desk.deliver(hers('1'))
    await desk.takeIn()
    const { certificate, signature, publicKey } = await erased(ZOE)
    const [{ sha256 } = { sha256: '' }] = await desk.query<{ sha256: string }>('SELECT sha256 FROM raw_messages')
    expect(certificate).toMatchObject({
      ...{ format: 'mailchute-erasure-1', address: ZOE, by: expect.stringMatching(/^cli:/), mentions: false },
      erased: { digests: [sha256] },
      auditHead: { before: expect.stringMatching(/^[0-9a-f]{64}$/), after: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    const isSigned = (text: string) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
    expect([isSigned(canonical(certificate)), isSigned(canonical({ ...certificate, by: 'x' }))]).toEqual([true, false])
  })

  test('knows an erased mail that the server lists again: it is deleted there and makes no second message', async () => {
    desk.deliver(hers('1'))
    await desk.takeIn()
    await erased(ZOE)
    desk.deliver(hers('1'))
    await desk.takeIn()
    expect(await desk.query('SELECT count(*)::int FROM inbound_messages')).toEqual([{ count: 1 }])
    expect(await tracesInDatabase(desk.query, WORDS)).toEqual([])
    await isSound()
  })

  test('does not let the same octets in over another mailbox: suppressed unread, nothing stored', async () => {
    desk.deliver(hers('1'))
    await desk.takeIn()
    await erased(ZOE)
    await desk.query(`INSERT INTO mailboxes (name, url) VALUES ('other', 'x')`)
    await desk.query(`UPDATE inbound_messages SET mailbox_id = (SELECT id FROM mailboxes WHERE name = 'other')`)
    desk.deliver(hers('1'))
    await desk.takeIn()
    expect(
      await desk.query('SELECT state::text, reason FROM inbound_messages ORDER BY received_at DESC LIMIT 1'),
    ).toEqual([{ state: 'suppressed', reason: 'erased' }])
    expect(await tracesInDatabase(desk.query, WORDS)).toEqual([])
  })

  test('leaves no trace in the files of the data folder but those of PostgreSQL itself (docs/retention.md)', async () => {
    await using mailbox = await startMailbox(
      [hers('1'), absent].map((text, index) => ({ uniqueId: `u${index}`, octets: Buffer.from(text) })),
    )
    const folder = await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'erase-data-'))
    const env = { ...mailbox.env(), MAILCHUTE_DATA: folder }
    expect(await run(['drain'], env)).toMatchObject({ code: 0 })
    const { code, stdout } = await run(['erase', '--address', ZOE, '--yes', '--json'], env)
    expect(code).toBe(0)
    expect(JSON.parse(stdout.toString()).certificate.erased.messages).toBe(2)
    const files = await readdir(folder, { recursive: true, withFileTypes: true })
    const own = files
      .filter((file) => file.isFile())
      .map((file) => path.join(file.parentPath, file.name))
      .filter((file) => !/\/(base|pg_wal)\//.test(file))
    const text = (await Promise.all(own.map((file) => readFile(file, 'latin1')))).join('\n').toLowerCase()
    expect(own.some((file) => file.endsWith('postgres.log'))).toBe(true)
    expect(WORDS.filter((word) => text.includes(word.toLowerCase()))).toEqual([])
  })

  test('is done again without harm, and finds nothing', async () => {
    desk.deliver(hers('1'))
    await desk.takeIn()
    await erased(ZOE)
    const { certificate } = await erased(ZOE)
    expect(certificate.erased).toMatchObject({ messages: 0, contacts: 0, participants: 0, outbox: 0, digests: [] })
  })

  test('is not stopped by an event that somebody has changed', async () => {
    desk.deliver(hers('1'), others('bob@example.com'))
    await desk.takeIn()
    await desk.query(
      unguarded(`UPDATE inbound_events SET detail = detail || '{"ticket": "x"}' WHERE code = 'work/ticketed'`),
    )
    await desk.query(`UPDATE tickets SET status = 'merged' WHERE subject = 'Something else'`)
    await erased(ZOE)
    expect(await tracesInDatabase(desk.query, WORDS)).toEqual([])
  })

  test('lets her write again: that mail is new', async () => {
    desk.deliver(hers('1'))
    await desk.takeIn()
    await erased(ZOE)
    desk.deliver(hers('2'))
    await desk.takeIn()
    expect(await desk.query(`SELECT address, name FROM contacts WHERE address <> ''`)).toEqual([
      { address: ZOE, name: 'Zoe Quagga' },
    ])
    await isSound()
  })

  test('takes the address out of the recipients of others, whose mails stay; with --mentions these go, too', async () => {
    desk.deliver(
      others('bert@example.com', { to: `Zoe Quagga <${ZOE}>, support@example.org` }),
      others('carla@example.com', { text: `Ask ${ZOE.toUpperCase()} about it.` }),
      others('dora@example.com'),
    )
    await desk.takeIn()
    const first = await erased(ZOE)
    expect(first.certificate.erased).toMatchObject({ messages: 0, recipients: 1, participants: 1 })
    expect(first.certificate.kept.join()).toContain('--mentions')
    expect(await tracesInDatabase(desk.query, WORDS)).toEqual([
      'public.raw_chunks.octets: zoe.quagga@canary.example',
      'public.raw_chunks.octets: Zoe Quagga',
      'public.ticket_entries.text: zoe.quagga@canary.example',
      'public.ticket_entries.reply: zoe.quagga@canary.example',
    ])
    const second = await erased(ZOE, '--mentions')
    expect(second.certificate.erased).toMatchObject({ messages: 2, mentions: 2 })
    expect(await tracesInDatabase(desk.query, WORDS)).toEqual([])
    expect(await desk.query(`SELECT from_address FROM ticket_entries WHERE from_address <> ''`)).toEqual([
      { from_address: 'dora@example.com' },
    ])
    await isSound()
  })

  test('erases who was named, one by one, and never a neighbour', async () => {
    for (const from of [...NAMED, ...NEIGHBOURS]) desk.deliver(others(from))
    await desk.takeIn()
    const left = new Set([...NAMED, ...NEIGHBOURS])
    const before = await desk.query<{ address: string }>('SELECT address FROM contacts')
    expect(before).toHaveLength(left.size)
    for (const address of NAMED) {
      const { certificate } = await erased(address.toLowerCase())
      expect({ address, ...certificate.erased }).toMatchObject({ address, messages: 1, contacts: 1 })
      left.delete(address)
      const entries = await desk.query<{ from: string }>(
        `SELECT from_address AS from FROM ticket_entries WHERE from_address <> ''`,
      )
      expect(entries.map(({ from }) => from).toSorted()).toEqual([...left].toSorted())
    }
    await isSound()
  })

  test('finds a domain in whatever form it is written (RFC 5890)', async () => {
    desk.deliver(others('ada@bücher.example'), others('Ada@XN--BCHER-KVA.example'), others('ada@BÜCHER.example'))
    await desk.takeIn()
    const { certificate } = await erased('ada@xn--bcher-kva.example')
    expect(certificate.erased.messages).toBe(3)
    expect(await tracesInDatabase(desk.query, ['ada@b', 'ada@xn--'])).toEqual([])
  })

  test('finds a local part with and without quotation marks (RFC 5322 section 3.2.4)', async () => {
    desk.deliver(others('ada@example.com'), others('"ada"@example.com'), others('"ad\\\\a"@example.com'))
    await desk.takeIn()
    const { certificate } = await erased('ada@example.com')
    expect(certificate.erased).toMatchObject({ messages: 2, contacts: 2 })
  })

  test('changes nothing with --dry-run, says what it would be, and asks for --yes', async () => {
    desk.deliver(hers('1'), mail({ id: 'other' }))
    await desk.takeIn()
    const before = await tracesInDatabase(desk.query, WORDS)
    const dry = await run(['erase', '--address', ZOE, '--dry-run'], desk.env)
    expect(dry.code).toBe(0)
    expect(dry.stdout.toString()).toContain('1 message would be erased')
    expect(await run(['erase', '--address', ZOE], desk.env)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--yes'),
    })
    expect(await tracesInDatabase(desk.query, WORDS)).toEqual(before)
  })

  test('refuses what is no address, and the address of a mailbox here', async () => {
    for (const address of ['zoe', '@canary.example', 'zoe@', 'support@example.org', ' ', '"a b"@example.com']) {
      expect(await erase(address)).toMatchObject({ code: 64 })
    }
  })

  test('events hold no addresses, names or words of a mail', async () => {
    desk.deliver(hers('1'), absent)
    await desk.takeIn()
    await desk.send()
    const events = await desk.query<{ detail: unknown }>('SELECT detail FROM inbound_events')
    expect(events.length).toBeGreaterThan(4)
    const text = JSON.stringify(events).toLowerCase()
    expect(WORDS.filter((word) => text.includes(word.toLowerCase()))).toEqual([])
  })
})
