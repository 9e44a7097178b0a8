import type { MailboxObject } from 'imapflow'
import { isExchange, NoticeWatch } from '../exchange.ts'
import { HeaderDigest, OctetDigest } from '../octet-digest.ts'
import type { MailSession, OctetSink, RemoteMessage, RetrievedMessage } from '../source.ts'
import type { ImapClient } from './client.ts'
import { CommandQueue } from './command-queue.ts'
import { type Listed, readListing } from './listing.ts'
import { remove } from './removal.ts'
import type { Setting } from './setting.ts'

/** RFC 1939's transaction over a folder: what is to be removed is only remembered until `commit`. */
export function transactionOf(client: ImapClient, { uidValidity }: MailboxObject, setting: Setting): MailSession {
  const { failure } = setting.failures
  const queue = new CommandQueue(client, setting)
  const listed = new Map<number, Listed>()
  const marked = new Set<number>()
  const mayNotify = isExchange(setting.mailbox, client.flow.greeting ?? '')
  let listing: Promise<readonly RemoteMessage[]> | null = null
  let isOver = false
  const over = failure('source/connection-lost', 'the session is over')

  /** Every call: refused once the session is over; a promise that nobody awaits yet must not end the process. */
  const call = <T>(action: () => Promise<T>): Promise<T> => {
    const refusal = client.failure ?? (isOver ? over : null)
    const outcome = refusal === null ? action() : Promise.reject(refusal)
    outcome.catch(() => {})
    return outcome
  }
  /** I2: a UID is good for the session that listed it. */
  const known = ({ number, uniqueId }: RemoteMessage): Listed => {
    const message = listed.get(number)
    if (message?.uniqueId === uniqueId) return message
    throw failure('internal/bug', 'this session has not listed that message')
  }
  const list = async (): Promise<readonly RemoteMessage[]> => {
    const messages = await queue.run(() => readListing(client, setting, uidValidity))
    for (const message of messages) listed.set(message.number, message)
    return messages.map(({ uniqueId, sizeBytes, number }) => ({ uniqueId, sizeBytes, number }))
  }
  const commit = async (): Promise<void> => {
    isOver = true
    try {
      await queue.run(() => remove(client, [...marked], setting.mailbox.moveTo))
      await client.end(over)
    } finally {
      setting.lifetime.release()
      client.fail(over)
    }
  }
  const dispose = async (): Promise<void> => {
    setting.lifetime.release()
    client.fail(over)
  }

  return {
    capabilities: [...client.flow.capabilities].map(([name, value]) => (value === true ? name : `${name}=${value}`)),
    list: () => call(() => (listing ??= list())),
    retrieve: (message, sink) =>
      call(async () => retrieve(queue, setting, known(message), sink, mayNotify ? new NoticeWatch() : null)),
    headerDigest: (message) => call(async () => headerDigest(queue, setting, known(message))),
    receivedAt: (message) => call(async () => receivedAt(queue, known(message))),
    markDeleted: (message) => call(async () => void marked.add(known(message).uid)),
    commit: () => call(commit),
    [Symbol.asyncDispose]: dispose,
  }
}

async function retrieve(
  queue: CommandQueue,
  setting: Setting,
  { uid, sizeBytes }: Listed,
  sink: OctetSink,
  notice: NoticeWatch | null,
): Promise<RetrievedMessage> {
  const { failure } = setting.failures
  if (sizeBytes > setting.mailbox.maxMessageBytes) throw tooLarge(String(sizeBytes), setting)
  const digest = new OctetDigest()
  const isThere = await queue.fetch({
    ...{ uid, what: 'message', expectedOctets: sizeBytes },
    had: () => digest.sizeBytes,
    take: ({ source: octets = NOTHING }) => {
      const sizeSoFar = digest.sizeBytes + octets.length
      if (sizeSoFar > setting.mailbox.maxMessageBytes) throw tooLarge(`at least ${sizeSoFar}`, setting)
      digest.update(octets)
      notice?.update(octets)
      const isAll = isLastPiece(octets, sizeSoFar, sizeBytes, setting)
      const taken = octets.length === 0 ? undefined : sink(octets)
      return taken === undefined ? isAll : taken.then(() => isAll)
    },
  })
  if (!isThere) throw failure('source/message-refused', 'the message is not there any more', VERB)
  if (digest.sizeBytes === 0) throw failure('source/message-empty', 'no octets', VERB)
  if (notice?.isNotice()) throw failure('source/message-substituted', 'a notice instead of the message', VERB)
  return digest.finish()
}

const VERB = { verb: 'FETCH' }
const NOTHING = Buffer.alloc(0)

/**
 * A piece that is shorter than asked for is the last one (RFC 3501 section 6.4.5). Where the list has the message
 * larger the server is asked once more, for what is taken as complete will be deleted; at Microsoft, whose sizes are
 * estimates, that would be asked for nothing.
 */
function isLastPiece(octets: Buffer, sizeSoFar: number, listedBytes: number, { limits, mailbox }: Setting): boolean {
  if (octets.length === 0) return true
  return octets.length < limits.pieceOctets && (sizeSoFar >= listedBytes || mailbox.isMicrosoft)
}

async function headerDigest(queue: CommandQueue, setting: Setting, { uid }: Listed): Promise<string | null> {
  const digest = new HeaderDigest()
  let sizeBytes = 0
  const isThere = await queue.fetch({
    ...{ uid, what: 'header', expectedOctets: 0 },
    had: () => sizeBytes,
    take: ({ headers: octets = NOTHING }) => {
      sizeBytes += octets.length
      if (sizeBytes > setting.mailbox.maxMessageBytes) throw tooLarge(`at least ${sizeBytes}`, setting)
      digest.update(octets)
      return octets.length < setting.limits.pieceOctets
    },
  })
  return isThere ? digest.finish() : null
}

async function receivedAt(queue: CommandQueue, { uid }: Listed): Promise<Date | null> {
  let receivedAt: Date | null = null
  await queue.fetch({
    ...{ uid, what: 'date', expectedOctets: 0 },
    had: () => 0,
    take: ({ internalDate }) => {
      if (internalDate instanceof Date) receivedAt = internalDate
      return true
    },
  })
  return receivedAt
}

function tooLarge(octets: string, { mailbox, failures }: Setting) {
  const message = `${octets} octets, more than the ${mailbox.maxMessageBytes} allowed`
  return failures.failure('source/message-too-large', message, VERB)
}
