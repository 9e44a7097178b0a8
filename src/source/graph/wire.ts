/**
 * HTTP/1.1 over the connections of source/connection.ts, kept alive (RFC 9112). Node's own client rather than fetch:
 * fetch hides the connection, and with it the certificate authority of a mailbox and the reason of a failed handshake.
 *
 * Guaranteed: no redirect is followed, so the token goes nowhere else; every wait has a deadline; a body counts as
 * whole only by its own end mark (Content-Length or the last chunk), never because the connection ended.
 */
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http'
import type { Duplex } from 'node:stream'

import { MailchuteError } from '../../errors.ts'
import { dial, type Setting, secure } from '../connection.ts'
import { type Overdue, ReplyClock } from '../reply-clock.ts'
import { type GraphLimits, REQUESTS_AT_ONCE } from './limits.ts'

export interface Request {
  /** For error messages: what is asked, without any argument. */
  readonly verb: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Hands over the octets as they come; reads no further while `take` has a promise that is not settled. */
  read(take: (octets: Buffer) => undefined | Promise<void>): Promise<void>
  /** Ends the connection, if octets are still to come. */
  drop(): void
}

export type Send = (request: Request) => Promise<Answer>

/**
 * The end of the session's lifetime is the end of its connections. A server may end a kept connection in the moment in
 * which it is used again: then nothing was answered, and what changes nothing is asked anew. What does is not, for it
 * may have happened: a second DELETE might take from Deleted Items what the first one has put there.
 */
export function openWire(setting: Setting<GraphLimits>): Send {
  const agent = new WireAgent(setting)
  const { signal } = setting.lifetime
  if (signal.aborted) agent.destroy()
  else signal.addEventListener('abort', () => agent.destroy(), { once: true })
  return async (request) => {
    for (let attempt = 1; ; attempt++) {
      if (signal.aborted) throw setting.lifetime.reason()
      const outcome = await attemptOn(agent, setting, request)
      if ('answer' in outcome) return outcome.answer
      if (!outcome.isStale || attempt > REQUESTS_AT_ONCE) throw outcome.error
    }
  }
}

class WireAgent extends Agent {
  readonly #setting: Setting

  constructor(setting: Setting) {
    super({ keepAlive: true, maxSockets: REQUESTS_AT_ONCE, maxFreeSockets: REQUESTS_AT_ONCE })
    this.#setting = setting
  }

  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): undefined {
    const open = async () => {
      const bare = await dial(this.#setting)
      return this.#setting.mailbox.security === 'tls' ? secure(bare, this.#setting) : bare
    }
    // Node's types want a stream beside an error as well.
    const failed = done as unknown as (error: unknown) => void
    open().then((socket) => done?.(null, socket), failed)
  }
}

/** Stale: a connection that had served before ended without one octet of an answer. */
type Attempt = { readonly answer: Answer } | { readonly error: MailchuteError; readonly isStale: boolean }

function attemptOn(agent: Agent, setting: Setting<GraphLimits>, request: Request): Promise<Attempt> {
  const { url, method, headers, body = '' } = request
  return new Promise((settle) => {
    let broken: unknown = null
    let reading: IncomingMessage | null = null
    const clock = new ReplyClock(setting.limits, (what) =>
      (reading ?? outgoing).destroy(overdue(setting, request, what)),
    )
    const outgoing = requestHttp({
      agent,
      method,
      hostname: setting.mailbox.host,
      port: setting.mailbox.port,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, ...(body === '' ? {} : { 'content-length': Buffer.byteLength(body) }) },
    })
    outgoing.once('socket', () => clock.expect(setting.limits.replyMs, 0))
    outgoing.once('response', (incoming) => {
      reading = incoming
      clock.received(1)
      settle({ answer: answerOf(incoming, { setting, request, clock, broken: () => broken }) })
    })
    // Stays for the life of the request: an error without a listener would end the process.
    outgoing.on('error', (error) => {
      broken ??= error
      clock.stop()
      settle({
        error: lost(setting, request, error),
        isStale:
          method === 'GET' && outgoing.reusedSocket && !setting.lifetime.signal.aborted && STALE.has(errnoOf(error)),
      })
    })
    // Without an error, where the server changes the protocol (101): nobody has asked it to.
    outgoing.once('close', () => {
      if (reading !== null) return
      clock.stop()
      settle({ error: lost(setting, request, new Error('closed without an answer')), isStale: false })
    })
    outgoing.end(body)
  })
}

const STALE = new Set(['ECONNRESET', 'EPIPE'])

interface Exchange {
  readonly setting: Setting<GraphLimits>
  readonly request: Request
  readonly clock: ReplyClock
  readonly broken: () => unknown
}

function answerOf(incoming: IncomingMessage, exchange: Exchange): Answer {
  const { setting, request, clock, broken } = exchange
  const { statusCode: status = 0, headers } = incoming
  // Read or not: it may break at any time.
  incoming.on('error', () => clock.stop())
  incoming.once('close', () => clock.stop())
  return {
    status,
    headers,
    drop: () => void (incoming.complete || incoming.destroy()),
    read: async (take) => {
      const unfit = unfitness(headers)
      if (unfit !== null && status !== NO_CONTENT) {
        incoming.destroy()
        throw setting.failures.failure('source/protocol-violation', unfit, { verb: request.verb, hint: NOT_GRAPH })
      }
      await readAll(incoming, clock, take).catch((error: unknown) => {
        incoming.destroy()
        throw error instanceof OfTheSink ? error.cause : lost(setting, request, broken() ?? error)
      })
      if (!incoming.complete) throw lost(setting, request, new Error('the answer has no end'))
    },
  }
}

const NO_CONTENT = 204
export const NOT_GRAPH =
  'this is no answer of Microsoft Graph: check `endpoint` and what stands between. Nothing was lost'

/** Why these octets could not be trusted to be whole and as they are. */
function unfitness({
  'content-length': length,
  'transfer-encoding': transfer,
  'content-encoding': content,
}: IncomingHttpHeaders) {
  if (length === undefined && !/\bchunked\b/i.test(transfer ?? '')) return 'an answer whose end cannot be told'
  if (content !== undefined && content !== 'identity') return 'an encoded answer, which was not asked for'
  return null
}

/** What the taker has thrown, to tell it from what the connection has. */
class OfTheSink extends Error {
  constructor(cause: unknown) {
    super('of the sink', { cause })
  }
}

async function readAll(
  incoming: IncomingMessage,
  clock: ReplyClock,
  take: (octets: Buffer) => undefined | Promise<void>,
): Promise<void> {
  for await (const octets of incoming as AsyncIterable<Buffer>) {
    clock.received(octets.length)
    try {
      const taken = take(octets)
      if (taken === undefined) continue
      clock.pause()
      await taken
      clock.resume()
    } catch (error) {
      throw new OfTheSink(error)
    }
  }
}

function overdue({ failures }: Setting, { verb }: Request, what: Overdue): MailchuteError {
  return failures.failure('source/reply-timeout', `waited too long for the ${what}`, { verb })
}

function lost({ failures, lifetime }: Setting, { verb }: Request, cause: unknown): MailchuteError {
  if (lifetime.signal.aborted) return lifetime.reason()
  if (cause instanceof MailchuteError) return cause
  if (errnoOf(cause).startsWith('HPE_')) {
    return failures.failure('source/protocol-violation', 'the answer is no HTTP', { verb, cause, hint: NOT_GRAPH })
  }
  return failures.failure('source/connection-lost', 'connection lost', { verb, cause })
}

function errnoOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
