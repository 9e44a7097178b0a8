import {
  type BackendFactory,
  type Job,
  type JobsOptions,
  type JobType,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  Queue,
} from 'bullmq'
import { Redis } from 'ioredis'
import { MailchuteError } from '../errors.ts'
import { createPatience } from './patience.ts'
import { PatientWorker } from './patient-worker.ts'

/** Where the queue lives: Redis, or the database itself where no Redis is set. One code path above this file. */
export type QueueTarget = { readonly redisUrl: string } | { readonly databaseUrl: string }

/** Of BullMQ's classes, what is used here: their types differ by backend. */
export interface Producer<Data> {
  getJobCounts(...types: JobType[]): Promise<Record<string, number>>
  add(name: string, data: Data, options: JobsOptions): Promise<unknown>
  addBulk(jobs: { name: string; data: Data; opts: JobsOptions }[]): Promise<unknown>
  close(): Promise<void>
}
export interface Consumer {
  /** Resolves when the jobs at work have ended. */
  close(): Promise<void>
}
export type RunningJob = Pick<Job<unknown>, 'data' | 'attemptsMade' | 'stalledCounter' | 'opts' | 'moveToWait'>
export type Run = (job: RunningJob, token?: string, cancelled?: AbortSignal) => Promise<void>

export interface WorkerSettings {
  readonly concurrency: number
  /** A worker that has not said for so long that it lives is held for dead, and its jobs go to others. */
  readonly deadAfterMilliseconds: number
}

export interface Backend {
  queue<Data>(name: string): Producer<Data>
  worker(name: string, run: Run, options: WorkerSettings): Consumer
  /** Throws what went wrong with a queue as `queue/unavailable`, with what to do where this one lives. */
  fail(cause: unknown): never
  /** Rejects with `queue/unavailable`, or `config/queue-eviction` where Redis may drop jobs. */
  check(): Promise<void>
  close(): Promise<void>
}

export function openBackend(target: QueueTarget, onTrouble: (error: Error) => void): Backend {
  return 'redisUrl' in target
    ? redisBackend(target.redisUrl, onTrouble)
    : postgresBackend(target.databaseUrl, onTrouble)
}

const CONNECT_TIMEOUT_MILLISECONDS = 5000
const COMMAND_TIMEOUT_MILLISECONDS = 5000
/** BullMQ's statements take milliseconds; one that is lost is made good by the sweep (I4). */
const STATEMENT_TIMEOUT_MILLISECONDS = 20_000

/**
 * A producer fails fast: a wake-up that cannot be sent is forgotten, the sweep covers it (I4). A worker waits, for
 * as long as it takes.
 */
function redisBackend(url: string, onTrouble: (error: Error) => void): Backend {
  const connections: Redis[] = []
  const connect = (options: { maxRetriesPerRequest: number | null; commandTimeout?: number }) => {
    const redis = new Redis(url, { ...options, connectTimeout: CONNECT_TIMEOUT_MILLISECONDS })
    redis.on('error', onTrouble)
    connections.push(redis)
    return redis
  }
  const producer = connect({ maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MILLISECONDS })
  return {
    queue: <Data>(name: string) => heard(new Queue<Data>(name, { connection: producer }), onTrouble) as Producer<Data>,
    worker: (name, run, settings) => {
      const connection = connect({ maxRetriesPerRequest: null })
      return heard(new PatientWorker(name, run, { ...optionsOf(settings), connection }), onTrouble)
    },
    fail: (cause) => {
      throw new MailchuteError('queue/unavailable', 'the queue cannot be reached', { cause })
    },
    check: () => checkRedis(producer),
    close: async () => {
      for (const redis of connections) redis.disconnect()
    },
  }
}

/** As BullMQ works: by a script that writes among its keys. */
const TAKE_AND_DROP = "redis.call('SET', KEYS[1], 1) redis.call('DEL', KEYS[1])"

/** It may answer and still take no jobs: out of memory, a replica now, unable to save, rights that are missing. */
async function checkRedis(redis: Redis): Promise<void> {
  const memory = await redis.info('memory').catch(notTaking)
  await redis.eval(TAKE_AND_DROP, 1, 'bull:mailchute:probe').catch(notTaking)
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1]
  if (policy === undefined || policy === 'noeviction') return
  throw new MailchuteError('config/queue-eviction', `Redis has maxmemory-policy ${policy}`)
}

function notTaking(cause: unknown): never {
  const [, refusal] = /^([A-Z]+) /.exec(isReply(cause) ? cause.message : '') ?? []
  if (refusal === undefined) throw new MailchuteError('queue/unavailable', 'Redis does not answer', { cause })
  throw new MailchuteError('queue/unavailable', `Redis answers and takes no jobs (${refusal})`, {
    cause,
    hint: `${HINTS[refusal] ?? 'see what the log of Redis says'}; stored mail waits, nothing is lost`,
  })
}

const isReply = (cause: unknown): cause is Error => cause instanceof Error && cause.name === 'ReplyError'

/** By the first word of what Redis says. */
const HINTS: Readonly<Record<string, string>> = {
  OOM: 'give Redis more memory (maxmemory)',
  READONLY: 'point REDIS_URL at the primary: this is a replica',
  MISCONF: 'Redis cannot save to its disk: make room there',
  NOPERM: 'let the user of REDIS_URL use scripts, INFO and the keys bull:*',
  NOAUTH: 'put the password of Redis into REDIS_URL',
  WRONGPASS: 'put the right user and password of Redis into REDIS_URL',
}

/** Of all queues and workers of a process, beside one connection that listens. */
const POOL_SIZE = 4

/**
 * One connection for all: each makes its tables when it is opened, and BullMQ never forgets that it failed to, so that a
 * worker with a connection of its own would spin for ever where the database was out of connections just then.
 */
function postgresBackend(connectionString: string, onTrouble: (error: Error) => void): Backend {
  const connection = new PostgresConnection({
    connectionString,
    migrate: true,
    max: POOL_SIZE,
    onConnect: heardByNobody,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
    query_timeout: STATEMENT_TIMEOUT_MILLISECONDS,
  })
  connection.setMaxListeners(0)
  const options = { connection: connectionString }
  const share: BackendFactory<SharingBackend, PostgresConnectionOptions> = (name, options) =>
    new SharingBackend(connection, name, options)
  const producers: Producer<unknown>[] = []
  return {
    queue: <Data>(name: string) => {
      const queue = heard(new Queue(name, options, share), onTrouble) as Producer<Data>
      producers.push(queue as Producer<unknown>)
      return queue
    },
    worker: (name, run, settings) =>
      heard(new PatientWorker(name, run, { ...optionsOf(settings), ...options }, share), onTrouble),
    fail: notAnswering,
    check: async () => {
      await connection.waitUntilReady().catch(notSetUp)
      await Promise.all(producers.map((queue) => queue.getJobCounts('waiting'))).catch(notAnswering)
    },
    close: () => connection.close(),
  }
}

/**
 * Its connection is not its own, and stays open when it is closed. A worker that waits needs one more, which listens:
 * BullMQ would ask a server that is out of connections for it ten times a second.
 */
class SharingBackend extends PostgresQueueBackend {
  readonly #closing = new AbortController()
  readonly #patiently = createPatience(this.#closing.signal)

  override async close(): Promise<void> {}

  override waitForJob(blockTimeoutSeconds: number) {
    return this.#patiently(() => super.waitForJob(blockTimeoutSeconds))
  }

  /** When its worker is closed. */
  override disconnectBlocking(isAwaited?: boolean): Promise<void> {
    this.#closing.abort()
    return super.disconnectBlocking(isAwaited)
  }
}

function notAnswering(cause: unknown): never {
  throw new MailchuteError('queue/unavailable', 'the queue in the database cannot be used', {
    cause,
    hint: 'see whether PostgreSQL answers, and the role of DATABASE_URL may use the schema bullmq; stored mail waits, nothing is lost',
  })
}

/** BullMQ makes its tables itself; where it may not, each of its calls would wait for ever. */
function notSetUp(cause: unknown): never {
  const said = cause instanceof Error ? cause.message : String(cause)
  throw new MailchuteError('queue/unavailable', `the queue cannot be set up in the database: ${said}`, {
    cause,
    hint: 'let the role of DATABASE_URL make its tables (GRANT CREATE ON DATABASE), or set REDIS_URL',
  })
}

/**
 * BullMQ takes connections out of its pool without listening to them: one that breaks just then would end the process.
 * What was under way on it hears of it all the same.
 */
function heardByNobody(client: { on(event: 'error', listener: () => void): unknown }): void {
  client.on('error', () => undefined)
}

/** Where there is no connection. BullMQ's 15 s cannot be ended, and would take most of a shutdown. */
const RETRY_MILLISECONDS = 1000

function optionsOf({ concurrency, deadAfterMilliseconds }: WorkerSettings) {
  return {
    concurrency,
    lockDuration: deadAfterMilliseconds,
    stalledInterval: deadAfterMilliseconds,
    runRetryDelay: RETRY_MILLISECONDS,
    // Not BullMQ that gives up a job whose workers die, but whoever works it: it knows what to do with the message.
    maxStalledCount: 100,
  }
}

/** An `error` event that nobody hears would end the process. */
function heard<Q extends { on(event: 'error', listener: (error: Error) => void): unknown }>(
  emitter: Q,
  onTrouble: (error: Error) => void,
): Q {
  emitter.on('error', onTrouble)
  return emitter
}
