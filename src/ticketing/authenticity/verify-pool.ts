import { extname } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { Look, Reason } from '../../message/authenticity/trust.ts'
import { sendOctets } from '../octet-channel.ts'
import { joined, unlessAborted } from '../octets.ts'
import { createSlots } from '../slots.ts'
import { answering } from './ask-channel.ts'
import type { Resolve } from './dns-answers.ts'
import type { ToVerify } from './verify.ts'
import type { VerifyTask } from './verify-thread.ts'

/**
 * Verifies the mail of strangers in a thread of its own, several at once, so that a hostile one costs its thread and
 * nothing else (I6). The thread is there only while it is needed, and mailauth is loaded nowhere else.
 *
 * Never rejects but with the signal's reason or with what reading the octets throws: a thread that breaks is replaced,
 * and so is one that is still busy when the time of a message is over. The messages in it come out without a look.
 */
export interface VerifyPool {
  verify(message: Message, signal: AbortSignal): Promise<Look | Reason>
  close(): Promise<void>
}

export interface Message extends Pick<ToVerify, 'domain' | 'client' | 'header'> {
  /** Of the whole message. */
  readonly sizeBytes: number
  /** null: nothing is signed, so that the body does not matter. */
  readonly body: (() => AsyncIterable<Buffer>) | null
}

export interface VerifyPoolOptions {
  /**
   * Of the look-ups of one message, altogether, and a second more for each MiB that is read before the last one: what is
   * not known by then counts as not answered.
   */
  readonly askSeconds?: number
  readonly timeLimitSeconds?: (sizeBytes: number) => number
  readonly heapMib?: number
}

const MIB = 1024 * 1024
const STREAMED_BYTES = MIB
const IDLE_THREAD_MS = 60_000
const HEAP_MIB = 96
const AT_ONCE = 16
const LARGE_AT_ONCE = 2
const ASK_SECONDS = 5

/** Look-ups have ended long before. */
const timeLimitSecondsOf = (sizeBytes: number): number => 10 + sizeBytes / MIB

export function createVerifyPool(resolve: Resolve, options: VerifyPoolOptions = {}): VerifyPool {
  const timeLimitSeconds = options.timeLimitSeconds ?? timeLimitSecondsOf
  const slots = createSlots(AT_ONCE)
  const largeSlots = createSlots(LARGE_AT_ONCE)
  let thread: Piscina<VerifyTask, Look> | null = null
  const replace = async (late: Piscina<VerifyTask, Look>): Promise<void> => {
    if (thread === late) thread = null
    await late.destroy()
  }

  const run = async (message: Message, signal: AbortSignal): Promise<Look | Reason> => {
    thread ??= createThread(options.heapMib ?? HEAP_MIB)
    const used = thread
    const { promise: over, resolve: end } = Promise.withResolvers<Reason>()
    const timer = setTimeout(() => end('authenticity/timeout'), timeLimitSeconds(message.sizeBytes) * 1000)
    const askUntil = AbortSignal.timeout(
      Math.ceil(((options.askSeconds ?? ASK_SECONDS) + message.sizeBytes / MIB) * 1000),
    )
    try {
      const outcome = await unlessAborted(Promise.race([look(used, message, resolve, askUntil), over]), signal)
      if (outcome === 'authenticity/timeout') await replace(used)
      return outcome
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    verify: async (message, signal) => {
      const isLarge = message.body !== null && message.sizeBytes > STREAMED_BYTES
      const leaveLarge = isLarge ? await largeSlots.take(signal) : () => {}
      try {
        const leave = await slots.take(signal)
        try {
          return await run(message, signal)
        } finally {
          leave()
        }
      } finally {
        leaveLarge()
      }
    },
    close: async () => thread?.destroy(),
  }
}

function createThread(heapMib: number): Piscina<VerifyTask, Look> {
  const piscina = new Piscina<VerifyTask, Look>({
    // The source runs as .ts, the build as .js.
    filename: new URL(`./verify-thread${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    concurrentTasksPerWorker: AT_ONCE,
    idleTimeout: IDLE_THREAD_MS,
    resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: 16 },
    env: {},
    execArgv: [],
  })
  // A thread that fails while it has no message: piscina has already removed it.
  piscina.on('error', () => {})
  return piscina
}

async function look(
  thread: Piscina<VerifyTask, Look>,
  message: Message,
  resolve: Resolve,
  askUntil: AbortSignal,
): Promise<Look | Reason> {
  const { domain, client } = message
  const header = Uint8Array.from(message.header)
  await using body = await bodyFor(message)
  const questions = new MessageChannel()
  answering(questions.port1, resolve, askUntil)
  try {
    const task = { domain, client, header, body: body.sent, questions: questions.port2 }
    const run = thread.run(task, { transferList: [header.buffer, questions.port2, ...body.transferList] })
    const outcome = await run.catch((): Reason => 'authenticity/broke')
    body.throwIfUnreadable()
    return outcome
  } finally {
    questions.port1.close()
  }
}

interface Body extends AsyncDisposable {
  readonly sent: VerifyTask['body']
  readonly transferList: readonly (ArrayBuffer | MessagePort)[]
  /** What reading the octets threw meanwhile. */
  throwIfUnreadable(): void
}

async function bodyFor({ body, sizeBytes }: Message): Promise<Body> {
  const done = { throwIfUnreadable: () => undefined, [Symbol.asyncDispose]: async () => undefined }
  if (body === null) return { sent: null, transferList: [], ...done }
  if (sizeBytes > STREAMED_BYTES) return streamed(body())
  const sent = await joined(body())
  return { sent, transferList: [sent.buffer], ...done }
}

function streamed(octets: AsyncIterable<Buffer>): Body {
  const { port1, port2 } = new MessageChannel()
  const over = new AbortController()
  const reading: { failure?: { error: unknown } } = {}
  sendOctets(octets, port1, over.signal).catch((error: unknown) => {
    reading.failure = { error }
  })
  return {
    sent: port2,
    transferList: [port2],
    throwIfUnreadable: () => {
      if (reading.failure) throw reading.failure.error
    },
    [Symbol.asyncDispose]: async () => {
      over.abort()
      port1.close()
    },
  }
}
