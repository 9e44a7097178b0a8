/**
 * A stored message becomes (part of) a ticket: load, index, recognise, parse, place, finish.
 *
 * Guarantees: may be called for any message at any time, by any number of workers at once; the message leaves
 * `received` exactly once, in the transaction that writes its effect (I3). A message that cannot be worked is
 * quarantined with the reason, its raw octets kept, and the ones behind it go on (I6).
 * Rejects only where trying again makes sense.
 */
import { asMailchuteError, MailchuteError } from '../errors.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import { threadFields } from '../message/thread-fields.ts'
import type { Waiting } from '../store/messages.ts'
import { assertDigest, CHUNK_BYTES, digestOf } from '../store/raw.ts'
import type { Store } from '../store/store.ts'
import { type NewEntry, UNTOUCHED_THREAD } from '../store/tickets.ts'
import { type Acknowledging, acknowledgementOf, NOTHING_ACKNOWLEDGED } from './acknowledge.ts'
import { createThreadIndex } from './index-threads.ts'
import type { ParsePool } from './parse-pool.ts'
import { placeOf } from './place.ts'
import { COPY, DOUBTFUL, recognise } from './recognise.ts'
import { createTurns } from './turns.ts'

export type Outcome =
  | { readonly state: 'ticketed'; readonly ticket: number; readonly isNew: boolean; readonly reason: string }
  | { readonly state: 'suppressed'; readonly reason: string; readonly duplicateOf: string }
  | { readonly state: 'quarantined'; readonly reason: string; readonly error: MailchuteError }
  /** Another run was first, or the message never waited. */
  | { readonly state: 'nothing-to-do' }

export interface ProcessRun {
  /** On the last attempt a message whose own fault it may be is given to a person instead of rejecting. */
  readonly isLastAttempt: boolean
  /** How often a process died with it in its hands. */
  readonly stalls: number
  readonly signal: AbortSignal
}

export type Process = (inboundMessageId: string, run: ProcessRun) => Promise<Outcome>

export function createProcess(
  store: Store,
  parsePool: Pick<ParsePool, 'parse'>,
  acknowledging: Acknowledging = NOTHING_ACKNOWLEDGED,
): Process {
  const indexThreads = createThreadIndex(store)
  const work: Process = async (inboundMessageId, run) => {
    const waiting = await store.messages.findWaiting(inboundMessageId)
    if (waiting === null) return { state: 'nothing-to-do' }
    try {
      if (run.stalls > 0) await assertHarmless(store, waiting)
      if (waiting.threadId === null) await indexThreads(waiting.mailboxId)
      for (const ancestorId of await ancestorsOf(store, waiting)) {
        await turns.first(inboundMessageId, ancestorId, run.signal)
      }
      const copy = await asCopy(store, waiting, (id) => turns.first(inboundMessageId, id, run.signal))
      if (copy !== null) return copy
      const parsed = await parsePool.parse(octetsOf(store, waiting), run.signal)
      return await ticket(store, waiting, parsed, acknowledging)
    } catch (thrown) {
      return await giveUp(store, waiting, asMailchuteError(thrown), run)
    }
  }
  const turns = createTurns(work)
  return turns.run
}

/** Each death of a process takes its other messages along, up to sixteen innocent ones: far more than chance. */
const STALLS_LIMIT = 20

/** Its octets are a stranger's: what ends process after process must not come round for ever (I6). */
async function assertHarmless(store: Store, { id }: Waiting): Promise<void> {
  const stalls = await store.messages.recordStall(id)
  if (stalls < STALLS_LIMIT) return
  throw new MailchuteError('job/attempts-exhausted', `${stalls} processes ended while at work on it`, {
    context: { id },
  })
}

function octetsOf(store: Store, { sha256, sizeBytes, firstChunk }: Waiting) {
  const inOne = async function* () {
    assertDigest(sha256, digestOf(firstChunk))
    yield firstChunk
  }
  return { sizeBytes, octets: sizeBytes <= CHUNK_BYTES ? inOne : () => store.raw.octets(sha256) }
}

/**
 * Messages that this one refers to and that wait as well go first: who takes part in a ticket is known only once
 * they are on it.
 */
async function ancestorsOf(store: Store, { id, firstChunk }: Waiting): Promise<readonly string[]> {
  const { references, inReplyTo } = threadFields(firstChunk)
  return references.length + inReplyTo.length === 0 ? [] : store.threads.waitingAncestors(id)
}

/**
 * A copy of a mail that came from another source leaves for no ticket; null: it is none. One that was received earlier
 * and still waits is worked `first`, where that is given; if it goes on waiting it will have the mail's one effect.
 */
async function asCopy(
  store: Store,
  waiting: Waiting,
  first?: (inboundMessageId: string) => Promise<void>,
): Promise<Outcome | null> {
  let recognised = await recognise(store, waiting)
  if (recognised.kind === 'wait' && first !== undefined) {
    await first(recognised.of)
    recognised = await recognise(store, waiting)
  }
  if (recognised.kind === 'another') return null
  const { id } = waiting
  const duplicateOf = recognised.of
  if (recognised.kind === 'doubtful') {
    throw new MailchuteError(DOUBTFUL, 'it resembles a message that came from another source', {
      context: { duplicateOf },
    })
  }
  const suppressed = await store.messages.suppress(id, COPY, { duplicateOf })
  return suppressed ? { state: 'suppressed', reason: COPY, duplicateOf } : { state: 'nothing-to-do' }
}

/** Somebody else may add to the same thread meanwhile: then what was seen is stale, and is looked at again. */
async function ticket(
  store: Store,
  waiting: Waiting,
  parsed: ParsedMessage,
  acknowledging: Acknowledging,
): Promise<Outcome> {
  const { id, mailboxId, sourceHasChanged } = waiting
  const entry = entryOf(parsed)
  // Most mail starts a thread, and then there is nothing to see.
  const startsThread = parsed.references.length + parsed.inReplyTo.length === 0
  for (let view = startsThread && !sourceHasChanged ? UNTOUCHED_THREAD : null; ; view = null) {
    view ??= await store.tickets.viewThread(id, entry.from.address)
    if (view === null) throw new MailchuteError('internal/bug', 'a message has no thread', { context: { id } })
    // Copies share a thread: one that comes onto a ticket between this look and the end makes the view stale (I3).
    const copy = await asCopy(store, waiting)
    if (copy !== null) return copy
    const place = placeOf(view)
    const acknowledgement = acknowledgementOf(acknowledging, mailboxId, parsed, place.ticketId === null)
    const finished = await store.tickets.finish(id, view, place, entry, acknowledgement)
    if (finished.outcome === 'gone') return { state: 'nothing-to-do' }
    if (finished.outcome === 'done') {
      return { state: 'ticketed', ticket: finished.ticketNumber, isNew: finished.isNew, reason: place.reason }
    }
  }
}

function entryOf(parsed: ParsedMessage): NewEntry {
  const [from = { name: '', address: '' }] = parsed.from
  const addresses = [...parsed.from, ...parsed.to, ...parsed.cc].map(({ address }) => address)
  return {
    messageId: parsed.messageId,
    from,
    participants: [...new Set(addresses)].filter((address) => address !== '').slice(0, PARTICIPANTS_LIMIT),
    subject: parsed.subject,
    text: parsed.text,
    html: parsed.html,
    sentAt: parsed.date,
    attachments: parsed.attachments,
  }
}

/** More recipients than this is a mailing, not a conversation. */
const PARTICIPANTS_LIMIT = 100

async function giveUp(store: Store, { id }: Waiting, error: MailchuteError, run: ProcessRun): Promise<Outcome> {
  if (run.signal.aborted) throw error
  const isItsOwnFault = error.remedy === 'quarantine'
  // The store's troubles are no message's fault (I7): it waits, the sweep finds it.
  const isTheStores = error.code.startsWith('store/') || error.remedy === 'retry'
  if (!isItsOwnFault && (!run.isLastAttempt || isTheStores)) throw error
  const reason = isItsOwnFault ? error.code : 'job/attempts-exhausted'
  const quarantined = await store.messages.quarantine(id, reason, { error: error.code, ...error.context })
  return quarantined ? { state: 'quarantined', reason, error } : { state: 'nothing-to-do' }
}
