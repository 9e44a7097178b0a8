/** What one worker looks at, another changes meanwhile: tickets may be in other threads than the mails that name them. */
import { describe, expect, test } from 'vitest'
import { MailchuteError } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { type Desk, letter, openDesk, ticketsOf } from '../support/front-desk.ts'
import { absenceNote, mail } from '../support/mails.ts'

/** Does something once, between the first look of a worker at a ticket and what it writes. */
function afterTheLook(act: () => Promise<unknown>): (store: Store) => Store {
  let hasActed = false
  return (store) => ({
    ...store,
    tickets: {
      ...store.tickets,
      viewThread: async (...asked) => {
        const view = await store.tickets.viewThread(...asked)
        if (!hasActed) {
          hasActed = true
          await act()
        }
        return view
      },
    },
  })
}

/** Tickets 1 and 2 of one customer, then a mail that names 1 by its number, whose thread is another. */
async function race(act: (desk: Desk) => Promise<unknown>): Promise<Desk> {
  const desk: Desk = await openDesk({ guard: afterTheLook(() => act(desk)) })
  desk.deliver('support', letter({ id: 'one' }))
  await desk.takeIn()
  desk.deliver('support', letter({ id: 'two' }))
  await desk.takeIn()
  desk.deliver('support', letter({ id: 'late', subject: '[#1]' }))
  await desk.takeIn()
  return desk
}

describe('a mail that names a ticket by its number', () => {
  test('goes to what that ticket became, if it was merged after the look', async () => {
    await using desk = await race(({ query }) =>
      query(
        `UPDATE tickets t SET status = 'merged', merged_into_id = kept.id FROM tickets kept WHERE t.number = 1 AND kept.number = 2`,
      ),
    )
    expect(await ticketsOf(desk)).toMatchObject([
      { number: 1, status: 'merged', ids: ['one'] },
      { number: 2, status: 'open', ids: ['two', 'late'] },
    ])
  })

  test('opens a new one, if that ticket was closed for long after the look', async () => {
    await using desk = await race(({ query }) =>
      query(`UPDATE tickets SET status = 'closed', updated_at = now() - interval '1 year' WHERE number = 1`),
    )
    expect(await ticketsOf(desk)).toMatchObject([
      { number: 1, status: 'closed', ids: ['one'] },
      { number: 2, ids: ['two'] },
      { number: 3, linked: 1, ids: ['late'] },
    ])
  })

  test('goes to it, if it was closed just now after the look, and opens it again', async () => {
    await using desk = await race(({ query }) => query(`UPDATE tickets SET status = 'closed' WHERE number = 1`))
    expect(await ticketsOf(desk)).toMatchObject([{ status: 'open', ids: ['one', 'late'] }, { ids: ['two'] }])
  })
})

describe('a mail of somebody from whom mail came back', () => {
  /** Carla's ticket, number 1; she has no name and is silent. Then `act` while her next mail waits for her row. */
  async function whileSheIsLocked(act: (desk: Desk) => Promise<unknown>): Promise<Desk> {
    const desk = await openDesk()
    desk.deliver('support', letter({ id: 'one' }))
    await desk.takeIn()
    await desk.query(`UPDATE contacts SET undeliverable_at = now(), undeliverable_status = '5.1.1'`)
    await desk.query('BEGIN')
    await desk.query('SELECT FROM contacts FOR NO KEY UPDATE')
    desk.deliver('support', letter({ id: 'late', fields: ['References: <one@letters.example>'] }))
    const takenIn = desk.takeIn()
    while ((await desk.query(WAITING_FOR_ME)).length === 0) await new Promise(setImmediate)
    await act(desk)
    await desk.query('COMMIT')
    await takenIn
    return desk
  }

  test('takes back no complaint that comes meanwhile', async () => {
    await using desk = await whileSheIsLocked(({ query }) =>
      query(`UPDATE contacts SET undeliverable_status = 'complaint'`),
    )
    expect(await ticketsOf(desk)).toMatchObject([{ number: 1, ids: ['one', 'late'] }])
    expect(await desk.query('SELECT undeliverable_status AS status FROM contacts')).toEqual([{ status: 'complaint' }])
  })

  test('and a report that is booked on its ticket meanwhile do not wait for each other', async () => {
    await using desk = await whileSheIsLocked(async ({ query }) => {
      await query(`SET LOCAL lock_timeout = '100ms'`)
      await query(`UPDATE inbound_messages SET ticket_id = tickets.id FROM tickets WHERE message_id LIKE '<one@%'`)
    })
    expect(await ticketsOf(desk)).toMatchObject([{ number: 1, ids: ['one', 'late'] }])
    expect(await desk.query(`SELECT FROM inbound_events WHERE code = 'work/ticketed'`)).toHaveLength(2)
  })
})

const WAITING_FOR_ME = `
  SELECT FROM pg_locks mine JOIN pg_locks theirs USING (transactionid)
  WHERE mine.pid = pg_backend_pid() AND mine.granted AND NOT theirs.granted`

/** What is to make a ticket fails once. */
function firstFinishFails(): (store: Store) => Store {
  let hasFailed = false
  return (store) => ({
    ...store,
    tickets: {
      ...store.tickets,
      finish: (...effect) => {
        if (hasFailed) return store.tickets.finish(...effect)
        hasFailed = true
        return Promise.reject(new MailchuteError('store/unavailable', 'made to fail'))
      },
    },
  })
}

test('a report that comes together with its original is booked, though the work on that failed at first', async () => {
  await using desk = await openDesk({ guard: firstFinishFails() })
  desk.deliver('support', mail({ id: 'one' }), absenceNote({ id: 'away', about: 'one' }))
  await desk.takeIn()
  const [away] = await desk.query(
    `SELECT m.state, t.number FROM inbound_messages m LEFT JOIN tickets t ON t.id = m.ticket_id WHERE message_id LIKE '<away%'`,
  )
  expect(away).toEqual({ state: 'suppressed', number: 1 })
})

const CUSTOMERS = 30

/** Of each customer two mails that a third one, which is missing, ties together, and a second ticket's. */
const opening = (name: string) => [
  letter({ id: `${name}-a`, from: `${name}@example.com` }),
  letter({ id: `${name}-c`, from: `${name}@example.com`, fields: [`In-Reply-To: <${name}-b@letters.example>`] }),
]

describe('of tickets that become one while mails come in that name them by number', () => {
  test('none gets an entry that was merged, and each mail has one (I3): two workers, 16 mails at once each', async () => {
    await using desk = await openDesk({ workers: 2 })
    const names = Array.from({ length: CUSTOMERS }, (_, index) => `customer${index}`)
    desk.deliver('support', ...names.flatMap(opening))
    await desk.takeIn()
    const numbers = await desk.query<{ number: number; name: string }>(
      `SELECT t.number, split_part(c.address, '@', 1) AS name FROM tickets t JOIN contacts c ON c.id = t.requester_id`,
    )
    expect(numbers).toHaveLength(2 * CUSTOMERS)
    for (const { number, name } of numbers) {
      const from = `${name}@example.com`
      const more = [1, 2, 3].map((nth) => letter({ id: `${name}-${number}-${nth}`, from, subject: `[#${number}]` }))
      // The same octets twice are one mail.
      const missing = letter({ id: `${name}-b`, from, fields: [`In-Reply-To: <${name}-a@letters.example>`] })
      desk.deliver('support', ...more, missing)
    }
    await desk.takeIn()
    const tickets = await ticketsOf(desk)
    const open = tickets.filter(({ status }) => status === 'open')
    expect(open.map(({ ids }) => ids.length)).toEqual(Array(CUSTOMERS).fill(2 * (1 + 3) + 1))
    expect(tickets.filter(({ status }) => status === 'merged').flatMap(({ ids }) => ids)).toEqual([])
    expect(await desk.query(`SELECT id FROM inbound_messages WHERE state <> 'ticketed'`)).toEqual([])
  })
})
