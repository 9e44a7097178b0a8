/**
 * A seal: a link of the chain over all events, in the order of their ids. Pure.
 *
 * Guarantees: whoever changes, adds, removes or moves an event that is sealed, or a seal, makes its digest another one, or
 * that of a later seal; with a key he cannot make the digests anew.
 * Not guaranteed: that the chain's end is there. Who has noted a later digest knows.
 */
import { createHash, createHmac, hash, timingSafeEqual } from 'node:crypto'
import { canonical } from './canonical-json.ts'
import { digestOf, type EventFields } from './event-line.ts'
import type { SealKey, SealKeys } from './keys.ts'
import { packMarks } from './marks.ts'

/** What its digest covers. Ids and numbers as text: they are 64 bits wide. */
export interface SealBody {
  readonly number: string
  /** null: it covers no event. */
  readonly firstEventId: string | null
  /** The last one covered by this seal or those before it. */
  readonly lastEventId: string
  readonly events: number
  /** SHA-256 over the SHA-256 of each event's line, one after the other. */
  readonly eventsSha256: string
  readonly marksSha256: string
  readonly previous: string
  /** In UTC, to the millisecond. */
  readonly at: string
  readonly keyId: string | null
}

export interface Seal extends SealBody {
  readonly digest: string
  readonly mac: string | null
}

/** `previous` of the first seal. */
export const NO_SEAL = '0'.repeat(64)

export interface NewSeal extends Seal {
  readonly marks: Buffer
}

/** The events follow those of `previous`, by their ids. */
export function makeSeal(
  previous: Seal | null,
  events: readonly EventFields[],
  at: string,
  key: SealKey | null,
): NewSeal {
  const after = previous?.lastEventId ?? '0'
  const ids = events.map(([id]) => id)
  const digests = events.map(digestOf)
  const marks = packMarks(BigInt(after), ids, digests)
  const body: SealBody = {
    number: String(BigInt(previous?.number ?? 0) + 1n),
    firstEventId: ids[0] ?? null,
    lastEventId: ids.at(-1) ?? after,
    events: events.length,
    eventsSha256: createHash('sha256').update(digests.join(''), 'hex').digest('hex'),
    marksSha256: hash('sha256', marks),
    previous: previous?.digest ?? NO_SEAL,
    at,
    keyId: key?.id ?? null,
  }
  const digest = sealDigest(body)
  return { ...body, digest, mac: key === null ? null : macOf(digest, key), marks }
}

/** SHA-256 of its canonical JSON. */
export function sealDigest(seal: SealBody): string {
  const { number, firstEventId, lastEventId, events, eventsSha256, marksSha256, previous, at, keyId } = seal
  return hash(
    'sha256',
    canonical({ number, firstEventId, lastEventId, events, eventsSha256, marksSha256, previous, at, keyId }),
  )
}

export const macOf = (digest: string, { octets }: SealKey): string =>
  createHmac('sha256', octets).update(digest).digest('hex')

/** `proven`: with a key that is there. `unknown`: it names a key that is not. */
export type Proof = 'proven' | 'unkeyed' | 'unknown' | 'forged'

export function proofOf({ digest, keyId, mac }: Seal, keys: SealKeys): Proof {
  if (keyId === null) return mac === null ? 'unkeyed' : 'forged'
  const key = keys.find(({ id }) => id === keyId)
  if (key === undefined) return 'unknown'
  return isSame(macOf(digest, key), mac ?? '') ? 'proven' : 'forged'
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
