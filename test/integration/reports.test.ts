/** Reports and automatic answers are booked on the ticket they are about, and add nothing to it (issue 4, point 2). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Delivery, MailKind, ParsedMessage } from '../../src/message/parsed-message.ts'
import { headerOf } from '../support/acknowledging.ts'
import { type Desk, letter, OURS, openDesk, ticketsOf } from '../support/front-desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk[Symbol.asyncDispose]())

const CARLA = 'carla@example.com'
const DAEMON = 'MAILER-DAEMON@mx.example'

/** Message-ID of the acknowledgement of Carla's ticket, number 1, with her mail `real`. */
let token = ''
beforeEach(async () => {
  await desk.empty()
  desk.deliver('support', letter({ id: 'real' }))
  await desk.takeIn()
  await desk.send()
  token = headerOf(desk.smtp.mails.at(-1)?.octets ?? Buffer.alloc(0)).get('message-id') ?? ''
})

type Understood = Pick<ParsedMessage, 'kind'> & Partial<ParsedMessage>

const failure = (over: Partial<Delivery> = {}, status: string | null = '5.1.1', address = CARLA): Understood => ({
  kind: 'delivery-status',
  delivery: {
    ...{ temporary: false, originalMessageId: token },
    recipients: [{ address, action: 'failed', status, diagnostic: null }],
    ...over,
  },
})

async function report(id: string, understood: Understood, fields: readonly string[] = []): Promise<void> {
  desk.understood = { mayAnswer: false, reason: 'test/report', delivery: null, reportsOn: [], ...understood }
  desk.deliver('support', letter({ id, from: DAEMON, fields }))
  await desk.takeIn()
  desk.understood = {}
}

const booked = async (id: string) =>
  (
    await desk.query<{ state: string; kind: string; ticket: number | null; told: string | null }>(
      `SELECT m.state, m.kind::text, t.number AS ticket, e.detail->>'ticket' AS told FROM inbound_messages m
       LEFT JOIN tickets t ON t.id = m.ticket_id JOIN inbound_events e ON e.inbound_message_id = m.id AND e.code LIKE 'work/%'
       WHERE m.message_id = $1`,
      [`<${id}@letters.example>`],
    )
  )[0]

const onTicket = (kind: MailKind) => ({ state: 'suppressed', kind, ticket: 1, told: '1' })
const onNone = (kind: MailKind) => ({ state: 'suppressed', kind, ticket: null, told: null })

const untouched = async () =>
  expect(await ticketsOf(desk)).toMatchObject([{ number: 1, requester: CARLA, ids: ['real'] }])

const returned = async () =>
  (await desk.query(`SELECT bounced_at IS NOT NULL AS bounced, bounce_status AS status FROM outbox ORDER BY id`))[0]

const silence = async () =>
  (
    await desk.query<{ silent: boolean; status: string | null }>(
      `SELECT undeliverable_at IS NOT NULL AS silent, undeliverable_status AS status FROM contacts WHERE address = $1`,
      [CARLA],
    )
  )[0]

const HEARD = { silent: false, status: null }

describe('a report or an automatic answer', () => {
  test.each(['auto-reply', 'delivery-status', 'disposition', 'feedback', 'challenge'] as const)(
    'of kind %s is booked on the ticket that its original was about, whoever sent it',
    async (kind) => {
      await report('report', { kind, reportsOn: [token] })
      expect(await booked('report')).toEqual(onTicket(kind))
      await untouched()
    },
  )

  test('is found by the acknowledgement that it answers, by the mail of the ticket, and by a subaddress of ours', async () => {
    const address = desk.tokens.address({ ticketNumber: 1, outboxId: '1' }, OURS.support)
    const ways = [`In-Reply-To: ${token}`, 'References: <real@letters.example>', `Delivered-To: ${address}`]
    for (const [index, way] of ways.entries()) {
      await report(`away${index}`, { kind: 'auto-reply' }, [way])
      expect(await booked(`away${index}`)).toEqual(onTicket('auto-reply'))
    }
    await untouched()
  })

  test('on the answer of an agent, who sent it elsewhere, is found by what that one referred to', async () => {
    await report('bounce', { kind: 'delivery-status', reportsOn: ['<agent@example.org>', '<real@letters.example>'] })
    expect(await booked('bounce')).toEqual(onTicket('delivery-status'))
  })

  test('on the answer of an agent is found by what she wrote to it, too', async () => {
    desk.deliver('support', letter({ id: 'more', fields: ['References: <real@letters.example> <agent@example.org>'] }))
    await desk.takeIn()
    await report('away', { kind: 'auto-reply' }, ['In-Reply-To: <agent@example.org>'])
    expect(await booked('away')).toEqual(onTicket('auto-reply'))
  })

  test.each([{ fields: [] }, { fields: ['In-Reply-To: <unknown@example.net>'] }])(
    'that is about no ticket is on none: %j',
    async ({ fields }) => {
      await report('lost', { kind: 'auto-reply' }, fields)
      expect(await booked('lost')).toEqual(onNone('auto-reply'))
    },
  )

  test('is not found by a msg-id of another mailbox, nor by a token that is not ours', async () => {
    desk.understood = { kind: 'auto-reply', reason: 'test/report' }
    desk.deliver('sales', letter({ id: 'sales', fields: ['In-Reply-To: <real@letters.example>'] }))
    await desk.takeIn()
    expect(await booked('sales')).toEqual(onNone('auto-reply'))
    await report('forged', { kind: 'auto-reply' }, [`In-Reply-To: ${token.replace(/[0-9a-f]{8}@/, '00000000@')}`])
    expect(await booked('forged')).toEqual(onNone('auto-reply'))
  })

  test('on a merged ticket is booked on what that became', async () => {
    desk.deliver('support', letter({ id: 'two' }))
    await desk.takeIn()
    await desk.query(
      `UPDATE tickets t SET status = 'merged', merged_into_id = kept.id FROM tickets kept WHERE t.number = 1 AND kept.number = 2`,
    )
    await report('away', { kind: 'auto-reply' }, [`In-Reply-To: ${token}`])
    expect(await booked('away')).toMatchObject({ ticket: 2, told: '2' })
  })

  test('that an operator has worked again, and that is understood otherwise by now, is on its ticket alone', async () => {
    await report('bounce', failure())
    const [bounce] = await desk.query<{ id: string }>(`SELECT id FROM inbound_messages WHERE ticket_id IS NOT NULL`)
    desk.understood = { kind: 'personal', reason: 'kind/none' }
    await desk.store.messages.reprocess(bounce?.id ?? '', { actor: 'cli' })
    await desk.workOff()
    expect(await desk.query(`SELECT state, ticket_id FROM inbound_messages WHERE id = $1`, [bounce?.id])).toEqual([
      { state: 'ticketed', ticket_id: null },
    ])
  })

  test('opens no closed ticket', async () => {
    await desk.query(`UPDATE tickets SET status = 'closed'`)
    await report('away', { kind: 'auto-reply' }, [`In-Reply-To: ${token}`])
    expect(await ticketsOf(desk)).toMatchObject([{ status: 'closed', ids: ['real'] }])
  })
})

describe('an acknowledgement that came back', () => {
  test('for good is noted, and its recipient gets none for the next mail, then one again', async () => {
    await report('bounce', failure())
    expect(await booked('bounce')).toEqual(onTicket('delivery-status'))
    expect([await returned(), await silence()]).toEqual([
      { bounced: true, status: '5.1.1' },
      { silent: true, status: '5.1.1' },
    ])
    for (const id of ['next', 'later']) {
      desk.deliver('support', letter({ id }))
      await desk.takeIn()
    }
    expect(await silence()).toEqual(HEARD)
    const decisions = await desk.query(
      `SELECT detail->>'acknowledgement' AS decision FROM inbound_events WHERE code = 'work/ticketed' ORDER BY id`,
    )
    expect(decisions.map(({ decision }) => decision)).toEqual([
      'acknowledge/due',
      'acknowledge/undeliverable',
      'acknowledge/due',
    ])
    expect(await desk.query('SELECT count(*)::int AS mails FROM outbox')).toEqual([{ mails: 2 }])
  })

  test('is forgotten when she writes again, also where her name becomes known by that', async () => {
    await report('bounce', failure())
    await desk.query(`UPDATE contacts SET name = '' WHERE address = $1`, [CARLA])
    desk.deliver('support', letter({ id: 'next' }))
    await desk.takeIn()
    expect(await silence()).toEqual(HEARD)
    expect(await desk.query('SELECT name FROM contacts WHERE address = $1', [CARLA])).toEqual([{ name: 'Carla' }])
  })

  test.each([
    ['for good', () => failure(), 'acknowledge/undeliverable'],
    ['with a complaint', (): Understood => ({ kind: 'feedback', reportsOn: [token] }), 'acknowledge/complained'],
  ])('%s holds back another that was written before', async (_, understood, reason) => {
    desk.deliver('support', letter({ id: 'next' }))
    await desk.takeIn()
    await report('report', understood())
    await desk.send()
    expect(await desk.query('SELECT state, reason FROM outbox ORDER BY id')).toEqual([
      { state: 'sent', reason: null },
      { state: 'skipped', reason },
    ])
  })

  test('stays noted where a mail in her name fails DMARC', async () => {
    await report('bounce', failure())
    desk.trust = 'failed'
    desk.deliver('support', letter({ id: 'spoof' }))
    await desk.takeIn()
    expect(await silence()).toMatchObject({ silent: true })
  })

  test.each([
    ['for a while', () => failure({ temporary: true }, '4.4.1'), { bounced: true, status: '4.4.1' }],
    ['for its size, a full mailbox or a policy', () => failure({}, '5.2.2'), { bounced: true, status: '5.2.2' }],
    ['for our own address', () => failure({}, '5.1.8'), { bounced: true, status: '5.1.8' }],
    ['from where she has it forwarded', () => failure({}, '5.1.1', 'x@y.example'), { bounced: true, status: '5.1.1' }],
    ['from nobody', () => failure({ recipients: [] }), { bounced: true, status: null }],
    [
      'not at all, but late',
      () => failure({ recipients: [{ address: CARLA, action: 'delayed', status: '4.4.1', diagnostic: null }] }),
      { bounced: false, status: null },
    ],
  ])('%s says nothing of her address', async (_, understood, outcome) => {
    await report('bounce', understood())
    expect(await booked('bounce')).toEqual(onTicket('delivery-status'))
    expect([await returned(), await silence()]).toEqual([outcome, HEARD])
  })

  test.each([
    ['names her mail', () => '<real@letters.example>'],
    ['guesses the token', () => token.replace(/[0-9a-f]{8}@/, '00000000@')],
    ['names nothing', () => null],
  ])('in a forgery that %s silences nobody', async (_, originalMessageId) => {
    await report('forged', failure({ originalMessageId: originalMessageId() }))
    await report('forged2', { ...failure({ originalMessageId: '<x@y>' }), reportsOn: ['<x@y>', token] })
    expect([await returned(), await silence()]).toEqual([{ bounced: false, status: null }, HEARD])
  })

  test('with a complaint is never followed by another, though she writes again', async () => {
    await report('complaint', { kind: 'feedback', reportsOn: [token] })
    for (const id of ['next', 'later']) {
      desk.deliver('support', letter({ id }))
      await desk.takeIn()
    }
    expect(await silence()).toEqual({ silent: true, status: 'complaint' })
    const decisions = await desk.query(
      `SELECT detail->>'acknowledgement' AS decision FROM inbound_events WHERE code = 'work/ticketed' ORDER BY id`,
    )
    expect(decisions.map(({ decision }) => decision).slice(1)).toEqual(Array(2).fill('acknowledge/complained'))
  })

  test('twice is two reports and one fact', async () => {
    await report('one', failure())
    await report('two', failure({}, '5.2.1'))
    expect(await returned()).toEqual({ bounced: true, status: '5.2.1' })
    expect(await booked('two')).toEqual(onTicket('delivery-status'))
  })
})
