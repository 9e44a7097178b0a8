import { afterEach, describe, expect, test } from 'vitest'
import {
  type Acknowledging,
  type AcknowledgingOptions,
  headerOf,
  openAcknowledging,
  SUPPORT,
} from '../support/acknowledging.ts'
import { mail } from '../support/mails.ts'

const CARLA = 'carla@example.com'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each[Symbol.asyncDispose]()
})

async function open(options: AcknowledgingOptions = {}): Promise<Acknowledging> {
  const acknowledging = await openAcknowledging(options)
  opened.push(acknowledging)
  return acknowledging
}

const withField = (octets: Buffer, field: string) => Buffer.from(`${field}\r\n${octets.toString('latin1')}`, 'latin1')

const reasons = ({ query }: Acknowledging) =>
  query<{ reason: string }>(
    `SELECT CASE code WHEN 'work/ticketed' THEN detail->>'acknowledgement' ELSE code END AS reason
     FROM inbound_events WHERE code LIKE 'work/%' ORDER BY id`,
  ).then((rows) => rows.map(({ reason }) => reason))

const states = ({ query }: Acknowledging) =>
  query<{ recipient: string; state: string; reason: string | null }>(
    'SELECT recipient, state, reason FROM outbox ORDER BY id',
  )

describe('the acknowledgement of a new ticket', () => {
  test('goes to who wrote, once, with the header of RFC 3834 section 3.1', async () => {
    const desk = await open()
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await desk.send()
    await desk.send()
    expect(desk.smtp.mails).toHaveLength(1)
    const [{ from, to, octets } = { from: null, to: null, octets: Buffer.alloc(0) }] = desk.smtp.mails
    expect({ from, to }).toEqual({ from: '', to: [CARLA] })
    expect(Object.fromEntries(headerOf(octets))).toMatchObject({
      from: `Support <${SUPPORT}>`,
      to: CARLA,
      subject: '[#1] About first',
      'auto-submitted': 'auto-replied',
      'x-auto-response-suppress': 'All',
      'in-reply-to': '<first@example.com>',
      references: '<first@example.com>',
      'message-id': expect.stringMatching(/^<t\.1\.\d+\.[0-9a-f]{32}@example\.org>$/),
    })
    expect(octets.toString()).not.toContain('Hello, this is')
    expect(await states(desk)).toEqual([{ recipient: CARLA, state: 'sent', reason: null }])
    const told = await desk.query(`SELECT code FROM inbound_events WHERE inbound_message_id IS NOT NULL ORDER BY id`)
    expect(told.at(-1)).toEqual({ code: 'outbound/sent' })
  })

  test('is in the language of the mail (Content-Language, RFC 3282)', async () => {
    const desk = await open()
    desk.deliver(withField(mail({ id: 'first' }), 'Content-Language: de-AT'))
    await desk.takeIn()
    await desk.send()
    const octets = desk.smtp.mails[0]?.octets ?? Buffer.alloc(0)
    expect(headerOf(octets).get('content-language')).toBe('de')
    expect(octets.toString()).toContain('Ticketnummer')
  })

  test('is never sent where it is not due, and the event of the decision says why (I8)', async () => {
    const desk = await open()
    const KIND = expect.stringMatching(/^(?!acknowledge\/)./)
    const cases: [unknown, Buffer][] = [
      [KIND, withField(mail({ id: 'a' }), 'Auto-Submitted: auto-generated')],
      [KIND, withField(mail({ id: 'b' }), 'List-Id: <people.example.com>')],
      [KIND, withField(mail({ id: 'c' }), 'Return-Path: <>')],
      [KIND, mail({ id: 'd', from: 'no-reply@shop.example' })],
      [KIND, mail({ id: 'e', from: 'MAILER-DAEMON@mx.example' })],
      ['acknowledge/own-mailbox', mail({ id: 'f', from: SUPPORT.toUpperCase() })],
      ['acknowledge/return-path-differs', withField(mail({ id: 'g' }), 'Return-Path: <mallory@elsewhere.example>')],
      ['acknowledge/due', mail({ id: 'h' })],
      ['acknowledge/no-new-ticket', mail({ id: 'i', inReplyTo: 'h' })],
    ]
    for (const [, octets] of cases) {
      desk.deliver(octets)
      await desk.takeIn()
    }
    await desk.send()
    expect(await reasons(desk)).toEqual(cases.map(([reason]) => reason))
    expect(desk.smtp.mails.map(({ to }) => to)).toEqual([[CARLA]])
  })

  test('never goes where Reply-To points: nobody can make us write to a third party (RFC 3834 section 4)', async () => {
    const desk = await open()
    desk.deliver(withField(mail({ id: 'first' }), 'Reply-To: victim@elsewhere.example'))
    await desk.takeIn()
    await desk.send()
    expect(desk.smtp.mails.map(({ to }) => to)).toEqual([[CARLA]])
    expect(desk.smtp.mails[0]?.octets.toString()).not.toContain('victim')
  })

  test('is off unless it is switched on', async () => {
    const desk = await open({ env: { MAILBOX_TEST_ACKNOWLEDGE: 'off', MAILBOX_TEST_ACKNOWLEDGE_FROM: '' } })
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await desk.send()
    expect([await reasons(desk), await states(desk), desk.smtp.mails]).toEqual([[null], [], []])
  })

  test('goes out under the own address where the server does not take the empty one', async () => {
    const desk = await open()
    desk.smtp.manners.mailFrom = (address) => (address === '' ? { code: 550, text: '5.7.1 null sender' } : null)
    desk.deliver(mail({ id: 'first' }), mail({ id: 'second', from: 'bert@example.com' }))
    await desk.takeIn()
    await desk.send()
    expect(desk.smtp.mails.map(({ from }) => from)).toEqual([SUPPORT, SUPPORT])
    expect(desk.smtp.connections()).toBe(1)
  })

  test('has the envelope sender that is set (?envelope=)', async () => {
    const desk = await open()
    for (const [envelope, sender] of [
      ['own', SUPPORT],
      ['empty', ''],
    ] as const) {
      const env = { MAILBOX_TEST_SMTP_URL: `smtp://127.0.0.1:${desk.smtp.port}?envelope=${envelope}` }
      const other = await open({ env, smtp: desk.smtp })
      other.deliver(mail({ id: 'first' }))
      await other.takeIn()
      await other.send()
      expect(desk.smtp.mails.at(-1)?.from).toBe(sender)
    }
  })
})

describe('a reply to the acknowledgement', () => {
  const answer = (id: string, fields: readonly string[], from = CARLA) =>
    Buffer.from(
      [
        `From: <${from}>`,
        `To: ${SUPPORT}`,
        `Message-ID: <${id}@example.com>`,
        'Subject: Re',
        ...fields,
        '',
        'More.',
        '',
      ].join('\r\n'),
    )

  async function acknowledged(): Promise<{ desk: Acknowledging; messageId: string }> {
    const desk = await open()
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    await desk.send()
    return { desk, messageId: headerOf(desk.smtp.mails[0]?.octets ?? Buffer.alloc(0)).get('message-id') ?? '' }
  }

  const entries = ({ query }: Acknowledging) =>
    query(
      `SELECT t.number, count(*)::int AS entries FROM tickets t JOIN ticket_entries e ON e.ticket_id = t.id GROUP BY 1 ORDER BY 1`,
    )

  test('lands on its ticket, also where it names nothing but the acknowledgement', async () => {
    const { desk, messageId } = await acknowledged()
    desk.deliver(answer('only', [`In-Reply-To: ${messageId}`]))
    await desk.takeIn()
    desk.deliver(answer('both', [`In-Reply-To: ${messageId}`, `References: <first@example.com> ${messageId}`]))
    await desk.takeIn()
    expect(await entries(desk)).toEqual([{ number: 1, entries: 3 }])
    const placed = await desk.query(`SELECT reason FROM inbound_messages ORDER BY received_at`)
    expect(placed).toEqual(['thread/none', 'thread/token', 'thread/token'].map((reason) => ({ reason })))
  })

  test('of somebody who takes no part opens a ticket of its own: a msg-id alone lets nobody in', async () => {
    const { desk, messageId } = await acknowledged()
    desk.deliver(answer('stranger', [`In-Reply-To: ${messageId}`], 'mallory@elsewhere.example'))
    await desk.takeIn()
    expect(await entries(desk)).toEqual([1, 2].map((number) => ({ number, entries: 1 })))
  })

  test('finds it even if it is faster than the answer of the SMTP server', async () => {
    const desk = await open()
    desk.deliver(mail({ id: 'first' }))
    await desk.takeIn()
    desk.smtp.manners.data = async ({ octets }) => {
      desk.deliver(answer('quick', [`In-Reply-To: ${headerOf(octets).get('message-id')}`]))
      await desk.takeIn()
      return null
    }
    await desk.send()
    expect(await entries(desk)).toEqual([{ number: 1, entries: 2 }])
  })
})
