/** The source changes while mail is in flight: whoever works what, and in whatever order, each mail has one effect. */
import pLimit from 'p-limit'
import { afterAll, describe, expect, test } from 'vitest'
import { MailchuteError } from '../../../src/errors.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { createParsePool } from '../../../src/ticketing/parse-pool.ts'
import { createProcess } from '../../../src/ticketing/process.ts'
import { mail } from '../../support/mails.ts'
import { ask, databaseUrl, messages, pollAndWork, pollOnce, startServers, states } from '../../support/source-change.ts'

const pool = createParsePool()
afterAll(() => pool.close())

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const MAILS = IDS.map((id) => mail({ id, from: `${id}@example.com` }))

/** Works all that waits, newest first, which is the order that tempts most. */
async function workAll(stores: readonly Store[], concurrency: number): Promise<void> {
  const limit = pLimit(concurrency)
  const ids = (await messages()).filter(({ state }) => state === 'received').map(({ id }) => id)
  const run = { isLastAttempt: false, stalls: 0, signal: new AbortController().signal }
  const works = stores.map((store) => createProcess(store, pool))
  await Promise.all(ids.toReversed().flatMap((id) => works.map((work) => limit(() => work(id, run)))))
}

describe('mail that is in flight when the source changes', () => {
  test.each([
    ['one worker, one message at a time', 1, 1],
    ['one worker, 16 at a time', 1, 16],
    ['two workers at once, that agree', 2, 16],
  ])('has one effect: %s (I3)', async (_, workers, concurrency) => {
    await using servers = await startServers()
    for (const [index, octets] of MAILS.entries()) servers.deliver(`id-${index}`, octets)
    servers.deliver('reply', mail({ id: 'reply', from: 'a@example.com', inReplyTo: 'a' }))
    await pollOnce(servers.asCame, '127.0.0.1')
    await pollOnce(servers.asMade, 'localhost')
    const stores = Array.from({ length: workers }, () => openStore(databaseUrl))
    await workAll(stores, concurrency)
    const { ticketed = [], suppressed = [], ...others } = await states()
    expect(others).toEqual({})
    expect(ticketed.every(({ source }) => source === 'pop3 127.0.0.1')).toBe(true)
    expect(suppressed.map(({ of }) => of).toSorted()).toEqual(ticketed.map(({ id }) => id).toSorted())
    expect(new Set(ticketed.map(({ ticket }) => ticket)).size).toBe(MAILS.length)
    await Promise.all(stores.map((store) => store.close()))
  })

  test('has one effect although the clock of the database went back between the two', async () => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    await pollAndWork(servers.asCame, '127.0.0.1')
    await ask(`UPDATE inbound_messages SET received_at = received_at + interval '1 hour'`)
    await pollAndWork(servers.asMade, 'localhost')
    expect((await states()).suppressed).toHaveLength(1)
    expect(await ask('SELECT FROM ticket_entries')).toHaveLength(1)
  })
})

/** Everything it does before its effect, and what may happen in between. */
const STEPS = ['its first look', 'parsing', 'the look at its thread', 'its last look'] as const

describe('a copy that overtakes the other message, for the clock of the database went back,', () => {
  test.each(STEPS)('between %s and the next step leaves the mail one effect (I3)', async (step) => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    await pollOnce(servers.asMade, 'localhost')
    await pollOnce(servers.asCame, '127.0.0.1')
    const [second, first] = await messages()
    await ask(`UPDATE inbound_messages SET received_at = now() + interval '1 hour' WHERE id = $1`, [first?.id])
    await ask(`UPDATE inbound_messages SET state = 'quarantined', reason = 'not there yet' WHERE id = $1`, [second?.id])
    const store = openStore(databaseUrl)
    const run = { isLastAttempt: false, stalls: 0, signal: new AbortController().signal }
    let looks = 0
    let hasOvertaken = false
    const overtake = async (at: (typeof STEPS)[number]) => {
      if (at !== step || hasOvertaken) return
      hasOvertaken = true
      await ask(`UPDATE inbound_messages SET state = 'received', reason = NULL WHERE id = $1`, [second?.id])
      expect(await createProcess(store, pool)(second?.id ?? '', run)).toMatchObject({ state: 'ticketed' })
    }
    const watched: Store = {
      ...store,
      copies: {
        find: async (id) => {
          const found = await store.copies.find(id)
          await overtake(looks++ === 0 ? 'its first look' : 'its last look')
          return found
        },
      },
      tickets: {
        ...store.tickets,
        viewThread: async (...asked) => {
          const view = await store.tickets.viewThread(...asked)
          await overtake('the look at its thread')
          return view
        },
      },
    }
    const parse: typeof pool.parse = async (...asked) => {
      const parsed = await pool.parse(...asked)
      await overtake('parsing')
      return parsed
    }
    const outcome = await createProcess(watched, { parse })(first?.id ?? '', run)
    expect(outcome).toMatchObject({ state: 'suppressed', duplicateOf: second?.id })
    expect(await ask('SELECT FROM ticket_entries')).toHaveLength(1)
    await store.close()
  })
})

describe('the message that came first', () => {
  test('that turns out to be unreadable while both wait leaves the mail to the copy', async () => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    await pollOnce(servers.asCame, '127.0.0.1')
    await pollOnce(servers.asMade, 'localhost')
    const store = openStore(databaseUrl)
    const parse: typeof pool.parse = async (raw, signal) => {
      if (raw.sizeBytes === mail({ id: 'one' }).length) throw new MailchuteError('message/unparseable', 'unreadable')
      return pool.parse(raw, signal)
    }
    const work = createProcess(store, { parse })
    const [first, second] = await messages()
    const run = { isLastAttempt: false, stalls: 0, signal: new AbortController().signal }
    expect(await work(second?.id ?? '', run)).toMatchObject({ state: 'ticketed' })
    expect(await states()).toMatchObject({ ticketed: [{ id: second?.id }], quarantined: [{ id: first?.id }] })
    await store.close()
  })
})
