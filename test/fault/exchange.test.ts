/** What Exchange does to a poll: it is busy at random, hangs up, sends notices instead of mail, moves mailboxes. */
import { afterEach, describe, expect, test } from 'vitest'
import { createConnect } from '../../src/access/connect.ts'
import type { MailboxConfig } from '../../src/config.ts'
import { moved, refuseConversion, substitute, UNAVAILABLE, unavailable } from '../../src/sandbox/exchange.ts'
import { hangUpAtQuit, type Manner, refuse, refuseLogin } from '../../src/sandbox/manners.ts'
import { imap } from '../support/fault-servers/imap.ts'
import { mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { brokenPromises } from '../support/promises.ts'
import { startExchangeMailbox, startMailbox } from '../support/sandbox.ts'
import { openWorker } from '../support/worker.ts'

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const HOUR = 3_600_000
const mails = (count: number) => Array.from({ length: count }, (_, index) => mail({ id: `mail-${index + 1}` }))
const THREE = mails(3)

interface BenchOptions {
  readonly manners?: readonly Manner[]
  readonly query?: string
  readonly server?: typeof startMailbox
}

async function openBench(octets: readonly Buffer[], options: BenchOptions = {}) {
  const { manners = [], query = '', server: start = startExchangeMailbox } = options
  const databaseUrl = await createDatabase()
  const server = stack.use(await start([], { manners }))
  for (const [index, each] of octets.entries()) server.mailbox.deliver(each, `id-${index + 1}`)
  const worker = stack.use(await openWorker({ ...server.env(query), DATABASE_URL: databaseUrl }))
  const { store } = worker.app
  return {
    ...{ server, worker, store },
    poll: (over: Parameters<typeof worker.poll>[0] = {}, settings: Partial<MailboxConfig> = {}) =>
      worker.poll(over, settings),
    behave: (...others: Manner[]) => server.sandbox.behave(others),
    left: () => server.mailbox.messages().map(({ uniqueId }) => uniqueId),
    retrievals: () => [...server.mailbox.retrievals.values()],
    row: async () => store.mailboxes.find('test'),
    entries: async () => {
      const row = await store.mailboxes.find('test')
      const listed = server.mailbox.messages().map(({ uniqueId }) => ({ uniqueId, sizeBytes: 1 }))
      return [...(await store.ledger.census(row?.id ?? '', worker.mailbox.source, listed)).values()]
    },
    broken: async (all: readonly Buffer[]) => {
      await worker.workOff()
      return brokenPromises(databaseUrl, { octets: all, tickets: all.length })
    },
  }
}

const withSubject = (subject: string) =>
  Buffer.from(`From: anna@example.com\r\nSubject: ${subject}\r\n\r\nWhat is this?\r\n`)

const BUSY = { error: { code: 'source/server-busy' } }
const busyAt = (verb: string, message?: number): Manner =>
  refuse(message === undefined ? { verb } : { verb, message }, UNAVAILABLE)

describe('`Server Unavailable. 21`', () => {
  test.each(['RETR', 'DELE'])('to %s for one message leaves that one, and the others go on (I6)', async (verb) => {
    const bench = await openBench(THREE, { manners: [busyAt(verb, 2)] })
    expect(await bench.poll()).toMatchObject({ ...BUSY, sheet: { listed: 3, held: 0, deleted: 2 } })
    expect(bench.left()).toEqual(['id-2'])
    expect(await bench.entries()).toMatchObject([{ refusals: 0, heldReason: null }])
    bench.behave()
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 1, deleted: 1 } })
    expect(bench.retrievals()).toEqual([1, 1, 1])
    expect(await bench.broken(THREE)).toEqual([])
  })

  test('to TOP leaves a message that is known, and takes it for no other', async () => {
    const bench = await openBench(THREE, { manners: [hangUpAtQuit('before', { times: 1 })] })
    await bench.poll()
    bench.behave(busyAt('TOP', 2))
    expect(await bench.poll()).toMatchObject({ ...BUSY, sheet: { listed: 3, known: 2, retrieved: 0, deleted: 2 } })
    bench.behave()
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { known: 1, retrieved: 0, deleted: 1 } })
    expect(await bench.broken(THREE)).toEqual([])
  })

  test('to everything from some message on ends the session, and what was deleted by then is', async () => {
    const many = mails(300)
    const bench = await openBench(many)
    bench.behave({
      fate: ({ verb }) =>
        verb === 'RETR' && bench.retrievals().length >= 10
          ? { kind: 'reply', octets: [Buffer.from(`-ERR ${UNAVAILABLE}\r\n`)] }
          : undefined,
    })
    expect(await bench.poll()).toMatchObject({ ...BUSY, sheet: { listed: 300, stored: 10, deleted: 10, left: 290 } })
    expect(bench.left()).toHaveLength(290)
    const asked = bench.server.sandbox.log.filter(({ verb }) => verb === 'RETR').length
    expect(asked).toBeLessThan(200)
    expect((await bench.entries()).every(({ refusals }) => refusals === 0)).toBe(true)
    bench.behave()
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { stored: 290, deleted: 290 } })
    expect(await bench.broken(many)).toEqual([])
  })

  test('with the connection closed after it loses nothing that was stored, and is still the reason', async () => {
    const bench = await openBench(THREE)
    bench.behave(unavailable({ seed: 5, whileFetching: 0.2, hangsUp: 1 }))
    for (let polls = 0; bench.left().length > 0; polls++) {
      const result = await bench.poll()
      if (result.outcome === 'polled' && result.error !== null) expect(result).toMatchObject(BUSY)
      expect(polls).toBeLessThan(50)
    }
    bench.behave()
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { listed: 0 } })
    expect(bench.retrievals()).toEqual([1, 1, 1])
    expect(await bench.broken(THREE)).toEqual([])
  })

  test('to UIDL with the connection closed after it is the reason, though LIST was asked for as well', async () => {
    const bench = await openBench(THREE, { manners: [unavailable({ seed: 1, whileFetching: 1, hangsUp: 1 })] })
    expect(await bench.poll()).toMatchObject(BUSY)
  })

  test.each(['UIDL', 'LIST', 'QUIT'])('to %s changes nothing, and the next poll goes on', async (verb) => {
    const bench = await openBench(THREE, { manners: [busyAt(verb)] })
    expect(await bench.poll()).toMatchObject({ ...BUSY, sheet: { deleted: 0 } })
    expect(bench.left()).toHaveLength(3)
    bench.behave()
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { deleted: 3 } })
    expect(await bench.broken(THREE)).toEqual([])
  })

  test('at logon is no matter of credentials: the mailbox is not paused', async () => {
    const bench = await openBench(THREE, { manners: [refuseLogin(UNAVAILABLE)] })
    for (const failures of [1, 2, 3]) {
      expect(await bench.poll()).toMatchObject(BUSY)
      expect(await bench.row()).toMatchObject({ state: 'active', failures })
    }
  })

  test('again and again backs off from the beginning as long as polls get somewhere', async () => {
    const bench = await openBench(mails(6), { manners: [refuseLogin(UNAVAILABLE)] })
    await bench.poll()
    await bench.poll()
    bench.behave(busyAt('RETR', 2))
    expect(await bench.poll()).toMatchObject({ ...BUSY, sheet: { stored: 5 } })
    expect(await bench.row()).toMatchObject({ failures: 1 })
  })
})

describe('`Logon failure`', () => {
  const TEXT = 'Logon failure: unknown user name or bad password.'

  test('in the middle of a session is throttling, not one message or the credentials', async () => {
    const bench = await openBench(THREE, { manners: [refuse({ verb: 'RETR', message: 2 }, TEXT)] })
    expect(await bench.poll()).toMatchObject({ ...BUSY, sheet: { stored: 2, deleted: 2 } })
    expect(await bench.row()).toMatchObject({ state: 'active', pausedReason: null })
    expect(await bench.entries()).toMatchObject([{ refusals: 0 }])
  })

  test('at logon with a fixed token pauses the mailbox, which is tried again and resumes by itself', async () => {
    const bench = await openBench(THREE, { manners: [refuseLogin(TEXT)] })
    expect(await bench.poll()).toMatchObject({ error: { code: 'source/credentials-refused' } })
    expect(await bench.row()).toMatchObject({ state: 'paused', pausedReason: 'source/credentials-refused' })
    bench.behave()
    expect(await bench.poll()).toMatchObject({ error: null })
    expect(await bench.row()).toMatchObject({ state: 'active', pausedReason: null })
  })

  test('at logon with a token from an authority never does: it has one text for everything', async () => {
    const bench = await openBench(THREE, { manners: [refuseLogin(TEXT)] })
    const { credentials } = bench.worker.mailbox
    const token = credentials.kind === 'access-token' ? credentials.token : ''
    const asked: unknown[] = []
    const connect = createConnect({
      accessToken: async (_mailbox, resource, _signal, options) => {
        asked.push({ resource, ...options })
        return token
      },
    })
    const oauth = { credentials: { kind: 'oauth', client: CLIENT } } as const
    for (const failures of [1, 2, 3]) {
      const result = await bench.poll({ connect }, oauth)
      expect(result).toMatchObject({ error: { code: 'source/token-refused', remedy: 'retry' } })
      expect(await bench.row()).toMatchObject({ state: 'active', pausedReason: null, failures })
    }
    expect((await bench.row())?.nextPollAt?.getTime()).toBeGreaterThan(Date.now())
    expect(asked.slice(0, 2)).toEqual([
      { resource: 'mail', mustBeNew: false },
      { resource: 'mail', mustBeNew: true },
    ])
    bench.behave()
    expect(await bench.poll({ connect }, oauth)).toMatchObject({ error: null, sheet: { deleted: 3 } })
    expect(await bench.row()).toMatchObject({ failures: 0, nextPollAt: null })
  })
})

const CLIENT = {
  provider: 'microsoft',
  clientId: 'id',
  clientSecret: null,
  clientSecretExpires: null,
  grant: 'login',
  endpoints: { token: 'http://127.0.0.1:1/token', authorize: null, device: null },
  scopes: { mail: 'x', graph: 'y' },
} as const

describe('a message that cannot be converted stays where it is, and the others go on (I6)', () => {
  test.each([
    ['answered by a notice', substitute(['id-2']), 'source/message-substituted'],
    ['refused', refuseConversion(['id-2']), 'source/message-refused'],
  ])('%s, it is held after three times and tried again later', async (_, manner, reason) => {
    const bench = await openBench(THREE, { manners: [manner] })
    expect(await bench.poll()).toMatchObject({ error: null, newlyHeld: [], sheet: { stored: 2, deleted: 2, left: 1 } })
    expect(await bench.poll()).toMatchObject({ error: null, newlyHeld: [], sheet: { stored: 0, left: 1 } })
    expect(await bench.poll()).toMatchObject({ error: null, newlyHeld: [reason], sheet: { held: 1, left: 0 } })
    expect(await bench.entries()).toMatchObject([{ refusals: 3, heldReason: reason }])
    const asked = () => bench.server.mailbox.retrievals.get('id-2')
    const before = asked()
    expect(await bench.poll()).toMatchObject({ error: null, newlyHeld: [], sheet: { listed: 1, held: 1 } })
    expect(asked()).toBe(before)
    expect(await bench.entries()).toMatchObject([{ heldReason: reason }])
    expect(bench.left()).toEqual(['id-2'])
    expect(await bench.broken([THREE[0], THREE[2]].filter((each) => each !== undefined))).toEqual([])
    bench.behave()
    const later = { now: () => new Date(Date.now() + 2 * HOUR) }
    expect(await bench.poll(later)).toMatchObject({ error: null, sheet: { stored: 1, deleted: 1, held: 0 } })
    expect(await bench.broken(THREE)).toEqual([])
  })

  test('not even once it was stored, and is due to go: what the server has now is not what was stored (I2)', async () => {
    const bench = await openBench(THREE, { query: 'deleteAfter=1h' })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { stored: 3, deleted: 0 } })
    bench.behave(substitute(['id-2']))
    const later = { now: () => new Date(Date.now() + 2 * HOUR) }
    for (let polls = 0; polls < 4; polls++) expect(await bench.poll(later)).toMatchObject({ error: null })
    expect(bench.left()).toEqual(['id-2'])
    bench.behave()
    expect(await bench.poll(later)).toMatchObject({ error: null, sheet: { deleted: 1 } })
    expect(await bench.broken(THREE)).toEqual([])
  })

  const NOTICE = 'Retrieval using the POP3 protocol failed for the following message: 7'
  test('but a mail about a notice is mail, and so is a notice from any other server', async () => {
    const octets = [withSubject(`Re: ${NOTICE}`), withSubject(`FW: ${NOTICE}`)]
    const bench = await openBench(octets)
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { stored: 2 } })
    expect(await bench.broken(octets)).toEqual([])
    const other = await openBench([withSubject(NOTICE)], { server: startMailbox })
    expect(await other.poll()).toMatchObject({ error: null, sheet: { stored: 1 } })
  })

  test('and a mail that copies the subject of a notice stays on the server, and is told of', async () => {
    const bench = await openBench([withSubject(NOTICE)])
    for (let polls = 0; polls < 3; polls++) await bench.poll()
    expect(bench.left()).toHaveLength(1)
    expect(await bench.entries()).toMatchObject([{ heldReason: 'source/message-substituted' }])
  })
})

test('a notice over IMAP is none of the mail either, and stays', async () => {
  const server = stack.use(await imap())
  const notice = withSubject('Retrieval using the IMAP4 protocol failed for the following message: 7')
  for (const octets of [mail({ id: 'one' }), notice]) await server.deliver(octets)
  const worker = stack.use(await openWorker({ ...server.env(), DATABASE_URL: await createDatabase() }))
  const microsoft = { isMicrosoft: true }
  expect(await worker.poll({}, microsoft)).toMatchObject({ error: null, sheet: { stored: 1, deleted: 1, left: 1 } })
  await worker.poll({}, microsoft)
  const held = { newlyHeld: ['source/message-substituted'], sheet: { held: 1 } }
  expect(await worker.poll({}, microsoft)).toMatchObject({ error: null, ...held })
  expect(await server.left()).toBe(1)
})

describe('the mailbox moves to another server', () => {
  test('between two polls: all unique-ids are new, no message is', async () => {
    const bench = await openBench(THREE, { manners: [moved(0)], query: 'deleteAfter=1h' })
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { stored: 3 } })
    bench.behave(moved(1))
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { retrieved: 3, stored: 0, deleted: 0 } })
    const later = { now: () => new Date(Date.now() + 2 * HOUR) }
    expect(await bench.poll(later)).toMatchObject({ error: null, sheet: { known: 3, deleted: 3 } })
    expect(await bench.broken(THREE)).toEqual([])
  })

  test('after DELE and before QUIT: what was not removed has another unique-id, and is not taken twice', async () => {
    const bench = await openBench(THREE, { manners: [moved(0), hangUpAtQuit('before', { times: 1 })] })
    await bench.poll()
    bench.behave(moved(1))
    expect(await bench.poll()).toMatchObject({ error: null, sheet: { retrieved: 3, stored: 0, deleted: 3 } })
    expect(await bench.broken(THREE)).toEqual([])
  })
})
