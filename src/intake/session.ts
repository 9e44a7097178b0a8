import type { MailboxConfig } from '../config.ts'
import { asMailchuteError, type ErrorCode, MailchuteError } from '../errors.ts'
import type { MailSession } from '../source/source.ts'
import type { Store } from '../store/store.ts'
import type { Book } from './book.ts'
import type { Collector } from './collector.ts'
import { isDue, type Planned, REFUSALS_LIMIT, type RefusedReason } from './plan.ts'

/** What one session works with. */
export interface SessionRun {
  readonly store: Store
  readonly mailbox: MailboxConfig
  readonly session: MailSession
  readonly collector: Collector
  readonly book: Book
  readonly now: () => Date
  /** True: start no further message, this session has had its share of time. */
  readonly isOver: () => boolean
}

export interface SessionEnd {
  /** How many of the messages were begun; the others are another session's. */
  readonly started: number
  /** The server has acknowledged DELE for these. */
  readonly deleted: readonly Planned[]
  /** False: the connection had to be dropped to stop a message that is too large. Nothing was deleted. */
  readonly canCommit: boolean
  /** The server was busy at the last: if it hangs up now, that is why. */
  readonly busyWith: MailchuteError | null
  /** It is too busy to go on. What it has acknowledged may still be committed. */
  readonly isTooBusy: boolean
}

/** Messages under way at once: more than a server's window, so that it never runs dry. */
const UNDER_WAY = 128
/**
 * One message for which a server is busy may be that message's trouble, and waits for the next poll while the others
 * go on (I6). So many in a row are the server's.
 */
const BUSY_LIMIT = 3

/**
 * Works through the messages in their order; resolves when each that was begun has its fate. Rejects with the first
 * failure that is the session's and not one message's, and drops the connection: then nothing is deleted.
 */
export async function runSession(run: SessionRun, planned: readonly Planned[]): Promise<SessionEnd> {
  const deleted: Planned[] = []
  const underWay = new Set<Promise<void>>()
  const trouble: Trouble = { failure: null, tooLarge: false, busyInARow: 0, lastBusy: 0, busyWith: null }
  let started = 0
  for (const item of planned) {
    if (trouble.failure !== null || trouble.tooLarge || trouble.busyInARow >= BUSY_LIMIT || run.isOver()) break
    const nth = ++started
    const one = handle(run, item)
      .then((fate) => {
        if (nth > trouble.lastBusy) trouble.busyInARow = 0
        if (fate === 'deleted') deleted.push(item)
        if (fate === 'connection-dropped') trouble.tooLarge = true
      })
      .catch((error: unknown) => note(run, item, nth, trouble, error))
      .finally(() => underWay.delete(one))
    underWay.add(one)
    if (underWay.size >= UNDER_WAY) await Promise.race(underWay)
  }
  await Promise.all(underWay)
  return endOf(trouble, started, deleted)
}

interface Trouble {
  failure: unknown
  tooLarge: boolean
  busyInARow: number
  /** Which message it was busy for last: what was asked for before, and is committed only now, proves nothing. */
  lastBusy: number
  /** The first of these in a row. */
  busyWith: MailchuteError | null
}

async function note(run: SessionRun, item: Planned, nth: number, trouble: Trouble, error: unknown): Promise<void> {
  if (!isBusy(error)) {
    trouble.failure ??= error
    return run.session[Symbol.asyncDispose]()
  }
  run.book.busy(item.key, error)
  if (trouble.busyInARow === 0) trouble.busyWith = error
  trouble.busyInARow++
  trouble.lastBusy = Math.max(nth, trouble.lastBusy)
}

const isBusy = (error: unknown): error is MailchuteError =>
  error instanceof MailchuteError && error.code === 'source/server-busy'

function endOf({ failure, tooLarge, busyInARow, busyWith }: Trouble, started: number, deleted: Planned[]): SessionEnd {
  const busy = { busyWith: busyInARow > 0 ? busyWith : null, isTooBusy: busyInARow >= BUSY_LIMIT }
  if (tooLarge && (failure === null || isConnectionLost(failure))) {
    return { started, deleted: [], canCommit: false, ...busy }
  }
  if (failure !== null) throw rootOf(failure, busy)
  return { started, deleted, canCommit: !tooLarge, ...busy }
}

/** Busy servers hang up: then that is the reason. */
export function rootOf(failure: unknown, { busyWith }: Pick<SessionEnd, 'busyWith'>): unknown {
  return busyWith !== null && isConnectionLost(failure) ? busyWith : failure
}

const isConnectionLost = (failure: unknown) => asMailchuteError(failure).code === 'source/connection-lost'

type Fate = 'deleted' | 'stays' | 'connection-dropped'

async function handle(run: SessionRun, item: Planned): Promise<Fate> {
  const isSame = item.action === 'check' && (await isStillTheSame(run, item))
  if (isSame === 'not told') return 'stays'
  if (!isSame) return retrieve(run, item)
  await identify(run, item)
  run.book.close(item.key, 'known')
  return item.isDue ? remove(run, item) : 'stays'
}

/** Not the same, or the server cannot tell: then its octets will. */
async function isStillTheSame({ session, book }: SessionRun, item: Planned): Promise<boolean | 'not told'> {
  try {
    const digest = await session.headerDigest(item.message)
    return digest !== null && digest === item.entry.stored?.headerSha256
  } catch (error) {
    return leaveIfRefused(book, item, error)
  }
}

async function identify({ store }: SessionRun, { entry, message }: Planned): Promise<void> {
  if (entry.isSuspect) await store.ledger.identified(entry.id, message.sizeBytes)
}

async function retrieve(run: SessionRun, item: Planned): Promise<Fate> {
  const { session, collector, book, mailbox, now } = run
  try {
    const { isNew, sizeBytes, sha256 } = await collector.retrieve(item.entry, (sink) =>
      session.retrieve(item.message, sink),
    )
    await identify(run, item)
    book.close(item.key, 'retrieved')
    book.stored(isNew ? 1 : 0, sizeBytes)
    // The proof that I2 asks for: `collector.retrieve` resolves only once raw octets and row are committed.
    const isOldAndDue = item.action === 'check' && item.isDue && sha256 === item.entry.stored?.sha256
    return isOldAndDue || isDue(now(), mailbox, now()) ? await remove(run, item) : 'stays'
  } catch (error) {
    return bookOwnFault(run, item, asMailchuteError(error))
  }
}

/** A server that will not delete one message does not stop the others; the next poll asks again. */
async function remove({ session, book }: SessionRun, item: Planned): Promise<Fate> {
  try {
    await session.markDeleted(item.message)
    return 'deleted'
  } catch (error) {
    leaveIfRefused(book, item, error)
    return 'stays'
  }
}

/** The next poll asks again. */
function leaveIfRefused(book: Book, { key }: Planned, error: unknown): 'not told' {
  if (!(error instanceof MailchuteError) || error.code !== 'source/message-refused') throw error
  book.tried(key)
  return 'not told'
}

/** A fault of this message alone is booked, and the others go on (I6). Anything else is thrown. Never DELE. */
async function bookOwnFault(run: SessionRun, { entry, key, message }: Planned, error: MailchuteError): Promise<Fate> {
  const { store, book, mailbox, session } = run
  if (error.code === 'source/message-too-large') {
    if (await store.ledger.hold(entry.id, error.code, mailbox.maxMessageBytes)) book.heldAnew(error.code)
    book.close(key, 'held')
    // Found midway, although the list had it smaller: the stream could only be stopped by dropping the connection.
    const isStopped = message.sizeBytes > mailbox.maxMessageBytes || session.canStopMidway === true
    return isStopped ? 'stays' : 'connection-dropped'
  }
  const reason = REFUSALS.get(error.code)
  if (reason === undefined) throw error
  await store.ledger.refused(entry.id)
  book.tried(key)
  if (entry.refusals + 1 < REFUSALS_LIMIT) return 'stays'
  if (await store.ledger.hold(entry.id, reason)) book.heldAnew(reason)
  book.close(key, 'held')
  return 'stays'
}

/** Answers that are one message's fault, and as what it is held after a few of them. */
const REFUSALS: ReadonlyMap<ErrorCode, RefusedReason> = new Map([
  ['source/message-refused', 'source/message-refused'],
  ['source/message-empty', 'source/message-refused'],
  ['source/message-substituted', 'source/message-substituted'],
])
