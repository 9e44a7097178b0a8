/**
 * For whoever runs the process, and without a login: `/livez`, whether to start it anew; `/readyz`, whether to send it
 * work; `/metrics`.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { MailboxConfig } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { startRequest } from '../telemetry.ts'
import { METRICS_TYPE, metricsOf, type QueueDepth } from './metrics.ts'

export interface Health {
  readonly store: Store
  readonly mailboxes: readonly MailboxConfig[]
  readonly now: () => Date
  readonly queue: {
    check(): Promise<void>
    depth(): Promise<readonly QueueDepth[]>
  } | null
  /** Throws where names of mailboxes are asked for by a name that is not of this machine. */
  readonly checkHost?: (host: string | undefined) => void
}

export interface Readiness {
  /** `degraded`: mail is fetched and kept, but not worked until what failed is back. */
  readonly status: 'ok' | 'degraded' | 'failed'
  readonly checks: Readonly<
    Record<string, { readonly status: 'ok' | 'failed'; readonly code?: string; readonly hint?: string }>
  >
  readonly code?: string
  readonly hint?: string
}

/** How late the event loop comes to what is due. */
interface Lag {
  milliseconds(): number
  stop(): void
}

export function addHealth(server: FastifyInstance, health: Health, lag: Lag = watchLag()): void {
  traceRequests(server)
  server.addHook('onClose', async () => lag.stop())
  server.get('/livez', (_, reply) => {
    const lagMilliseconds = Math.round(lag.milliseconds())
    if (lagMilliseconds <= LAG_LIMIT_MILLISECONDS) return { status: 'ok', lagMilliseconds }
    return reply.code(503).send({ status: 'failed', lagMilliseconds })
  })
  const ready = createReadiness(health)
  server.get('/readyz', async (_, reply) => {
    const readiness = await ready()
    return reply.code(readiness.status === 'failed' ? 503 : 200).send(readiness)
  })
  const metrics = oneAtATime(() => metricsOf(health))
  server.get('/metrics', async (request, reply) => {
    health.checkHost?.(request.headers.host)
    return reply.type(METRICS_TYPE).send(await within(METRICS_MILLISECONDS, 'store/unavailable', metrics()))
  })
}

/** By the pattern of its route: an address may name a message, and a query what somebody searched for (I9). */
function traceRequests(server: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, ReturnType<typeof startRequest>>()
  server.addHook('onRequest', async (request) => {
    spans.set(request, startRequest(request.method, request.routeOptions.url ?? 'unknown'))
  })
  server.addHook('onResponse', async (request, reply) => spans.get(request)?.end(reply.statusCode))
}

/** On average over seconds: whoever is that busy answers nobody. A single step that takes long is no illness. */
const LAG_LIMIT_MILLISECONDS = 2_000
const WINDOW_MILLISECONDS = 10_000
const RESOLUTION_MILLISECONDS = 20

/** The mean of this window or of the one before, whichever is worse. */
function watchLag(): Lag {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS })
  let last = 0
  const next = setInterval(() => {
    last = meanOf(delay)
    delay.reset()
  }, WINDOW_MILLISECONDS).unref()
  delay.enable()
  return {
    milliseconds: () => Math.max(last, meanOf(delay)),
    stop: () => {
      clearInterval(next)
      delay.disable()
    },
  }
}

function meanOf({ count, mean }: ReturnType<typeof monitorEventLoopDelay>): number {
  return count === 0 ? 0 : mean / 1e6
}

/**
 * Whoever asks while it is being answered gets the same answer, also where others have given up waiting for it: anybody
 * may ask, and the database has other work.
 */
function oneAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null
  return () => {
    asked ??= ask().finally(() => {
      asked = null
    })
    return asked
  }
}

const CACHE_MILLISECONDS = 1_000

interface Asked {
  readonly store: { ping(): Promise<void> }
  readonly queue: Health['queue']
  readonly now: () => Date
}

/** Asked once a second at most, however many ask. The database decides: without the queue mail is still kept (I4). */
export function createReadiness({ store, queue, now }: Asked): () => Promise<Readiness> {
  let asked: { at: number; answer: Promise<Readiness> } | null = null
  const ask = async (): Promise<Readiness> => {
    const [database, jobs] = await Promise.all([
      failureOf(() => store.ping(), 'store/unavailable'),
      queue === null ? null : failureOf(() => queue.check(), 'queue/unavailable'),
    ])
    const checks = { database: checkOf(database), ...(queue === null ? {} : { queue: checkOf(jobs) }) }
    const failure = database ?? jobs
    if (failure === null) return { status: 'ok', checks }
    return { status: database === null ? 'degraded' : 'failed', checks, code: failure.code, hint: failure.hint }
  }
  return () => {
    const at = now().getTime()
    if (asked === null || at - asked.at >= CACHE_MILLISECONDS || at < asked.at) asked = { at, answer: ask() }
    return asked.answer
  }
}

const checkOf = (failure: MailchuteError | null) =>
  failure === null
    ? ({ status: 'ok' } as const)
    : ({ status: 'failed', code: failure.code, hint: failure.hint } as const)

/** Less than a probe waits, and than Prometheus does. */
const ANSWER_MILLISECONDS = 2_000
const METRICS_MILLISECONDS = 8_000

type Code = 'store/unavailable' | 'queue/unavailable'

function failureOf(check: () => Promise<void>, code: Code): Promise<MailchuteError | null> {
  return within(ANSWER_MILLISECONDS, code, check()).then(() => null, asMailchuteError)
}

/** Rejects with `code` where it takes longer: a server that is cut off never answers. */
function within<T>(milliseconds: number, code: Code, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new MailchuteError(code, `no answer within ${milliseconds} ms`)),
    milliseconds,
  )
  return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer))
}
