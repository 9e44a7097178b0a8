import type { FetchMessageObject, FetchQueryObject } from 'imapflow'
import { asMailchuteError, type ErrorCode } from '../../errors.ts'
import type { ImapClient } from './client.ts'
import { sequenceSets } from './sequence-set.ts'
import type { Setting } from './setting.ts'
import { octetsOf, type What, type Wish } from './wish.ts'

/** A wish on its way. */
export interface Job {
  readonly wish: Wish
  /** `partial`: a piece is taken, and there is more. */
  state: 'waits' | 'partial' | 'settled'
  /** False: the server has no such message. */
  resolve(isThere: boolean): void
  reject(error: unknown): void
}

/**
 * One FETCH for all, and further ones for what has more pieces. Each reply is taken before the next one is read. Where
 * the server refuses them together each is asked for alone, so that one bad message stops nobody (I6).
 * Rejects where the session is over.
 */
export async function fetchBatch(client: ImapClient, setting: Setting, jobs: readonly Job[]): Promise<void> {
  try {
    await ask(client, setting, jobs)
  } catch (thrown) {
    await refusedTogether(client, setting, jobs, thrown)
  }
  for (const job of jobs) {
    if (job.state === 'waits') settle(job, () => job.resolve(false))
    if (job.state === 'partial') {
      job.state = 'waits'
      await fetchBatch(client, setting, [job])
    }
  }
}

async function ask(client: ImapClient, setting: Setting, jobs: readonly Job[]): Promise<void> {
  const { limits } = setting
  const [first] = jobs
  if (first === undefined) return
  const byUid = Map.groupBy(jobs, ({ wish }) => wish.uid)
  const query = queryOf(first.wish.what, first.wish.had(), limits.pieceOctets)
  const command = {
    verb: 'FETCH',
    otherwise: 'source/message-refused',
    expectedOctets: jobs.reduce((sum, { wish }) => sum + Math.min(octetsOf(wish), limits.pieceOctets), 0),
    allowedOctets: jobs.length * limits.pieceOctets,
  } as const
  await client.command(command, async () => {
    for await (const row of client.flow.fetch(sequenceSets([...byUid.keys()]).join(), query, { uid: true })) {
      for (const job of byUid.get(row.uid) ?? []) {
        if (job.state === 'waits' && holds(row, job.wish.what)) await give(client, setting, job, row)
      }
    }
  })
}

/** PEEK all of them: \Seen is not ours to set. */
function queryOf(what: What, start: number, maxLength: number): FetchQueryObject {
  if (what === 'message') return { uid: true, source: { start, maxLength } }
  if (what === 'header') return { uid: true, bodyParts: [{ key: 'HEADER', start, maxLength }] }
  return { uid: true, internalDate: true }
}

/** Not a row that tells of changed flags in between, nor NIL, which Dovecot has for a message that is gone by now. */
function holds({ source, headers, internalDate }: FetchMessageObject, what: What): boolean {
  return what === 'date' ? internalDate !== undefined : Buffer.isBuffer(what === 'message' ? source : headers)
}

async function give(client: ImapClient, { failures }: Setting, job: Job, row: FetchMessageObject): Promise<void> {
  try {
    const taken = job.wish.take(row)
    const isAll = typeof taken === 'boolean' ? taken : await client.held(taken)
    if (isAll) settle(job, () => job.resolve(true))
    else job.state = 'partial'
  } catch (thrown) {
    const error = client.failure ?? asMailchuteError(thrown)
    settle(job, () => job.reject(error))
    if (error.code === 'source/message-too-large') return
    client.fail(failures.failure('source/connection-lost', 'dropped in the middle of a reply', { cause: error }))
  }
}

async function refusedTogether(
  client: ImapClient,
  setting: Setting,
  jobs: readonly Job[],
  thrown: unknown,
): Promise<void> {
  const error = asMailchuteError(thrown)
  if (client.failure === null && OF_THE_SESSION.has(error.code)) client.fail(error)
  if (client.failure !== null) throw client.failure
  const waiting = jobs.filter(({ state }) => state === 'waits')
  const [only] = waiting
  if (jobs.length === 1 && only !== undefined) return settle(only, () => only.reject(error))
  for (const job of waiting) await fetchBatch(client, setting, [job])
}

/** These are about more than one message. */
const OF_THE_SESSION: ReadonlySet<ErrorCode> = new Set([
  'source/server-busy',
  'source/mailbox-unavailable',
  'source/mailbox-locked',
  'source/credentials-refused',
  'source/protocol-violation',
  'internal/bug',
])

function settle(job: Job, how: () => void): void {
  job.state = 'settled'
  how()
}
