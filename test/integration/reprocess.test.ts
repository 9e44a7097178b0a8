import { writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { absenceNote, bounce, mail } from '../support/mails.ts'
import { buildProgram, run, runJson } from '../support/program.ts'
import { type Desk, letter, openDesk } from '../support/rules-desk.ts'

const BEFORE = `rules:
  - name: noise
    when: { subject: { starts-with: noise } }
    then: { suppress: true }
  - name: doubtful
    when: { subject: doubtful }
    then: { hold: true }
`
const AFTER = `rules:
  - name: urgent
    when: { subject: question }
    then: { queue: sales, priority: urgent, tags: [vip] }
  - name: doubtful
    when: { subject: doubtful }
    then: { suppress: true }
  - name: late
    when: { subject: later }
    then: { hold: true }
`

beforeAll(buildProgram, 300_000)

const HOLDING = `rules:
  - name: held
    when: { subject: { contains: held } }
    then: { hold: true }
`

const bob = 'bob@example.com'
const held = (id: string, inReplyTo?: string, from?: string) =>
  mail({ id: `held-${id}`, ...(inReplyTo === undefined ? {} : { inReplyTo }), ...(from === undefined ? {} : { from }) })
const copied = (octets: Buffer, to: string) => octets.toString().replace('To: ', `Cc: ${to}\r\nTo: `)
const chain = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) =>
    held(`${name}${index}`, index === 0 ? undefined : `held-${name}${index - 1}`),
  )

/** Who refers to whom is before or after, takes part or not, is on a ticket or not; and reports on what is held. */
const CONVERSATIONS = [
  copied(held('a1'), bob),
  held('a2', 'held-a1'),
  held('a3', 'held-a2', bob),
  held('a4', 'held-a2', 'eve@example.com'),
  ...chain('b', 4).toReversed(),
  copied(held('c1', 'old'), 'dora@example.com'),
  held('c2', 'held-c1', 'dora@example.com'),
  held('c3', 'old', 'mallory@example.com'),
  held('d1').toString().replace('About held', 'About held [#1]'),
  bounce({ id: 'bounce', about: 'held-a1' }),
  absenceNote({ id: 'away', about: 'held-b3' }),
  held('x1', 'old'),
  held('x2', 'early'),
  // Of these two the parent is not there: which of them opens their ticket is the workers' chance.
  held('s1', 'nowhere'),
  held('s2', 'nowhere'),
  ...chain('f', 8),
  held('g1', undefined, bob),
  ...['g2', 'g3', 'g4', 'g5'].map((id) => held(id, 'held-g1', bob)),
]

interface Foreseen {
  readonly message: string
  readonly stays: boolean
  readonly would: { state: string; reason: string; ticket: number | 'new' | null; openedBy: string | null }
}

interface Became {
  readonly message: string
  readonly state: string
  readonly reason: string
  readonly ticket: string
}

const BECAME = `SELECT m.subject AS message, m.state::text, m.reason, t.number::text AS ticket
  FROM inbound_messages m LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id
  LEFT JOIN tickets t ON t.id = coalesce(e.ticket_id, m.ticket_id) WHERE m.subject NOT IN ('About old', 'About early')`

/** By message: its state, and the old ticket that it is on, or all that are with it on a new one. */
function together(all: readonly Became[], old: readonly string[]) {
  const on = Map.groupBy(all, ({ ticket }) => ticket)
  const companions = (ticket: string) =>
    on
      .get(ticket)
      ?.map(({ message }) => message)
      .toSorted()
  const isChance = (reason: string) => ['thread/none', 'thread/shared'].includes(reason)
  return Object.fromEntries(
    all.map(({ message, state, reason, ticket }) => [
      message,
      {
        state,
        reason: isChance(reason) ? 'thread/none' : reason,
        on: old.includes(ticket) ? ticket : companions(ticket),
      },
    ]),
  )
}

/** Everything that could have been written. */
const everything = async (desk: Desk) => {
  const tables = ['inbound_messages', 'inbound_events', 'tickets', 'ticket_entries', 'threads', 'contacts', 'outbox']
  return Promise.all(tables.map((table) => desk.query(`SELECT * FROM ${table} ORDER BY 1`)))
}

async function underOtherRules(): Promise<Desk> {
  const desk = await openDesk(BEFORE)
  await desk.takeIn(letter({ id: 'q', subject: 'A question' }))
  await desk.takeIn(letter({ id: 'r', subject: 'Re: A question', fields: ['In-Reply-To: <q@customer.example>'] }))
  await desk.takeIn(letter({ id: 'n', subject: 'noise', from: 'bert@customer.example' }))
  await desk.takeIn(letter({ id: 'd', subject: 'doubtful', from: 'carla@customer.example' }))
  await desk.takeIn(letter({ id: 'l', subject: 'later', from: 'dora@customer.example' }))
  await writeFile(desk.env['MAILCHUTE_RULES'] ?? '', AFTER)
  return desk
}

const reprocess = (desk: Desk, ...options: string[]) => run(['messages', 'reprocess', ...options], desk.env)

const bySubject = async (desk: Desk, rows: readonly unknown[]) => {
  const subjects = await desk.query<{ id: string; subject: string }>('SELECT id, subject FROM inbound_messages')
  const names = new Map(subjects.map(({ id, subject }) => [id, subject]))
  return Object.fromEntries((rows as { message: string }[]).map((row) => [names.get(row.message), row]))
}

describe('messages reprocess --dry-run', () => {
  test("shows what was decided beside what today's rules would decide, and writes nothing", async () => {
    await using desk = await underOtherRules()
    const before = await everything(desk)
    const rows = await runJson(['messages', 'reprocess', '--mailbox', 'test', '--dry-run', '--json'], desk.env)
    expect(await everything(desk)).toEqual(before)
    expect(await bySubject(desk, rows)).toMatchObject({
      'A question': {
        was: { state: 'ticketed', ticket: 1, queue: null, priority: 'normal', tags: [] },
        would: { state: 'ticketed', ticket: 1, queue: 'sales', priority: 'urgent', tags: ['vip'] },
        ...{ changed: true, stays: true, error: null },
      },
      'Re: A question': { was: { ticket: 1 }, would: { state: 'ticketed', ticket: 1 }, changed: false },
      noise: {
        was: { state: 'suppressed', reason: 'rule/suppress', ticket: null },
        would: { state: 'ticketed', reason: 'thread/none', ticket: 'new', queue: null, priority: 'normal' },
        ...{ changed: true, stays: false },
      },
      doubtful: {
        was: { state: 'quarantined', reason: 'rule/hold' },
        would: { state: 'suppressed', reason: 'rule/suppress' },
        changed: true,
      },
      later: { was: { state: 'ticketed' }, would: { state: 'quarantined', reason: 'rule/hold' }, stays: true },
    })
  })

  test('says what then happens: the worker decides the same', async () => {
    await using desk = await underOtherRules()
    const chosen = ['--state', 'suppressed', '--reason', 'rule/suppress']
    const [row] = await runJson(['messages', 'reprocess', ...chosen, '--dry-run', '--json'], desk.env)
    expect(row).toMatchObject({ would: { state: 'ticketed', reason: 'thread/none', ticket: 'new' } })
    await desk.restart()
    expect(await reprocess(desk, ...chosen, '--note', 'the rule was wrong')).toMatchObject({ code: 0 })
    await desk.worker.workOff()
    expect(await desk.query(`SELECT state::text, reason FROM inbound_messages WHERE subject = 'noise'`)).toEqual([
      { state: 'ticketed', reason: 'thread/none' },
    ])
    const events = await desk.query(`SELECT detail FROM inbound_events WHERE code = 'operator/reprocess'`)
    expect(events).toEqual([
      { detail: { reason: 'rule/suppress', actor: expect.stringMatching(/^cli:/), note: 'the rule was wrong' } },
    ])
  })

  test('says where each ends of many that refer to each other: on old tickets, and together on new ones', async () => {
    await using desk = await openDesk(HOLDING)
    await desk.takeIn(mail({ id: 'old' }))
    await desk.takeIn(mail({ id: 'early', inReplyTo: 'held-x1' }))
    await desk.takeIn(...CONVERSATIONS)
    const rows = await runJson(['messages', 'reprocess', '--mailbox', 'test', '--dry-run', '--json'], desk.env)
    const subjects = await desk.query<{ id: string; subject: string }>('SELECT id, subject FROM inbound_messages')
    const nameOf = (message: string) => subjects.find(({ id }) => id === message)?.subject ?? ''
    const foreseen = (rows as Foreseen[])
      .filter(({ stays }) => !stays)
      .map(({ message, would: { state, reason, ticket, openedBy } }) => ({
        ...{ message: nameOf(message), state, reason },
        ticket: ticket === 'new' ? (openedBy ?? message) : String(ticket),
      }))
    expect(foreseen).toHaveLength(CONVERSATIONS.length)
    const table = await reprocess(desk, '--mailbox', 'test', '--dry-run')
    expect(table.stdout.toString()).toMatch(/ thread\/reference +new, of [0-9a-f]{8} /)
    const old = (await desk.query<{ number: number }>('SELECT number FROM tickets')).map(({ number }) => String(number))
    expect(await reprocess(desk, '--mailbox', 'test')).toMatchObject({ code: 0 })
    await desk.worker.workOff()
    const became = await desk.query<Became>(BECAME)
    expect(together(foreseen, old)).toEqual(together(became, old))
  })

  test('is a table for people', async () => {
    await using desk = await underOtherRules()
    const { code, stdout } = await reprocess(desk, '--mailbox', 'test', '--dry-run')
    expect(code).toBe(0)
    expect(stdout.toString()).toContain('4 of 5 messages would be decided otherwise; nothing was changed\n')
    expect(stdout.toString()).toMatch(/suppressed +rule\/suppress +ticketed +thread\/none +new +normal +yes\n/)
  })

  test('of a message whose octets were purged says so', async () => {
    await using desk = await underOtherRules()
    await desk.query('DELETE FROM raw_chunks')
    await desk.query('UPDATE raw_messages SET purged_at = now()')
    const rows = await runJson(['messages', 'reprocess', '--state', 'quarantined', '--dry-run', '--json'], desk.env)
    expect(rows).toMatchObject([{ would: null, changed: false, error: { code: 'store/purged' } }])
  })
})

describe('messages reprocess', () => {
  test('takes those that state, reason, mailbox and time choose, and no ticketed ones', async () => {
    await using desk = await underOtherRules()
    const counted = async (...options: string[]) => (await reprocess(desk, ...options, '--json')).stdout.toString()
    expect(await counted('--state', 'ticketed')).toBe('')
    expect(await counted('--mailbox', 'other', '--state', 'suppressed')).toBe('')
    expect(await counted('--since', '2100-01-01')).toBe('')
    expect(await counted('--until', '2020-01-01')).toBe('')
    expect((await counted('--since', '2020-01-01', '--until', '2100-01-01')).trim().split('\n')).toHaveLength(2)
  })

  test('has it judged again, so that what holds still holds; without --judge-again it is let through', async () => {
    await using desk = await openDesk(BEFORE)
    await desk.takeIn(letter({ id: 'd', subject: 'doubtful' }))
    const worked = async (...options: string[]) => {
      expect(await reprocess(desk, '--reason', 'rule/hold', ...options)).toMatchObject({ code: 0 })
      await desk.worker.workOff()
      return await desk.query('SELECT state::text, reason FROM inbound_messages')
    }
    expect(await worked('--judge-again', '--note', 'rules are new')).toEqual([
      { state: 'quarantined', reason: 'rule/hold' },
    ])
    expect(await worked()).toEqual([{ state: 'ticketed', reason: 'thread/none' }])
    const actor = expect.stringMatching(/^cli:/)
    expect(await desk.query(`SELECT detail FROM inbound_events WHERE code = 'operator/reprocess' ORDER BY id`)).toEqual(
      [{ detail: { heldFor: 'rule/hold', actor, note: 'rules are new' } }, { detail: { reason: 'rule/hold', actor } }],
    )
  })

  test('wants to know which, and takes no time that is none', async () => {
    await using desk = await openDesk(null)
    expect(await reprocess(desk)).toMatchObject({ code: 64, stderr: expect.stringContaining('which messages?') })
    expect(await reprocess(desk, '--since', 'monday')).toMatchObject({ code: 64 })
  })
})
