/** The way of a message in this process: a sandbox mailbox, real polls, a real queue, real work. */
import { Client, type QueryResultRow } from 'pg'
import type { MailboxConfig } from '../../src/config.ts'
import { type PollResult, poll } from '../../src/intake/poll.ts'
import { openQueue, type Queue, type Work } from '../../src/queue/queue.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import type { Outcome } from '../../src/ticketing/outcome.ts'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { createProcess } from '../../src/ticketing/process.ts'
import { connect } from './connect.ts'
import { createDatabase } from './postgres.ts'
import { mailboxAt } from './scripted-pop3.ts'

const USER = 'support@mailchute.example'
const PASSWORD = 'correct horse battery'

export interface Conveyor extends AsyncDisposable {
  readonly store: Store
  readonly queue: Queue
  readonly sandbox: Sandbox
  /** Puts messages into the mailbox, in this order. */
  deliver(messages: readonly (Buffer | string)[]): void
  /** One poll that wakes the queue; rejects if it fails. */
  poll(): Promise<PollResult & { outcome: 'polled' }>
  work(concurrency: number): Working
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
}

export interface Working {
  /** Resolves once the jobs of so many messages have ended well, since the work began. */
  done(messages: number): Promise<void>
  readonly outcomes: ReadonlyMap<string, Outcome>
  stop(): Promise<void>
}

/** Without a Redis the queue lives in the database, as in production. */
export async function openConveyor(redisUrl: string | null): Promise<Conveyor> {
  const databaseUrl = await createDatabase()
  const store = openStore(databaseUrl)
  const queue = openQueue(redisUrl === null ? { databaseUrl } : { redisUrl }, { onTrouble: () => undefined })
  const sandbox = await startSandbox({ mailboxes: [{ user: USER, password: PASSWORD }] })
  const mailbox = mailboxAt(sandbox.port, { user: USER, credentials: { kind: 'password', password: PASSWORD } })
  await store.mailboxes.ensure([mailbox])
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const working = new Set<Working>()
  return {
    store,
    queue,
    sandbox,
    deliver: (messages) => {
      for (const message of messages) sandbox.mailbox(USER).deliver(Buffer.from(message))
    },
    poll: () => pollOnce(store, queue, mailbox),
    work: (concurrency) => {
      const started = startWork(store, queue, concurrency)
      working.add(started)
      return started
    },
    query: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    async [Symbol.asyncDispose]() {
      for (const each of working) await each.stop()
      await queue.close()
      await sandbox.close()
      await client.end()
      await store.close()
    },
  }
}

async function pollOnce(store: Store, queue: Queue, mailbox: MailboxConfig) {
  const row = await store.mailboxes.find(mailbox.name)
  if (row === null) throw new Error('the mailbox has no row')
  const deps = {
    store,
    connect,
    wake: queue.wake,
    assertRoom: async () => undefined,
    now: () => new Date(),
    random: Math.random,
  }
  const result = await poll(deps, mailbox, row, new AbortController().signal)
  if (result.outcome === 'busy') throw new Error('another poll is under way')
  if (result.error !== null) throw result.error
  return result
}

const pool = createParsePool()

function startWork(store: Store, queue: Queue, concurrency: number): Working {
  const process = createProcess(store, pool)
  const outcomes = new Map<string, Outcome>()
  const waiters = new Set<() => void>()
  const work: Work = queue.work(async (id, run) => {
    const outcome = await process(id, run)
    // Worked before its turn, because another message refers to it, it has nothing to do when its turn comes.
    if (!outcomes.has(id) || outcome.state !== 'nothing-to-do') outcomes.set(id, outcome)
    for (const look of waiters) look()
  }, concurrency)
  const done = (messages: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (outcomes.size < messages) return
        waiters.delete(look)
        resolve()
      }
      waiters.add(look)
      look()
    })
  let stopped: Promise<void> | null = null
  const stop = () => {
    stopped ??= work.stop(0)
    return stopped
  }
  return { outcomes, done, stop }
}
