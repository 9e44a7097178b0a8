import { beforeAll, describe, expect, test } from 'vitest'
import { unguarded } from '../support/append-only.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, logLines, run, runJson } from '../support/program.ts'
import { type Desk, type LetterOptions, letter, openDesk } from '../support/rules-desk.ts'
import { startMailbox } from '../support/sandbox.ts'

import { openWorker } from '../support/worker.ts'

const PER_HOUR = 10
const LIMIT = { MAILCHUTE_SIMILAR_PER_HOUR: String(PER_HOUR) }

const letters = (count: number, of: (index: number) => LetterOptions = () => ({}), first = 0) =>
  Array.from({ length: count }, (_, at) => letter({ id: `mail-${first + at}`, ...of(first + at) }))

/** No header gives it away, and each one is a little different. */
const looping = (index: number): LetterOptions => ({
  from: `robot+${index}@machine.example`,
  subject: `${'Re: '.repeat(index % 5)}[Ticket ${index}] Thank you`,
  body: `We have received your mail number ${index} and will answer within 24 hours.`,
})

const states = async ({ query }: Desk) =>
  Object.fromEntries(
    (
      await query<{ state: string; count: number }>(
        `SELECT coalesce(nullif(reason, 'thread/none'), '-') || ' ' || state AS state, count(*)::int FROM inbound_messages GROUP BY 1`,
      )
    ).map(({ state, count }) => [state, count]),
  )
const alarms = ({ query }: Desk) => query(`SELECT 1 FROM inbound_events WHERE code = 'loop/detected'`)

describe('a loop that no header gives away', () => {
  test('is held from the mail on that is one too many, with 16 at work, and told once', async () => {
    await using desk = await openDesk(null, LIMIT)
    await desk.takeIn(...letters(40, looping))
    expect(await states(desk)).toEqual({ '- ticketed': PER_HOUR, 'loop/similar quarantined': 40 - PER_HOUR })
    expect(await alarms(desk)).toHaveLength(1)
    await desk.takeIn(...letters(5, looping, 40))
    expect(await states(desk)).toEqual({ '- ticketed': PER_HOUR, 'loop/similar quarantined': 45 - PER_HOUR })
    expect(await alarms(desk)).toHaveLength(1)
    expect(await desk.worker.app.store.figures()).toMatchObject({ looping: 45 - PER_HOUR })
  })

  test('is held by several processes as well, but for what each has in its hands', async () => {
    await using desk = await openDesk(null, LIMIT)
    await using other = await openWorker(desk.env)
    await desk.fetch(...letters(60, looping))
    await Promise.any([desk.worker.workOff(), other.untilNothingWaits()])
    const { '- ticketed': ticketed = 0, 'loop/similar quarantined': held } = await states(desk)
    expect(ticketed).toBeGreaterThanOrEqual(PER_HOUR)
    // Each: the two that it does not ask about, and one that the other has just counted.
    expect(ticketed).toBeLessThanOrEqual(PER_HOUR + 2 * 3)
    expect(held).toBe(60 - ticketed)
    expect(await alarms(desk)).toHaveLength(1)
  })

  test('is not forgotten when the worker is started anew in the middle', async () => {
    await using desk = await openDesk(null, LIMIT)
    await desk.fetch(...letters(40, looping))
    await desk.worker.outcomes.until(() => desk.worker.outcomes.count > PER_HOUR)
    await desk.restart()
    await desk.worker.workOff()
    const { '- ticketed': ticketed = 0, 'loop/similar quarantined': held } = await states(desk)
    expect(ticketed).toBeLessThanOrEqual(PER_HOUR + 2)
    expect(held).toBe(40 - ticketed)
    expect(await alarms(desk)).toHaveLength(1)
  })

  test('is let through by an operator, mail by mail: an operator has the last word', async () => {
    await using desk = await openDesk(null, LIMIT)
    await desk.takeIn(...letters(12, looping))
    const held = await desk.query<{ id: string }>(`SELECT id FROM inbound_messages WHERE state = 'quarantined'`)
    for (const { id } of held) await desk.worker.app.store.messages.reprocess(id, { actor: 'test' })
    await desk.worker.workOff()
    expect(await states(desk)).toEqual({ '- ticketed': 12 })
    await desk.takeIn(...letters(1, looping, 12))
    expect(await states(desk)).toEqual({ '- ticketed': 12, 'loop/similar quarantined': 1 })
  })

  test('that has been quiet for an hour may begin anew, and is told of again', async () => {
    await using desk = await openDesk(null, LIMIT)
    await desk.takeIn(...letters(12, looping))
    await desk.query(`UPDATE inbound_messages SET received_at = received_at - interval '61 minutes'`)
    await desk.query(unguarded(`UPDATE inbound_events SET at = at - interval '61 minutes'`))
    await desk.restart()
    await desk.takeIn(...letters(12, looping, 12))
    expect(await states(desk)).toEqual({ '- ticketed': 2 * PER_HOUR, 'loop/similar quarantined': 4 })
    expect(await alarms(desk)).toHaveLength(2)
  })
})

describe('what is no loop', () => {
  test('a contact form, that writes from one address with one subject, is not held', async () => {
    const words = ['key', 'door', 'bill', 'lamp', 'roof', 'tree', 'bike']
    await using desk = await openDesk(null, LIMIT)
    const form = (index: number) => ({
      from: 'forms@shop.example',
      subject: 'Message from your web site',
      body: `Name: ${words[index % 7]}\r\nMessage: I have lost my ${words[Math.floor(index / 7) % 7]}.`,
    })
    await desk.takeIn(...letters(40, form))
    expect(await states(desk)).toEqual({ '- ticketed': 40 })
  })

  test('mails like each other of many people are not held', async () => {
    await using desk = await openDesk(null, LIMIT)
    await desk.takeIn(...letters(40, (index) => ({ ...looping(index), from: `p${index}@customer.example` })))
    expect(await states(desk)).toEqual({ '- ticketed': 40 })
  })

  test('nothing is held where it is switched off', async () => {
    await using desk = await openDesk(null, { MAILCHUTE_SIMILAR_PER_HOUR: 'off' })
    await desk.takeIn(...letters(40, looping))
    expect(await states(desk)).toEqual({ '- ticketed': 40 })
  })
})

describe('whoever runs it', () => {
  beforeAll(buildProgram)

  test('hears of a loop once, and sees what is held and what to do', async () => {
    const mails = letters(15, looping).map((octets, at) => ({ uniqueId: `mail-${at}`, octets: Buffer.from(octets) }))
    await using mailbox = await startMailbox(mails)
    const settings = { ...mailbox.env(), ...LIMIT, DATABASE_URL: await createDatabase() }
    const { stderr } = await run(['drain'], settings)
    expect(logLines(stderr).filter(({ event }) => event === 'loop.detected')).toMatchObject([
      { similarPerHour: PER_HOUR },
    ])
    expect(await runJson(['messages', '--state', 'quarantined', '--json'], settings)).toHaveLength(5)
    const { stdout } = await run(['doctor'], settings)
    expect(stdout.toString()).toMatch(/^warn +loops: 5 mails are held, .*\n {6}.*messages --state quarantined/m)
  })
})
