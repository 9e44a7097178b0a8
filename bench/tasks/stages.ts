/**
 * Where the time goes: each step of a message's way by itself, over the same mails, with the CPU of every process
 * that has a part in it. In `drain` the steps overlap, so their times add up to more than its own.
 */
import type { Account } from '../../src/config.ts'
import { poll } from '../../src/intake/poll.ts'
import type { ParsedMessage } from '../../src/message/parsed-message.ts'
import { openQueue } from '../../src/queue/queue.ts'
import { pop3 } from '../../src/source/pop3/session.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createThreadIndex } from '../../src/ticketing/index-threads.ts'
import { createParsePool, type ParseSource } from '../../src/ticketing/parse-pool.ts'
import { createProcess } from '../../src/ticketing/process.ts'
import { cpuByProgram } from '../support/processes.ts'
import { mailboxRow, pollDeps } from './intake.ts'

export interface StagesInput {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  readonly mailbox: Account
}

export interface Stage {
  readonly what: string
  readonly wallMs: number
  /** By program. */
  readonly cpuMs: Readonly<Record<string, number>>
}

const CONCURRENCY = 16

export async function stages(input: StagesInput): Promise<Stage[]> {
  const { databaseUrl, redisUrl, mailbox } = input
  const store = openStore(databaseUrl)
  const row = await mailboxRow(store, mailbox)
  const pool = createParsePool()
  const signal = AbortSignal.timeout(600_000)
  const done: Stage[] = []
  const stage = async (what: string, work: () => Promise<unknown>) => done.push(await measured(what, work))

  await stage('download, to nowhere', () => download(mailbox))
  await stage('poll: download, commit, delete', () => poll(pollDeps(store), mailbox, row, signal))
  const ids = await store.messages.waitingIds({ limit: 100_000 })
  await stage('put into threads', () => createThreadIndex(store)(row.id))
  await stage('load', () => atOnce(ids, (id) => store.messages.findWaiting(id)))
  const sources = await parseSources(store, ids)
  const parsed = new Map<string, ParsedMessage>()
  await stage('parse (first use starts the threads)', () =>
    atOnce(ids, async (id) => parsed.set(id, await pool.parse(sourceOf(sources, id), signal))),
  )
  await stage('parse again', () => atOnce(ids, (id) => pool.parse(sourceOf(sources, id), signal)))
  await stage('load, view thread, write ticket', () => ticketAll(store, sources, parsed, ids, signal))
  if (redisUrl !== null) await stage('queue in Redis, empty jobs', () => queueOnly({ redisUrl }, ids))
  await stage('queue in PostgreSQL, empty jobs', () => queueOnly({ databaseUrl }, ids))
  await pool.close()
  await store.close()
  return done
}

async function measured(what: string, work: () => Promise<unknown>): Promise<Stage> {
  const before = await cpuByProgram(process.ppid)
  const startedAt = performance.now()
  await work()
  const wallMs = performance.now() - startedAt
  const after = await cpuByProgram(process.ppid)
  const cpuMs = Object.fromEntries(after.entries().map(([name, ms]) => [name, ms - (before.get(name) ?? 0)]))
  return { what, wallMs, cpuMs }
}

async function download(mailbox: Account): Promise<void> {
  await using session = await pop3(mailbox)(AbortSignal.timeout(600_000))
  const messages = await session.list()
  await Promise.all(messages.map((message) => session.retrieve(message, () => undefined)))
  await session.commit()
}

async function atOnce(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<void> {
  const rest = ids.values()
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const id of rest) await work(id)
    }),
  )
}

async function parseSources(store: Store, ids: readonly string[]): Promise<Map<string, ParseSource>> {
  const sources = new Map<string, ParseSource>()
  for (const id of ids) {
    const waiting = await store.messages.findWaiting(id)
    if (waiting === null) throw new Error('a message is gone')
    const chunks: Buffer[] = []
    for await (const chunk of store.raw.octets(waiting.sha256)) chunks.push(chunk)
    sources.set(id, {
      sizeBytes: waiting.sizeBytes,
      octets: async function* () {
        yield* chunks
      },
    })
  }
  return sources
}

function sourceOf(sources: ReadonlyMap<string, ParseSource>, id: string): ParseSource {
  const source = sources.get(id)
  if (source === undefined) throw new Error('a message is gone')
  return source
}

/** The worker's way with the parser's answers at hand. They are told apart by size, which is close enough here. */
async function ticketAll(
  store: Store,
  sources: ReadonlyMap<string, ParseSource>,
  parsed: ReadonlyMap<string, ParsedMessage>,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const bySize = new Map(ids.map((id) => [sourceOf(sources, id).sizeBytes, parsed.get(id)]))
  const parse = async ({ sizeBytes }: ParseSource) => {
    const known = bySize.get(sizeBytes)
    if (known === undefined) throw new Error('a message of an unknown size')
    return known
  }
  const process = createProcess(store, { parse })
  await atOnce(ids, (id) => process(id, { isLastAttempt: true, stalls: 0, signal }))
}

async function queueOnly(target: Parameters<typeof openQueue>[0], ids: readonly string[]): Promise<void> {
  const queue = openQueue(target, { onTrouble: () => undefined })
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = ids.length
  const working = queue.work(async () => {
    left--
    if (left === 0) resolve()
  }, CONCURRENCY)
  for (let from = 0; from < ids.length; from += 64) await queue.wake(ids.slice(from, from + 64))
  await promise
  await working.stop(10_000)
  await queue.close()
}
