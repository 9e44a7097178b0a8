/**
 * The duty that seals the audit log: hashes new events into the chain, off the hot path.
 *
 * Guarantees: an event is sealed once, by one process, and only when none with a lower id can come any more; a process
 * that dies leaves a whole seal or none; a chain that was made with a key is not gone on with without one, nor one whose
 * end is not what this process has seen of it: else events that were changed would only need their seals cut off.
 */
import type { SealKeys } from '../audit/keys.ts'
import { makeSeal, proofOf, type Seal, sealDigest } from '../audit/seal.ts'
import { MailchuteError } from '../errors.ts'
import type { Audit, MakeSeal } from '../store/audit.ts'
import { createSettled } from './settled.ts'

export interface SealReport {
  readonly seals: number
  readonly events: number
  /** The chain's end as this call left it; null: it has made no seal. */
  readonly head: Seal | null
  /** A transaction that began before the newest event is still open: what came since waits for it. */
  readonly isWaiting: boolean
}

export interface SealOptions {
  /** For transactions that are under way: they take milliseconds, but for those that store a large message. */
  readonly patienceMilliseconds?: number
  readonly eventsASeal?: number
}

/** Bounds what one seal takes in memory, and what has to be looked through to name a changed event. */
const EVENTS_A_SEAL = 10_000
const PATIENCE_MILLISECONDS = 5_000

export type SealDue = (signal: AbortSignal, options?: SealOptions) => Promise<SealReport>

export function createSealing(audit: Audit, keys: SealKeys): SealDue {
  const settled = createSettled(audit)
  let seen: Seal | null = null
  return async (signal, options = {}) => {
    const head = await audit.head()
    if (seen !== null && head?.digest !== seen.digest) await assertStillThere(audit, seen)
    seen = head
    const sealed = BigInt(head?.lastEventId ?? 0)
    const upTo = await settled(sealed, signal, options.patienceMilliseconds ?? PATIENCE_MILLISECONDS)
    if (upTo === null) return { seals: 0, events: 0, head: null, isWaiting: true }
    const report = await sealUpTo(audit, keys, upTo, signal, options)
    seen = report.head ?? seen
    return report
  }
}

/** Where a database was restored under a process, it says so until it is started again. */
async function assertStillThere(audit: Audit, { number, digest }: Seal): Promise<void> {
  const [now] = await audit.seals(BigInt(number) - 1n, 1)
  if (now?.number === number && now.digest === digest) return
  throw new MailchuteError(
    'audit/broken',
    `seal ${number} was there and is not any more: the end of the chain was cut`,
    {
      hint: 'find out who did so; where the database was restored from a backup, start Mailchute again',
      context: { seal: number, head: digest },
    },
  )
}

async function sealUpTo(
  audit: Audit,
  keys: SealKeys,
  upTo: bigint,
  signal: AbortSignal,
  { eventsASeal = EVENTS_A_SEAL }: SealOptions,
): Promise<SealReport> {
  const made: Seal[] = []
  while (!signal.aborted) {
    const sealed = await audit.sealNext(upTo, eventsASeal, extending(keys))
    if (sealed.outcome !== 'sealed') break
    made.push(sealed.seal)
  }
  const events = made.reduce((sum, seal) => sum + seal.events, 0)
  return { seals: made.length, events, head: made.at(-1) ?? null, isWaiting: false }
}

/** Where a key takes over it says so at once, with a seal of no events: from then on the chain's end is proven. */
function extending(keys: SealKeys): MakeSeal {
  const key = keys[0] ?? null
  return (previous, events, at) => {
    if (previous !== null) assertMayExtend(previous, keys)
    const takesOver = previous !== null && key !== null && previous.keyId !== key.id
    return events.length === 0 && !takesOver ? null : makeSeal(previous, events, at, key)
  }
}

/** Whoever went on with a chain that was changed would vouch for it. */
function assertMayExtend(previous: Seal, keys: SealKeys): void {
  const proof = proofOf(previous, keys)
  const context = { seal: previous.number }
  if (sealDigest(previous) !== previous.digest || proof === 'forged') {
    throw new MailchuteError('audit/broken', `seal ${previous.number}, the last one, was changed`, { context })
  }
  if (keys.length === 0 && proof === 'unknown') {
    throw new MailchuteError('audit/key-missing', `seal ${previous.number} was made with a key, and none is set here`, {
      context,
    })
  }
}
