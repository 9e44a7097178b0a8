/** Who tries to get onto somebody else's ticket, and how; and that those who may still do (issue 4, point 6). */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTicketTokens } from '../../src/message/ticket-token.ts'
import { headerOf } from '../support/acknowledging.ts'
import { type Desk, type Letter, letter, OURS, openDesk, ticketsOf } from '../support/front-desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk({ env: { MAILBOX_SUPPORT_ACKNOWLEDGE_PLUS_ADDRESS: 'on' } })
})
afterAll(() => desk[Symbol.asyncDispose]())

const CARLA = 'Carla <carla@example.com>'
const MALLORY = 'Mallory <mallory@elsewhere.example>'
const THEIRS = 'carla@example.com'

/** Message-ID of the acknowledgement, and where answers to it go. */
interface Scene {
  readonly token: string
  readonly address: string
}

/** Carla's ticket is number 1, with her one mail `real`; its acknowledgement went out. */
async function scene(): Promise<Scene> {
  await desk.empty()
  desk.deliver('support', letter({ id: 'real' }))
  await desk.takeIn()
  await desk.send()
  const header = headerOf(desk.smtp.mails.at(-1)?.octets ?? Buffer.alloc(0))
  return { token: header.get('message-id') ?? '', address: header.get('reply-to') ?? '' }
}

async function arrive(...letters: readonly Letter[]): Promise<void> {
  for (const each of letters) {
    desk.deliver('support', letter(each))
    await desk.takeIn()
  }
}

const reasonOf = async (id: string) =>
  (
    await desk.query<{ state: string; reason: string }>(
      `SELECT state, reason FROM inbound_messages WHERE message_id = $1 ORDER BY received_at`,
      [`<${id}@letters.example>`],
    )
  )[0]

/** Carla's ticket is as it was, and the intruder's mail is on a ticket of its own. */
async function expectOutside(id: string, reason: string, linked: number | null = 1): Promise<void> {
  const [hers, ...others] = await ticketsOf(desk)
  expect(hers).toEqual({ ...HERS, ids: ['real'] })
  expect(others.at(-1)).toMatchObject({ linked, ids: [id] })
  expect(await reasonOf(id)).toEqual({ state: 'ticketed', reason })
}

async function expectInside(id: string, reason: string): Promise<void> {
  expect(await ticketsOf(desk)).toEqual([{ ...HERS, ids: ['real', id] }])
  expect(await reasonOf(id)).toEqual({ state: 'ticketed', reason })
}

const HERS = { number: 1, mailbox: 'support', status: 'open', requester: THEIRS, linked: null }
const NOT_HERS = 'thread/sender-not-participant'
const NOT_BELIEVED = 'thread/sender-not-authentic'

describe('a number in the subject', () => {
  const subject = 'Re: [#1] about real'

  test('leads whoever takes part to the ticket', async () => {
    await scene()
    await arrive({ id: 'more', subject })
    await expectInside('more', 'thread/number')
  })

  test('that somebody guessed opens a ticket beside it', async () => {
    await scene()
    await arrive({ id: 'guess', from: MALLORY, subject })
    await expectOutside('guess', NOT_HERS)
  })

  test.each(['[#99999]', '[#2147483648]', '[#9999999999]', '[#0]', '[#01]', '#1', '[# 1]'])(
    'that is none of ours means nothing: %s',
    async (written) => {
      await scene()
      await arrive({ id: 'other', subject: written })
      await expectOutside('other', 'thread/none', null)
    },
  )
})

describe('a token of ours', () => {
  test('leads whoever takes part to the ticket, also in upper case, and where nothing else is named', async () => {
    const { token } = await scene()
    await arrive({ id: 'more', fields: [`In-Reply-To: ${token.toUpperCase()}`] })
    await expectInside('more', 'thread/token')
  })

  test.each(['To', 'Delivered-To', 'X-Original-To', 'Envelope-To', 'X-Envelope-To'])(
    'leads there from the address in %s',
    async (field) => {
      const { address } = await scene()
      expect(address).toMatch(/^support\+t\.1\.\d+\.[0-9a-f]{20}@example\.org$/)
      const letterTo = field === 'To' ? { to: address.toUpperCase() } : { fields: [`${field}: ${address}`] }
      await arrive({ id: 'more', ...letterTo })
      await expectInside('more', 'thread/token')
    },
  )

  test('that a stranger replays opens a ticket beside it, whichever field it is in', async () => {
    const { token, address } = await scene()
    const ways: Partial<Letter>[] = [
      { fields: [`In-Reply-To: ${token}`] },
      { fields: [`References: <real@letters.example> ${token}`] },
      { to: address },
      { fields: [`Delivered-To: ${address}`] },
    ]
    for (const [index, way] of ways.entries()) {
      // Each of somebody else: who wrote before has a ticket in the thread already.
      await arrive({ id: `replay${index}`, from: `m${index}@elsewhere.example`, ...way })
      await expectOutside(`replay${index}`, NOT_HERS)
    }
  })

  test('that was changed, or made with another key, means nothing, not even to who takes part', async () => {
    const { token, address } = await scene()
    const foreign = createTicketTokens([randomBytes(32)])
    const forged = [
      token.replace('<t.1.', '<t.2.'),
      token.replace(/[0-9a-f]{4}@/, '0000@'),
      foreign.messageId({ ticketNumber: 1, outboxId: '1' }, 'example.org'),
    ]
    for (const [index, msgId] of forged.entries()) {
      await arrive({ id: `forged${index}`, fields: [`References: ${msgId}`] })
      await expectOutside(`forged${index}`, 'thread/none', null)
    }
    const other = foreign.address({ ticketNumber: 1, outboxId: '1' }, OURS.support) ?? ''
    for (const [index, to] of [address.replace('+t.1.', '+t.2.'), other].entries()) {
      await arrive({ id: `to${index}`, to })
      await expectOutside(`to${index}`, 'thread/none', null)
    }
  })

  test('for another ticket leads to none where the sender takes no part in that one', async () => {
    const { address } = await scene()
    await arrive({ id: 'own', from: MALLORY }, { id: 'further', from: MALLORY, to: address })
    expect(await ticketsOf(desk)).toMatchObject([
      { ...HERS, ids: ['real'] },
      { number: 2, linked: null, ids: ['own'] },
      { number: 3, linked: 1, ids: ['further'] },
    ])
  })

  test('counts before references, if the sender takes part in both', async () => {
    const { token } = await scene()
    await arrive({ id: 'second' }, { id: 'more', fields: [`References: ${token} <second@letters.example>`] })
    expect(await ticketsOf(desk)).toMatchObject([{ ids: ['real', 'more'] }, { ids: ['second'] }])
  })
})

describe('a msg-id', () => {
  const fields = ['In-Reply-To: <real@letters.example>']

  test('that a stranger replays opens a ticket beside it', async () => {
    await scene()
    await arrive({ id: 'replay', from: MALLORY, fields })
    await expectOutside('replay', NOT_HERS)
  })

  test('that came with a forwarded thread does so too: whom she showed it to takes no part in it', async () => {
    const { token } = await scene()
    const forwarded = [`References: <real@letters.example> ${token} <forward@letters.example>`]
    await arrive({ id: 'third', from: MALLORY, subject: 'Re: Fwd: [#1] about real', fields: forwarded })
    await expectOutside('third', NOT_HERS)
  })

  test('of another mailbox leads nowhere', async () => {
    const { token, address } = await scene()
    desk.deliver('sales', letter({ id: 'sales', to: OURS.sales, fields }))
    await desk.takeIn()
    await expectOutside('sales', 'thread/none', null)
    for (const [index, named] of [
      { fields: [`References: ${token}`] },
      { to: address },
      { subject: '[#1]' },
    ].entries()) {
      desk.deliver('sales', letter({ id: `more${index}`, ...named }))
      await desk.takeIn()
      await expectOutside(`more${index}`, 'thread/none', null)
    }
  })

  test('a mail to two of our mailboxes is an entry in one of them, and a ticket in the other', async () => {
    await scene()
    const both = letter({ id: 'both', to: `${OURS.support}, ${OURS.sales}`, subject: 'Re: [#1] x', fields })
    desk.deliver('support', both)
    desk.deliver('sales', both)
    await desk.takeIn()
    expect(await ticketsOf(desk)).toMatchObject([
      { ...HERS, ids: ['real', 'both'] },
      { number: 2, mailbox: 'sales', linked: null, ids: ['both'] },
    ])
  })

  test('that somebody who was only shown her mail answers first does not draw her mail onto a ticket of his', async () => {
    await scene()
    const trap = (about: string) => ({
      ...{ id: `trap-${about}`, from: MALLORY, to: `${OURS.support}, ${THEIRS}` },
      fields: [`In-Reply-To: <${about}@letters.example>`],
    })
    await arrive(trap('next'), trap('alone'), { id: 'next', fields }, { id: 'alone' })
    const his = { requester: 'mallory@elsewhere.example', status: 'open' }
    expect(await ticketsOf(desk)).toMatchObject([
      { ...HERS, ids: ['real', 'next'] },
      { ...his, number: 2, ids: ['trap-next'] },
      { ...his, number: 3, ids: ['trap-alone'] },
      { number: 4, requester: THEIRS, linked: null, ids: ['alone'] },
    ])
  })
})

describe('a From', () => {
  const subject = '[#1]'
  const fields = ['In-Reply-To: <real@letters.example>']

  test.each(['verified', 'unverified', 'unknown'] as const)('of hers counts where it is %s', async (trust) => {
    await scene()
    desk.trust = trust
    await arrive({ id: 'hers', fields })
    await expectInside('hers', 'thread/reference')
  })

  test('of hers that fails DMARC does not count, whatever the mail names (RFC 7489)', async () => {
    const { token, address } = await scene()
    desk.trust = 'failed'
    for (const [index, named] of [
      { subject },
      { fields },
      { fields: [`References: ${token}`] },
      { to: address },
    ].entries()) {
      await arrive({ id: `spoof${index}`, ...named })
      await expectOutside(`spoof${index}`, NOT_BELIEVED)
    }
    expect(await desk.query('SELECT count(*)::int AS mails FROM outbox')).toEqual([{ mails: 1 }])
  })

  test.each(['unverified', 'unknown'] as const)('of our own does not count where it is %s', async (trust) => {
    const { address } = await scene()
    desk.trust = trust
    for (const [index, from] of [OURS.support, `Support <${OURS.support.toUpperCase()}>`, address].entries()) {
      await arrive({ id: `us${index}`, from, subject, fields })
      await expectOutside(`us${index}`, NOT_BELIEVED)
    }
  })

  test('of our own counts where it is verified: that is how agents answer', async () => {
    await scene()
    desk.trust = 'verified'
    await arrive({ id: 'agent', from: OURS.support, to: THEIRS, fields })
    await expectInside('agent', 'thread/reference')
  })

  test.each([
    ['a display name that is her address', `"${THEIRS}" <mallory@elsewhere.example>`],
    ['her address as a display name without quotes', `${THEIRS} <mallory@elsewhere.example>`],
    ['her address beside one of his', `${MALLORY}, ${CARLA}`],
    ['his address beside hers', `${CARLA}, ${MALLORY}`],
    ['her address in a comment', `mallory@elsewhere.example (${THEIRS})`],
    ['an address that begins like hers', `<${THEIRS}.elsewhere.example>`],
  ])('with %s is not hers', async (_, from) => {
    await scene()
    await arrive({ id: 'trick', from, subject, fields })
    await expectOutside('trick', NOT_HERS)
  })

  test('that is missing is nobody, whoever Sender, Reply-To and Return-Path name', async () => {
    await scene()
    const stand = [`Sender: ${CARLA}`, `Reply-To: ${CARLA}`, `Return-Path: <${THEIRS}>`]
    const octets = letter({ id: 'nobody', subject, fields: [...fields, ...stand] })
    desk.deliver('support', octets.slice(octets.indexOf('\n') + 1))
    await desk.takeIn()
    expect((await ticketsOf(desk)).map(({ ids }) => ids)).toEqual([['real'], ['nobody']])
  })

  test('is what counts, never Reply-To, Sender or Return-Path', async () => {
    await scene()
    const tricks = [`Reply-To: ${CARLA}`, `Sender: ${CARLA}`, `Return-Path: <${THEIRS}>`]
    await arrive({ id: 'trick', from: MALLORY, subject, fields: [...fields, ...tricks] })
    await expectOutside('trick', NOT_HERS)
    await arrive({ id: 'hers', fields: [...fields, `Reply-To: ${MALLORY}`] })
    const [hers] = await ticketsOf(desk)
    expect(hers).toEqual({ ...HERS, ids: ['real', 'hers'] })
  })

  test('of whom she answered to, too, counts from then on, and the requester stays who it was', async () => {
    await scene()
    await arrive(
      { id: 'copy', fields: [...fields, 'Cc: dora@example.net'] },
      { id: 'dora', from: 'dora@example.net', fields: ['In-Reply-To: <copy@letters.example>', 'Cc: emil@example.net'] },
      { id: 'emil', from: 'emil@example.net', fields: ['In-Reply-To: <dora@letters.example>'] },
    )
    expect(await ticketsOf(desk)).toEqual([{ ...HERS, ids: ['real', 'copy', 'dora', 'emil'] }])
  })

  test('of a stranger lets nobody in by what he writes: his mails are never on the ticket', async () => {
    await scene()
    await arrive(
      { id: 'his', from: MALLORY, fields: [...fields, 'Cc: accomplice@elsewhere.example'] },
      { id: 'accomplice', from: 'accomplice@elsewhere.example', fields: ['References: <real@letters.example>'] },
    )
    expect((await ticketsOf(desk))[0]).toEqual({ ...HERS, ids: ['real'] })
  })
})

describe('who is not let in', () => {
  const stranger = { from: MALLORY, fields: ['In-Reply-To: <real@letters.example>'] }

  test('is held where that is set, and makes a ticket of its own once an operator lets it go on', async () => {
    await scene()
    desk.policy = { ...desk.policy, strangers: 'hold' }
    await arrive({ id: 'held', ...stranger })
    expect(await ticketsOf(desk)).toEqual([{ ...HERS, ids: ['real'] }])
    expect(await reasonOf('held')).toEqual({ state: 'quarantined', reason: NOT_HERS })
    const [held] = await desk.query<{ id: string; detail: unknown }>(
      `SELECT inbound_message_id AS id, detail FROM inbound_events WHERE code = 'work/quarantined'`,
    )
    expect(held?.detail).toMatchObject({ reason: NOT_HERS, ticket: 1 })
    await desk.store.messages.reprocess(held?.id ?? '', { actor: 'test' })
    await desk.workOff()
    await expectOutside('held', NOT_HERS)
  })

  test('is held where it fails DMARC, too', async () => {
    await scene()
    desk.policy = { ...desk.policy, strangers: 'hold' }
    desk.trust = 'failed'
    await arrive({ id: 'held', subject: '[#1]' })
    expect(await reasonOf('held')).toEqual({ state: 'quarantined', reason: NOT_BELIEVED })
  })

  test('is not held who names no ticket', async () => {
    await scene()
    desk.policy = { ...desk.policy, strangers: 'hold' }
    desk.trust = 'failed'
    await arrive({ id: 'new', from: MALLORY })
    await expectOutside('new', 'thread/none', null)
  })
})

describe('a closed ticket', () => {
  const close = (days: number) =>
    desk.query(`UPDATE tickets SET status = 'closed', updated_at = now() - $1 * interval '1 day' WHERE number = 1`, [
      days,
    ])

  test.each([{ fields: ['References: <real@letters.example>'] }, { subject: '[#1]' }])(
    'opens again within the days that are set: %j',
    async (named) => {
      await scene()
      await close(desk.policy.reopenDays - 1)
      await arrive({ id: 'again', ...named })
      expect(await ticketsOf(desk)).toEqual([{ ...HERS, ids: ['real', 'again'] }])
    },
  )

  test.each([{ fields: ['References: <real@letters.example>'] }, { subject: '[#1]' }])(
    'is continued by a new one later: %j',
    async (named) => {
      await scene()
      await close(desk.policy.reopenDays + 1)
      await arrive({ id: 'again', ...named })
      const old = { ...HERS, status: 'closed', ids: ['real'] }
      expect(await ticketsOf(desk)).toMatchObject([old, { number: 2, linked: 1, requester: THEIRS, ids: ['again'] }])
      expect(await reasonOf('again')).toMatchObject({ reason: 'thread/closed-too-long' })
      await arrive({ id: 'more', fields: ['References: <real@letters.example> <again@letters.example>'] })
      expect(await ticketsOf(desk)).toMatchObject([old, { number: 2, ids: ['again', 'more'] }])
    },
  )

  test('never opens again where 0 days are set', async () => {
    await scene()
    desk.policy = { ...desk.policy, reopenDays: 0 }
    await close(0)
    await arrive({ id: 'again', subject: '[#1]' })
    expect(await reasonOf('again')).toMatchObject({ reason: 'thread/closed-too-long' })
  })

  test('stays closed whatever a stranger writes, however long it is closed', async () => {
    await scene()
    for (const days of [0, 100]) {
      await close(days)
      await arrive({ id: `stranger${days}`, from: `m${days}@elsewhere.example`, subject: '[#1]' })
      expect((await ticketsOf(desk))[0]).toEqual({ ...HERS, status: 'closed', ids: ['real'] })
      expect(await reasonOf(`stranger${days}`)).toMatchObject({ reason: NOT_HERS })
    }
  })
})

describe('a merged ticket', () => {
  const merge = (number: number, into: number) =>
    desk.query(
      `UPDATE tickets t SET status = 'merged', merged_into_id = kept.id FROM tickets kept WHERE t.number = $1 AND kept.number = $2`,
      [number, into],
    )

  test('leads to the one that it became part of, over several', async () => {
    const { token } = await scene()
    await arrive({ id: 'two' }, { id: 'three' })
    await merge(1, 2)
    await merge(2, 3)
    await arrive({ id: 'number', subject: '[#1]' }, { id: 'token', fields: [`References: ${token}`] })
    expect((await ticketsOf(desk)).at(-1)).toMatchObject({ number: 3, ids: ['three', 'number', 'token'] })
  })

  test('lets in who took part in it, and nobody else', async () => {
    await scene()
    await arrive({ id: 'two', from: 'dora@example.net' })
    await merge(1, 2)
    await arrive({ id: 'hers', subject: '[#1]' }, { id: 'guess', from: MALLORY, subject: '[#1]' })
    expect((await ticketsOf(desk)).slice(1)).toMatchObject([
      { number: 2, requester: 'dora@example.net', ids: ['two', 'hers'] },
      { number: 3, linked: 2, ids: ['guess'] },
    ])
  })

  test('whose merges go in a circle leads nowhere, and work goes on', async () => {
    await scene()
    await arrive({ id: 'two' })
    await merge(1, 2)
    await merge(2, 1)
    await arrive({ id: 'lost', subject: '[#1]' })
    expect((await ticketsOf(desk)).at(-1)).toMatchObject({ number: 3, ids: ['lost'] })
    expect(await reasonOf('lost')).toMatchObject({ reason: 'thread/closed-too-long' })
  })
})
