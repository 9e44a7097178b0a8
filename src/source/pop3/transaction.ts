import { dateField } from '../../message/parse/date-field.ts'
import { isExchange, NoticeWatch } from '../exchange.ts'
import { HeaderDigest, OctetDigest } from '../octet-digest.ts'
import type { MailSession, OctetSink, RemoteMessage, RetrievedMessage } from '../source.ts'
import type { Capabilities } from './capabilities.ts'
import type { ReplyBody } from './command.ts'
import { readListing } from './listing.ts'
import type { Pipeline } from './pipeline.ts'
import { meaningOf } from './response-code.ts'
import type { Setting } from './setting.ts'
import type { StatusLine } from './status-line.ts'

/** What the server has said of itself. */
export interface ServerWords {
  readonly capabilities: Capabilities
  readonly greeting: string
}

/** TRANSACTION state, and UPDATE by `commit` alone (RFC 1939 sections 5 and 6). */
export function transactionOf(
  pipeline: Pipeline,
  setting: Setting,
  { capabilities, greeting }: ServerWords,
): MailSession {
  const { failure } = setting.failures
  const mayNotify = isExchange(setting.mailbox, greeting)
  const listed = new Map<number, string>()
  let listing: Promise<readonly RemoteMessage[]> | null = null
  let isOver = false
  const over = failure('source/connection-lost', 'the session is over')

  /** Every call: refused once the session is over; a promise that nobody awaits yet must not end the process. */
  const call = <T>(action: () => Promise<T>): Promise<T> => {
    const refusal = pipeline.failure ?? (isOver ? over : null)
    const outcome = refusal === null ? action() : Promise.reject(refusal)
    outcome.catch(() => {})
    return outcome
  }
  /** I2: a number is good for the session that listed it, and for the unique-id it stood for. */
  const numberOf = ({ number, uniqueId }: RemoteMessage): number => {
    if (listed.get(number) === uniqueId) return number
    throw failure('internal/bug', 'this session has not listed that message')
  }
  const list = async (): Promise<readonly RemoteMessage[]> => {
    const messages = await readListing(pipeline, setting)
    for (const { number, uniqueId } of messages) listed.set(number, uniqueId)
    return messages
  }
  const commit = async (): Promise<void> => {
    isOver = true
    try {
      await quit(pipeline, setting)
    } finally {
      setting.lifetime.release()
      pipeline.close(over)
    }
  }
  const dispose = async (): Promise<void> => {
    setting.lifetime.release()
    pipeline.fail(over)
  }

  return {
    capabilities: [...(capabilities ?? new Map())].map(([name, values]) => [name, ...values].join(' ')),
    list: () => call(() => (listing ??= list())),
    retrieve: (message, sink) =>
      call(async () =>
        retrieve(pipeline, setting, message, numberOf(message), sink, mayNotify ? new NoticeWatch() : null),
      ),
    headerDigest: (message) => call(async () => headerDigest(pipeline, setting, numberOf(message))),
    receivedAt: (message) => call(async () => receivedAt(pipeline, numberOf(message))),
    markDeleted: (message) => call(async () => markDeleted(pipeline, setting, numberOf(message))),
    commit: () => call(commit),
    [Symbol.asyncDispose]: dispose,
  }
}

async function retrieve(
  pipeline: Pipeline,
  setting: Setting,
  { sizeBytes }: RemoteMessage,
  number: number,
  sink: OctetSink,
  notice: NoticeWatch | null,
): Promise<RetrievedMessage> {
  const { maxMessageBytes } = setting.mailbox
  if (sizeBytes > maxMessageBytes) throw tooLarge(String(sizeBytes), 'RETR', setting)
  const digest = new OctetDigest()
  const body: ReplyBody = {
    take(octets) {
      const sizeSoFar = digest.sizeBytes + octets.length
      if (sizeSoFar > maxMessageBytes) throw tooLarge(`at least ${sizeSoFar}`, 'RETR', setting)
      digest.update(octets)
      notice?.update(octets)
      return sink(octets)
    },
  }
  const reply = await pipeline.send({ verb: 'RETR', line: `RETR ${number}`, body, expectedOctets: sizeBytes })
  if (reply.kind !== 'ok') throw refused(reply, 'RETR', setting)
  if (digest.sizeBytes === 0) throw setting.failures.failure('source/message-empty', 'no octets', { verb: 'RETR' })
  if (notice?.isNotice()) {
    throw setting.failures.failure('source/message-substituted', 'a notice instead of the message', { verb: 'RETR' })
  }
  return digest.finish()
}

async function headerDigest(pipeline: Pipeline, setting: Setting, number: number): Promise<string | null> {
  const digest = new HeaderDigest()
  let sizeBytes = 0
  const body: ReplyBody = {
    take(octets) {
      sizeBytes += octets.length
      if (sizeBytes > setting.mailbox.maxMessageBytes) throw tooLarge(`at least ${sizeBytes}`, 'TOP', setting)
      digest.update(octets)
      return undefined
    },
  }
  const reply = await pipeline.send({ verb: 'TOP', line: `TOP ${number} 0`, body })
  if (reply.kind === 'ok') return digest.finish()
  // A busy server has not said that it has no TOP.
  if (meaningOf(reply, 'source/message-refused') === 'source/server-busy') throw refused(reply, 'TOP', setting)
  return null
}

/** A header longer than this has its Date somewhere else than mail has it. */
const DATE_WITHIN_OCTETS = 64 * 1024

async function receivedAt(pipeline: Pipeline, number: number): Promise<Date | null> {
  let header = ''
  const body: ReplyBody = {
    take(octets) {
      header += octets.toString('latin1', 0, Math.max(0, DATE_WITHIN_OCTETS - header.length))
      return undefined
    },
  }
  const reply = await pipeline.send({ verb: 'TOP', line: `TOP ${number} 0`, body })
  const date = reply.kind === 'ok' ? dateField(/^date[ \t]*:(.*)/im.exec(header)?.[1] ?? '') : null
  return date === null ? null : new Date(date)
}

async function markDeleted(pipeline: Pipeline, setting: Setting, number: number): Promise<void> {
  const reply = await pipeline.send({ verb: 'DELE', line: `DELE ${number}` })
  if (reply.kind !== 'ok') throw refused(reply, 'DELE', setting, 'the message stays there; the next poll asks again')
}

/** RFC 1939 section 6: -ERR means that some of the marked messages may still be there, never that others are gone. */
async function quit(pipeline: Pipeline, setting: Setting): Promise<void> {
  const reply = await pipeline.send({ verb: 'QUIT', line: 'QUIT', replyMs: setting.limits.quitMs })
  if (reply.kind !== 'ok') throw refused(reply, 'QUIT', setting, 'the next poll shows what is left and asks again')
}

function refused(reply: StatusLine, verb: string, { failures }: Setting, hint?: string) {
  const details = hint === undefined ? { verb } : { verb, hint }
  return failures.failure(meaningOf(reply, 'source/message-refused'), `refused: ${failures.quote(reply.text)}`, details)
}

function tooLarge(octets: string, verb: string, { mailbox, failures }: Setting) {
  const message = `${octets} octets, more than the ${mailbox.maxMessageBytes} allowed`
  return failures.failure('source/message-too-large', message, { verb })
}
