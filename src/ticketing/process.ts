/**
 * A stored message becomes (part of) a ticket, or rightly none: load, index, recognise, parse, authenticate, and its
 * effect (effect.ts).
 *
 * Guarantees: may be called for any message at any time, by any number of workers at once; the message leaves
 * `received` exactly once, in the transaction that writes its effect (I3). A message that cannot be worked is
 * quarantined with the reason, its raw octets kept, and the ones behind it go on (I6).
 * Rejects only where trying again makes sense.
 */
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { threadFields } from '../message/header/thread-fields.ts'
import { ERASED } from '../store/erase-messages.ts'
import type { Waiting } from '../store/messages.ts'
import { assertDigest, CHUNK_BYTES, digestOf } from '../store/raw.ts'
import type { Store } from '../store/store.ts'
import { asCopy } from './as-copy.ts'
import { effect } from './effect.ts'
import { createThreadIndex } from './index-threads.ts'
import { type Judging, UNJUDGED } from './judging.ts'
import type { Outcome } from './outcome.ts'
import type { ParsePool } from './parse-pool.ts'
import { createTurns } from './turns.ts'

export interface ProcessRun {
  /** On the last attempt a message whose own fault it may be is given to a person instead of rejecting. */
  readonly isLastAttempt: boolean
  /** How often a process died with it in its hands. */
  readonly stalls: number
  readonly signal: AbortSignal
}

export type Process = (inboundMessageId: string, run: ProcessRun) => Promise<Outcome>

export type OnOutcome = (inboundMessageId: string, outcome: Outcome, milliseconds: number) => void

/** `onOutcome` hears of each message once, also of one that was worked for another that refers to it. */
export function createProcess(
  store: Store,
  parsePool: Pick<ParsePool, 'parse'>,
  given: Partial<Judging> = {},
  onOutcome: OnOutcome = () => undefined,
): Process {
  const judging = { ...UNJUDGED, ...given }
  const indexThreads = createThreadIndex(store)
  const work: Process = async (inboundMessageId, run) => {
    const waiting = await store.messages.findWaiting(inboundMessageId)
    if (waiting === null) return { state: 'nothing-to-do' }
    if (waiting.isErased) return await suppressErased(store, waiting)
    try {
      if (run.stalls > 0) await assertHarmless(store, waiting)
      if (waiting.threadId === null) await indexThreads(waiting.mailboxId)
      for (const ancestorId of await ancestorsOf(store, waiting)) {
        await turns.first(inboundMessageId, ancestorId, run.signal)
      }
      const copy = await asCopy(store, waiting, (id) => turns.first(inboundMessageId, id, run.signal))
      if (copy !== null) return copy
      const source = octetsOf(store, waiting)
      const mail = await parsePool.parse(source, run.signal)
      const authenticity = await judging.authenticate(source, waiting.mailboxId, mail.from, run.signal)
      return await effect(store, judging, { waiting, mail, authenticity, isLastAttempt: run.isLastAttempt })
    } catch (thrown) {
      return await giveUp(store, waiting, asMailchuteError(thrown), run)
    }
  }
  const turns = createTurns(async (inboundMessageId, run) => {
    const startedAt = performance.now()
    const outcome = await work(inboundMessageId, run)
    onOutcome(inboundMessageId, outcome, performance.now() - startedAt)
    return outcome
  })
  return turns.run
}

/** The same octets as a mail that was erased, in a mailbox that had not listed them yet. */
async function suppressErased(store: Store, { id }: Waiting): Promise<Outcome> {
  const suppressed = await store.messages.suppress(id, ERASED)
  return suppressed ? { state: 'suppressed', reason: ERASED } : { state: 'nothing-to-do' }
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
