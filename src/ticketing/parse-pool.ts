import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { MailchuteError } from '../errors.ts'
import { BARE_OCTETS, PARSE_LIMITS, type ParseLimits } from '../message/parse/limits.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import { sendOctets } from './octet-channel.ts'
import { joined, unlessAborted } from './octets.ts'
import type { ParseOutcome, ParseTask } from './parse-thread.ts'
import { createSlots } from './slots.ts'

/**
 * Parses the mail of strangers in threads, so that a hostile one costs its thread and nothing else (I6).
 *
 * The thread of a message that takes too long or too much memory, or that breaks it, is ended and replaced; a thread
 * has one message at a time, so no other parse is disturbed. Then the start of the message is read once more, by
 * simple means: what comes of it has the defect `parsed-barely`. Where that fails, too, it rejects with what went wrong
 * first: `message/parse-timeout`, `message/parse-memory` or `message/unparseable`. What reading the octets throws is
 * passed on as it is, and so is the reason of the signal.
 *
 * Messages above 1 MiB are streamed into their thread, one at a time, in constant memory.
 */
export interface ParsePool {
  parse(source: ParseSource, signal: AbortSignal): Promise<ParsedMessage>
  /** Ends the threads; parses under way are cut off. */
  close(): Promise<void>
}

export interface ParseSource {
  /** Exact: decides how the octets go over, and the time limit. */
  readonly sizeBytes: number
  /** Called when a thread is free, and once more where the message is read barely. */
  readonly octets: () => AsyncIterable<Buffer>
  /** Hand over the octets of attachments, too. */
  readonly content?: boolean
}

export interface ParsePoolOptions {
  readonly threads?: number
  /** The JavaScript heap of a thread; buffers are bounded by the limits. */
  readonly heapMib?: number
  /** Counted from when the message has a thread. */
  readonly timeLimitSeconds?: (sizeBytes: number) => number
  readonly limits?: ParseLimits
}

const MIB = 1024 * 1024
const LARGE_BYTES = MIB
const IDLE_THREAD_MS = 60_000
/**
 * Enough for the limits of message/limits.ts: 4 MiB of text in every shape on its way, a header of 14 MiB, 10,000 parts.
 * Measured: with more, hostile HTML drives the whole process over 300 MB before the collector runs.
 */
const HEAP_MIB = 128
const THREADS_LIMIT = 4

/** A minute and a second for each MiB: hundreds of times what ordinary mail takes. */
const timeLimitSecondsOf = (sizeBytes: number): number => 60 + sizeBytes / MIB

export function createParsePool(options: ParsePoolOptions = {}): ParsePool {
  const threads = options.threads ?? Math.min(availableParallelism(), THREADS_LIMIT)
  const piscina = createThreads(threads, options.heapMib ?? HEAP_MIB)
  // Never more tasks than threads, so that none waits inside piscina: the time limit then counts parsing only.
  const slots = createSlots(threads)
  const largeSlots = createSlots(1)
  const limits = options.limits ?? PARSE_LIMITS
  const timeLimitSeconds = options.timeLimitSeconds ?? timeLimitSecondsOf

  const parse = async (source: ParseSource, signal: AbortSignal): Promise<ParsedMessage> => {
    const isLarge = source.sizeBytes > LARGE_BYTES
    const leaveLarge = isLarge ? await largeSlots.take(signal) : () => {}
    try {
      const leave = await slots.take(signal)
      try {
        const timeLimit = timeLimitSeconds(source.sizeBytes)
        const run = { piscina, source, signal, limits, timeLimitSeconds: timeLimit, isStart: false }
        return await unlessHostile(run, isLarge ? parseStreamed(run) : parseWhole(run))
      } finally {
        leave()
      }
    } finally {
      leaveLarge()
    }
  }
  return { parse, close: () => piscina.destroy() }
}

function createThreads(threads: number, heapMib: number): Piscina<ParseTask, ParseOutcome> {
  const piscina = new Piscina<ParseTask, ParseOutcome>({
    // The source runs as .ts, the build as .js.
    filename: new URL(`./parse-thread${extname(import.meta.url)}`, import.meta.url).href,
    maxThreads: threads,
    minThreads: 0,
    idleTimeout: IDLE_THREAD_MS,
    resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: 8 },
    // Secrets of the environment are no business of a parser.
    env: {},
    execArgv: [],
  })
  // A thread that fails while it has no message: piscina has already removed it, and no parse is concerned.
  piscina.on('error', () => {})
  return piscina
}

interface Run {
  readonly piscina: Piscina<ParseTask, ParseOutcome>
  readonly source: ParseSource
  readonly signal: AbortSignal
  readonly limits: ParseLimits
  readonly timeLimitSeconds: number
  readonly isStart: boolean
}

const HOSTILE: ReadonlySet<string> = new Set(['message/parse-timeout', 'message/parse-memory', 'message/unparseable'])
const BARE_TIME_LIMIT_SECONDS = 10

/** A second, cheap attempt: over a limit there still is a ticket, with what could be read. */
async function unlessHostile(run: Run, parsing: Promise<ParsedMessage>): Promise<ParsedMessage> {
  try {
    return await parsing
  } catch (error) {
    if (!(error instanceof MailchuteError && HOSTILE.has(error.code))) throw error
    const start = await unlessAborted(startOf(run.source.octets()), run.signal)
    const barely = { ...run, isStart: true, timeLimitSeconds: BARE_TIME_LIMIT_SECONDS }
    const outcome = await runTask(barely, start, [start.buffer]).catch(() => {
      run.signal.throwIfAborted()
      throw error
    })
    if ('error' in outcome) throw error
    return outcome.parsed
  }
}

async function startOf(octets: AsyncIterable<Buffer>): Promise<Uint8Array<ArrayBuffer>> {
  const start = new Uint8Array(BARE_OCTETS)
  let length = 0
  for await (const chunk of octets) {
    const kept = chunk.subarray(0, BARE_OCTETS - length)
    start.set(kept, length)
    length += kept.length
    if (length === BARE_OCTETS) break
  }
  return start.slice(0, length)
}

async function parseWhole(run: Run): Promise<ParsedMessage> {
  const octets = await unlessAborted(joined(run.source.octets()), run.signal)
  return parsedBy(await runTask(run, octets, [octets.buffer]))
}

async function parseStreamed(run: Run): Promise<ParsedMessage> {
  const { port1, port2 } = new MessageChannel()
  const over = new AbortController()
  const reading: { failure?: { error: unknown } } = {}
  sendOctets(run.source.octets(), port1, over.signal).catch((error: unknown) => {
    reading.failure = { error }
  })
  try {
    const outcome = await runTask(run, port2, [port2])
    if (reading.failure) throw reading.failure.error
    return parsedBy(outcome)
  } finally {
    over.abort()
    port1.close()
  }
}

async function runTask(
  run: Run,
  octets: ParseTask['octets'],
  transferList: readonly (ArrayBuffer | MessagePort)[],
): Promise<ParseOutcome> {
  const started = new Int32Array(new SharedArrayBuffer(4))
  const { source, limits, isStart } = run
  const task = { octets, content: source.content ?? false, isStart, limits, started }
  const timeLimit = AbortSignal.timeout(Math.ceil(run.timeLimitSeconds * 1000))
  try {
    const signal = AbortSignal.any([run.signal, timeLimit])
    return await run.piscina.run(task, { signal, transferList: [...transferList] })
  } catch (error) {
    run.signal.throwIfAborted()
    if (timeLimit.aborted) throw timeoutError(run)
    throw threadError(error, started[0] === 1)
  }
}

function parsedBy(outcome: ParseOutcome): ParsedMessage {
  if ('parsed' in outcome) return outcome.parsed
  const { code, message, cause } = outcome.error
  throw new MailchuteError(code, message, { cause })
}

function timeoutError({ source, timeLimitSeconds }: Run): MailchuteError {
  return new MailchuteError(
    'message/parse-timeout',
    `parsing took longer than ${timeLimitSeconds.toFixed(3)} seconds`,
    {
      context: { sizeBytes: source.sizeBytes, timeLimitSeconds },
    },
  )
}

/** A thread that never got as far as the message failed for reasons of its own: not the message's fault. */
function threadError(cause: unknown, hadStarted: boolean): MailchuteError {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new MailchuteError('message/parse-memory', 'parsing took more memory than a parse thread may have', {
      cause,
    })
  }
  if (!hadStarted) return new MailchuteError('internal/bug', 'the parse thread did not start', { cause })
  return new MailchuteError('message/unparseable', 'the parse thread broke on the message', { cause })
}
