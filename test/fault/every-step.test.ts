/**
 * Throws at the 1st, 2nd, 3rd ... call of each function by which polling and working reach what is outside of them,
 * once before the call takes effect and once after (its answer is lost), until a run makes no such call. After each,
 * a clean run, and every promise must be kept.
 */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PollDeps, PollResult } from '../../src/intake/poll.ts'
import type { MailSession } from '../../src/source/source.ts'
import type { Store } from '../../src/store/store.ts'
import { unguarded } from '../support/append-only.ts'
import { FAULT_SERVERS, type FaultServer, hasFailedWith, pollWell } from '../support/fault-server.ts'
import { pop3 } from '../support/fault-servers/pop3.ts'
import { createFaults, type Faults, type Moment } from '../support/faults.ts'
import { absenceNote, bounce, mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { brokenPromises } from '../support/promises.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'
import { openWorker, type TestWorker } from '../support/worker.ts'

const MIB = 1024 * 1024
/** Less than in earnest, for time's sake; a parser is given what is larger in pieces. */
const STREAM_ABOVE_BYTES = MIB
const FIRST = mail({ id: 'first' })
const MAILS = [
  FIRST,
  mail({ id: 'alone', from: 'bert@example.com', sizeBytes: 600 * 1024 }),
  mail({ id: 'reply', inReplyTo: 'first' }),
  FIRST,
  mail({ id: 'large', from: 'dora@example.com', sizeBytes: 1.5 * MIB }),
  mail({ id: 'last', from: 'emil@example.com' }),
  bounce({ id: 'bounce', about: 'first' }),
  absenceNote({ id: 'absence', about: 'reply' }),
]
/** `reply` goes to the ticket of `first`, whose copy is the same message. */
const TICKETS = 4
/** `bounce` and `absence` on the ticket of `first`. */
const BOOKED = 2
/** Where mail would go out: nobody sends here, what is looked at is that it is written with the ticket. */
const ACKNOWLEDGES = {
  MAILBOX_TEST_SMTP_URL: 'smtp://127.0.0.1:9',
  MAILBOX_TEST_ACKNOWLEDGE: 'on',
  MAILBOX_TEST_ACKNOWLEDGE_FROM: 'support@example.org',
}
const MOMENTS = ['before', 'after'] as const satisfies Moment[]

let redis: TestRedis | undefined
beforeAll(async () => {
  if (redisAvailable) redis = await startRedis()
})
afterAll(() => redis?.stop())

const QUEUES = [...(redisAvailable ? (['Redis'] as const) : []), 'PostgreSQL'] as const
type QueueKind = (typeof QUEUES)[number]

/** The queue has no part in what a server does: one of them is enough for the servers beside the first. */
const CASES = Object.entries(FAULT_SERVERS).flatMap(([server, open], index) =>
  (index === 0 ? QUEUES : (['PostgreSQL'] as const)).map((queue) => ({
    server,
    open,
    queue,
    stride: index > 0 ? 3 : queue === QUEUES[0] ? 1 : 2,
  })),
)

describe.each(CASES)('whatever call fails, over $server and with the queue in $queue,', ({ open, queue, stride }) => {
  test.each(MOMENTS)(
    'a poll loses nothing and repeats nothing if it fails %s the effect (I1, I2, I3, I5)',
    async (moment) => {
      await using bench = await openBench(open, queue)
      expect(await everyStep(bench, bench.pollFaults, moment, stride)).toEqual(pollCalls(bench.server).toSorted())
    },
  )
})

describe.each(QUEUES)('whatever call of the work fails, with the queue in %s,', (queue) => {
  test.each(MOMENTS)(
    'the work gives each message its one effect if it fails %s the effect (I3, I4)',
    async (moment) => {
      await using bench = await openBench(pop3, queue)
      expect(await everyStep(bench, bench.workFaults, moment)).toEqual(WORK_CALLS.toSorted())
    },
  )
})

const POLL_CALLS = [
  ...['mailboxes.tryLock', 'polls.begin', 'ping', 'assertRoom', 'connect', 'list', 'ledger.census', 'retrieve'],
  ...['intake.storeBatch', 'intake.storeStreamed', 'wake', 'markDeleted', 'ledger.deleteAsked', 'commit'],
  ...['polls.finish', 'mailboxes.recordSuccess'],
]
/** What a source needs that is told changes only. */
const CURSOR_CALLS = ['ledger.remembered', 'ledger.remember']
const pollCalls = ({ hasCursor }: FaultServer) => (hasCursor ? [...POLL_CALLS, ...CURSOR_CALLS] : POLL_CALLS)
const WORK_CALLS = [
  ...[
    'messages.findWaiting',
    'threads.assign',
    'threads.waitingAncestors',
    'raw.octets',
    'tickets.viewThread',
    'tickets.finish',
    'reports.find',
    'reports.book',
  ],
]

interface Bench extends AsyncDisposable {
  readonly databaseUrl: string
  readonly client: Client
  readonly server: FaultServer
  readonly pollFaults: Faults
  readonly workFaults: Faults
  readonly worker: TestWorker
}

async function openBench(open: () => Promise<FaultServer>, queue: QueueKind): Promise<Bench> {
  const databaseUrl = await createDatabase()
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const server = await open()
  const [pollFaults, workFaults] = [createFaults(), createFaults()]
  const redisUrl = queue === 'Redis' ? redis?.url : undefined
  const env = { ...server.env(), ...ACKNOWLEDGES, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl }
  const worker = await openWorker(env, { guard: (store) => guardStore(workFaults, store) })
  return {
    ...{ databaseUrl, client, server, pollFaults, workFaults, worker },
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]()
      await client.end()
      await server[Symbol.asyncDispose]()
    },
  }
}

/**
 * Returns the functions whose calls were made to fail. With a stride of three every third call of each, for time's sake: what
 * differs from the first case is how mail gets in or is told of, and the first call of each function is always among them.
 */
async function everyStep(bench: Bench, faults: Faults, moment: Moment, stride = 1): Promise<string[]> {
  await oneRun(bench, faults, { label: 'none of them', nth: 1, moment })
  const labels = faults.labels().toSorted()
  for (const label of labels) {
    let nth = 1
    for (let end: RunEnd = 'struck'; end !== 'no such call'; nth += end === 'struck' ? stride : 0) {
      end = await oneRun(bench, faults, { label, nth, moment })
    }
    expect(nth).toBeGreaterThan(1)
  }
  return labels
}

/** `not reached`: the server itself has failed before that call could be made. */
type RunEnd = 'struck' | 'not reached' | 'no such call'

async function oneRun(
  bench: Bench,
  faults: Faults,
  fault: { label: string; nth: number; moment: Moment },
): Promise<RunEnd> {
  await empty(bench)
  for (const [index, octets] of MAILS.entries()) await bench.server.deliver(octets, `${runs++}-${index}`)
  faults.arm(fault.label, fault.nth, fault.moment)
  const result = await brokenRun(bench)
  const hasStruck = faults.disarm()
  await cleanRun(bench)
  const left = await bench.server.left()
  const { asSent } = bench.server
  const broke = await brokenPromises(bench.databaseUrl, {
    octets: MAILS,
    asSent,
    tickets: TICKETS,
    booked: BOOKED,
    acknowledgements: TICKETS,
  })
  expect({ ...fault, left, broke }).toEqual({ ...fault, left: 0, broke: [] })
  if (hasStruck) return 'struck'
  return hasFailedWith(result, bench.server.mayFailWith) ? 'not reached' : 'no such call'
}

let runs = 0

async function empty({ client, worker }: Bench): Promise<void> {
  await client.query(unguarded('TRUNCATE mailboxes, raw_messages, contacts CASCADE'))
  await worker.app.store.mailboxes.ensure([worker.mailbox])
}

/** Two polls: the second one's list is the proof that the server has forgotten. */
async function cleanRun({ server, worker }: Bench): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1)
    await pollWell(server, () => worker.poll({ streamAboveBytes: STREAM_ABOVE_BYTES }))
  await worker.workOff()
}

/** The poll may fail as a whole, but only as what was made to fail; of the work only calls can fail. */
async function brokenRun({ worker, pollFaults: faults }: Bench): Promise<PollResult | null> {
  const { store, assertRoom } = worker.app
  const over: Partial<PollDeps> = {
    store: guardStore(faults, store),
    connect: (mailbox) => (signal, remembered) => {
      const open = async () => faults.guard(await worker.app.connect(mailbox)(signal, remembered), SESSION)
      return faults.call('connect', { ...SESSION, onLost: dispose }, open)
    },
    assertRoom: () => faults.call('assertRoom', { code: 'store/disk-full' }, assertRoom),
    streamAboveBytes: STREAM_ABOVE_BYTES,
    wake: (ids) => faults.call('wake', { code: 'queue/unavailable' }, () => worker.queue.wake(ids)),
  }
  const result = await worker.poll(over).catch((error: Error) => {
    expect(error.message).toMatch(/^made to fail/)
    return null
  })
  await worker.workOff()
  return result
}

const SESSION = { code: 'source/connection-lost', except: [Symbol.asyncDispose] } as const

function guardStore(faults: Faults, store: Store): Store {
  return faults.guard(store, { code: 'store/unavailable', except: ['close'], isStream, onLost: release })
}

const isStream = (label: string) => label === 'raw.octets'

/** A lock whose answer is lost goes with its connection. */
async function release(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && 'release' in result && typeof result.release === 'function') {
    await result.release()
  }
}

const isSession = (result: unknown): result is MailSession =>
  typeof result === 'object' && result !== null && Symbol.asyncDispose in result

async function dispose(result: unknown): Promise<void> {
  if (isSession(result)) await result[Symbol.asyncDispose]()
}
