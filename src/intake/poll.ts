/**
 * Empties a mailbox: list, download, store, delete.
 *
 * Guarantees: a message is deleted only in the session that listed it and after its octets and row are committed,
 * or were earlier and its header is still the same (I2); every message listed gets one fate, and the balance sheet
 * says how many got which (I5); if the store is not well nothing is downloaded (I7); whatever instant this process
 * dies at, the next poll goes on without loss or repetition (I3).
 * Not guaranteed: that the server forgot what it acknowledged. Only its next list tells.
 */
import type { MailboxConfig } from '../config.ts'
import { asMailchuteError, type MailchuteError } from '../errors.ts'
import type { Connect, MailSession } from '../source/source.ts'
import type { Polling, Stored } from '../store/intake.ts'
import type { Mailbox } from '../store/mailboxes.ts'
import type { Sheet } from '../store/polls.ts'
import type { Store } from '../store/store.ts'
import { nextPollAt, pausesMailbox } from './back-off.ts'
import { type Book, createBook } from './book.ts'
import { createCollector } from './collector.ts'
import { createListMemory, type ListMemory } from './list-memory.ts'
import { type HeldReason, type Planned, planOf } from './plan.ts'
import { rootOf, runSession, type SessionEnd } from './session.ts'

export interface PollDeps {
  readonly store: Store
  readonly connect: (mailbox: MailboxConfig) => Connect
  /** Tells the queue of new messages. May fail: the sweep covers it (I4). */
  readonly wake: (inboundMessageIds: readonly string[]) => Promise<void>
  /** Rejects if there is no room to store more (I7). */
  readonly assertRoom: () => Promise<void>
  readonly now: () => Date
  readonly random: () => number
  /** A message that grows beyond this streams into a transaction of its own; 4 MiB unless told. */
  readonly streamAboveBytes?: number
}

export type PollResult =
  /** Another process polls it right now. */
  | { readonly outcome: 'busy' }
  | {
      readonly outcome: 'polled'
      readonly sheet: Sheet
      /** One reason for each message newly held. */
      readonly newlyHeld: readonly HeldReason[]
      readonly error: MailchuteError | null
    }

/** QUIT at the latest after these: what a lost connection makes the server take back is bounded. */
const SESSION_MESSAGES = 500
const SESSION_BYTES = 256 * 1024 * 1024
const SESSION_MILLISECONDS = 5 * 60 * 1000

export async function poll(
  deps: PollDeps,
  mailbox: MailboxConfig,
  row: Mailbox,
  signal: AbortSignal,
): Promise<PollResult> {
  const lock = await deps.store.mailboxes.tryLock(row.id)
  if (lock === null) return { outcome: 'busy' }
  try {
    const pollId = await deps.store.polls.begin(row.id)
    const book = createBook()
    const error = await attempt(() =>
      empty(deps, mailbox, { mailboxId: row.id, pollId, source: mailbox.source }, book, signal),
    )
    const sheet = book.sheet()
    await deps.store.polls.finish(pollId, sheet, error)
    await recordHealth(deps, row, sheet, error)
    return { outcome: 'polled', sheet, newlyHeld: book.newlyHeld(), error }
  } finally {
    await lock.release()
  }
}

async function attempt(work: () => Promise<void>): Promise<MailchuteError | null> {
  try {
    await work()
    return null
  } catch (thrown) {
    return asMailchuteError(thrown)
  }
}

async function recordHealth(
  { store, now, random }: PollDeps,
  row: Mailbox,
  { stored, deleted }: Sheet,
  error: MailchuteError | null,
): Promise<void> {
  if (error === null) return store.mailboxes.recordSuccess(row.id)
  if (error.code === 'runtime/shutting-down') return
  // A poll that got somewhere before it failed is the first failure again: a slow server is emptied bit by bit.
  const failures = stored + deleted > 0 ? 1 : row.failures + 1
  await store.mailboxes.recordFailure(
    row.id,
    failures,
    nextPollAt(failures, now(), random(), error),
    pausesMailbox(error) ? error.code : null,
  )
}

/** Session after session, until nothing is left that could be done now. */
async function empty(deps: PollDeps, mailbox: MailboxConfig, polling: Polling, book: Book, signal: AbortSignal) {
  for (let isFirst = true, isDone = false; !isDone; isFirst = false) {
    await deps.store.ping()
    await deps.assertRoom()
    const memory = createListMemory(deps.store, polling)
    await using session = await deps.connect(mailbox)(signal, memory.recall)
    book.connected()
    const todo = await takeStock(deps, mailbox, polling, { session, memory }, book, isFirst)
    isDone = await work(deps, mailbox, polling, session, book, todo)
    await memory.review(session)
  }
  const busyWith = book.busyWith()
  if (busyWith !== null) throw busyWith
}

/** Compares the list with the book. Returns what this session could do something about. */
async function takeStock(
  deps: PollDeps,
  mailbox: MailboxConfig,
  { mailboxId, source }: Polling,
  { session, memory }: { readonly session: MailSession; readonly memory: ListMemory },
  book: Book,
  isFirst: boolean,
): Promise<Planned[]> {
  const listed = await session.list()
  const entries = await deps.store.ledger.census(mailboxId, source, listed)
  await memory.keep(session, entries)
  const planned = planOf(listed, entries, mailbox, deps.now())
  if (isFirst) {
    book.open(
      planned.map(({ key }) => key),
      listed.length,
    )
  }
  for (const item of planned) {
    if (item.action === 'keep') book.close(item.key, 'known')
    if (item.action === 'hold') await hold(deps.store, mailbox, book, item, item.reason)
  }
  return planned.filter((item) => isTodo(item, book))
}

async function hold(store: Store, { maxMessageBytes }: MailboxConfig, book: Book, item: Planned, reason: HeldReason) {
  const { entry, key } = item
  book.close(key, 'held')
  if (entry.heldReason === reason) return
  const aboveBytes = reason === 'source/message-too-large' ? maxMessageBytes : undefined
  if (await store.ledger.hold(entry.id, reason, aboveBytes)) book.heldAnew(reason)
}

function isTodo(item: Planned, book: Book): boolean {
  if (book.wasTried(item.key)) return false
  if (item.action === 'check' && item.isDue) return book.has(item.key) && !book.isDeleted(item.key)
  return (item.action === 'retrieve' || item.action === 'check') && book.isOpen(item.key)
}

/** True: nothing is left for another session. */
async function work(
  deps: PollDeps,
  mailbox: MailboxConfig,
  polling: Polling,
  session: MailSession,
  book: Book,
  todo: readonly Planned[],
): Promise<boolean> {
  const share = shareOf(todo)
  const wakes: Promise<void>[] = []
  const onStored = (stored: readonly Stored[]) => {
    const told = deps.wake(stored.map(({ inboundMessageId }) => inboundMessageId))
    // Handled here and now: while the poll goes on, nobody looks at it yet.
    wakes.push(told.catch(() => undefined))
  }
  const collector = createCollector(deps.store.intake, polling, onStored, deps.streamAboveBytes)
  const deadline = deps.now().getTime() + SESSION_MILLISECONDS
  const isOver = () => deps.now().getTime() > deadline
  try {
    const end = await runSession({ store: deps.store, mailbox, session, collector, book, now: deps.now, isOver }, share)
    if (end.canCommit) await commit(deps.store, session, book, end)
    if (end.isTooBusy) throw end.busyWith
    return end.canCommit && end.started === todo.length
  } finally {
    await Promise.all(wakes)
  }
}

function shareOf(todo: readonly Planned[]): Planned[] {
  let bytes = 0
  const end = todo.findIndex(({ message }, index) => {
    bytes += message.sizeBytes
    return index >= SESSION_MESSAGES || (index > 0 && bytes > SESSION_BYTES)
  })
  return end === -1 ? [...todo] : todo.slice(0, end)
}

/** Noted before QUIT: a message that is gone from the next list is then known to have gone by our asking. */
async function commit(store: Store, session: MailSession, book: Book, end: SessionEnd): Promise<void> {
  const { deleted } = end
  if (deleted.length > 0) await store.ledger.deleteAsked(deleted.map(({ entry }) => entry.id))
  await session.commit().catch((error: unknown) => {
    throw rootOf(error, end)
  })
  book.deleted(deleted.map(({ key }) => key))
}
