/**
 * Recomputes the chain of seals from its beginning, in constant memory, and stops at the first thing that is not as it was
 * sealed. Seals that are made meanwhile are the next call's. Not proven: what is not sealed yet, and, unless a later head
 * was noted elsewhere, that the chain's end was not cut.
 */
import { createHash } from 'node:crypto'
import { digestOf, type EventFields } from '../audit/event-line.ts'
import type { SealKeys } from '../audit/keys.ts'
import { NO_SEAL, type Proof, proofOf, type Seal, sealDigest } from '../audit/seal.ts'
import { type Audit, LOWEST_ID } from '../store/audit.ts'
import { type Finding, locate } from './locate.ts'

export interface Verified {
  /** Those that are as they should be. */
  readonly seals: number
  readonly events: number
  readonly proofs: Proofs
  /** The last seal when it began; null: nothing was ever sealed. */
  readonly head: Seal | null
  readonly unsealed: { readonly events: number; readonly oldestAt: Date | null }
  /** Of the heads noted elsewhere: which seals they are. */
  readonly heads: readonly { readonly digest: string; readonly seal: string | null }[]
  /** The first thing that is wrong; null: nothing is. */
  readonly finding: Finding | null
}

export interface VerifyOptions {
  /** Digests that were noted elsewhere. */
  readonly heads?: readonly string[]
  readonly onProgress?: (events: number) => void
  /** Is called with each seal that is as it should be. */
  readonly onSeal?: (seal: Seal) => void
}

export async function verifyChain(
  audit: Audit,
  keys: SealKeys,
  { heads = [], onProgress, onSeal }: VerifyOptions = {},
): Promise<Verified> {
  const head = await audit.head()
  const noted = new Map<string, string | null>(heads.map((digest) => [digest.toLowerCase(), null]))
  const proofs = { proven: 0, unkeyed: 0, unknown: 0 }
  const stream = eventStream(audit, BigInt(head?.lastEventId ?? LOWEST_ID))
  let previous: Seal | null = null
  let events = 0
  /** A seal was made with the key that seals today. */
  let isCurrent = false
  let finding: Finding | null = null
  for await (const seal of sealsUpTo(audit, BigInt(head?.number ?? 0))) {
    const proof = proofOf(seal, keys)
    finding =
      sealFinding(seal, previous) ??
      keyFinding(seal, proof, proofs, isCurrent) ??
      (await eventsFinding(audit, stream, seal, previous))
    if (finding !== null || proof === 'forged') break
    proofs[proof] += 1
    isCurrent ||= proof === 'proven' && seal.keyId === keys[0]?.id
    events += seal.events
    previous = seal
    if (noted.has(seal.digest)) noted.set(seal.digest, seal.number)
    onSeal?.(seal)
    onProgress?.(events)
  }
  return {
    ...{ events, proofs, head },
    seals: proofs.proven + proofs.unkeyed + proofs.unknown,
    unsealed: await audit.after(BigInt(head?.lastEventId ?? LOWEST_ID)),
    heads: [...noted].map(([digest, seal]) => ({ digest, seal })),
    finding: finding ?? lastFinding(previous, head, noted),
  }
}

const SEALS_A_READ = 500

async function* sealsUpTo(audit: Audit, last: bigint): AsyncGenerator<Seal> {
  for (let after = LOWEST_ID; after < last; ) {
    const page = await audit.seals(after, SEALS_A_READ)
    if (page.length === 0) return
    for (const seal of page) {
      if (BigInt(seal.number) > last) return
      yield seal
      after = BigInt(seal.number)
    }
  }
}

function sealFinding(seal: Seal, previous: Seal | null): Finding | null {
  const expected = String(BigInt(previous?.number ?? 0) + 1n)
  const found = foundIn(seal)
  if (seal.number !== expected) {
    return { ...found('seal-missing', `there is no seal ${expected}, and a seal ${seal.number}`), seal: expected }
  }
  if (sealDigest(seal) !== seal.digest) return found('seal-changed', `seal ${seal.number} was changed`)
  if (seal.previous !== (previous?.digest ?? NO_SEAL)) {
    return found('chain-broken', `seal ${seal.number} does not follow the seal before it, which was made anew`)
  }
  return null
}

type Proofs = Readonly<Record<Exclude<Proof, 'forged'>, number>>

const foundIn =
  ({ number }: Seal) =>
  (kind: Finding['kind'], message: string): Finding => ({ kind, seal: number, event: null, message })

/** Keys give way to newer ones: whoever has none of them could only come back with one that nobody knows. */
function keyFinding(seal: Seal, proof: Proof, before: Proofs, isCurrent: boolean): Finding | null {
  const found = foundIn(seal)
  const { number } = seal
  if (proof === 'forged') return found('seal-forged', `seal ${number} was made by somebody without the key`)
  if (proof === 'unkeyed' && before.proven + before.unknown > 0) {
    return found('key-dropped', `seal ${number} was made without a key, those before it with one`)
  }
  if (proof === 'unknown' && isCurrent) {
    return found(
      'key-unknown',
      `seal ${number} was made with a key that is not set here, seals before it with today's key`,
    )
  }
  return null
}

async function eventsFinding(
  audit: Audit,
  stream: EventStream,
  seal: Seal,
  previous: Seal | null,
): Promise<Finding | null> {
  const hash = createHash('sha256')
  let count = 0
  for await (const rows of stream(BigInt(seal.lastEventId))) {
    hash.update(rows.map(digestOf).join(''), 'hex')
    count += rows.length
  }
  if (count === seal.events && hash.digest('hex') === seal.eventsSha256) return null
  return await locate(audit, seal, previous)
}

/** Pieces of the events up to that id which it has not given yet. Ids rise from call to call. */
type EventStream = (upTo: bigint) => AsyncGenerator<readonly EventFields[]>

const EVENTS_A_READ = 5_000

/** The next page is on its way while one is hashed. */
function eventStream(audit: Audit, last: bigint): EventStream {
  const read = (from: bigint) => {
    const page = audit.events(from, last, EVENTS_A_READ)
    page.catch(() => undefined)
    return page
  }
  let coming: Promise<EventFields[]> | null = read(LOWEST_ID)
  let page: readonly EventFields[] = []
  const turn = async (): Promise<boolean> => {
    if (coming === null) return false
    page = await coming
    const end = page.at(-1)
    coming = end === undefined || page.length < EVENTS_A_READ ? null : read(BigInt(end[0]) + 1n)
    return page.length > 0
  }
  return async function* (upTo) {
    while (page.length > 0 || (await turn())) {
      const count = countUpTo(page, upTo)
      if (count > 0) yield page.slice(0, count)
      page = page.slice(count)
      if (page.length > 0) return
    }
  }
}

function countUpTo(page: readonly EventFields[], upTo: bigint): number {
  let [low, high] = [0, page.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (BigInt(page[middle]?.[0] ?? 0) <= upTo) low = middle + 1
    else high = middle
  }
  return low
}

function lastFinding(
  previous: Seal | null,
  head: Seal | null,
  noted: ReadonlyMap<string, string | null>,
): Finding | null {
  if (previous?.number !== head?.number) {
    const seal = head?.number ?? null
    return { kind: 'seal-missing', seal, event: null, message: `seal ${seal} is not there any more` }
  }
  const missing = [...noted].find(([, seal]) => seal === null)
  if (missing === undefined) return null
  const message = `the head ${missing[0]} that was noted elsewhere is in no seal: the chain's end was cut, or all of it made anew`
  return { kind: 'head-missing', seal: null, event: null, message }
}
