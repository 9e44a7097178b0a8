/**
 * The same mail again over another source (a mailbox changed from POP3 to Graph, say): other octets, for such servers
 * make them up, but the same Message-ID, Date and From.
 *
 * Guarantees: of the copies of a mail one becomes a ticket's entry, whichever worker takes which at what time; what
 * only resembles another mail is held for a person. Message-IDs are forged and repeated, so one alone proves nothing.
 */
import { headerFields } from '../message/header/header-fields.ts'
import { identityOf } from '../message/header/identity.ts'
import type { Copy } from '../store/copies.ts'
import type { Waiting } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import { keyOf } from '../store/threads.ts'

export type Recognised =
  | { readonly kind: 'another' }
  | { readonly kind: 'copy' | 'doubtful'; readonly of: string }
  /** What decides is waiting itself: work that one first. */
  | { readonly kind: 'wait'; readonly of: string }

export const COPY = 'duplicate/other-source'
export const DOUBTFUL = 'duplicate/doubtful'

/** Costs nothing where the mailbox was never polled elsewhere. */
export async function recognise(store: Store, { id, sourceHasChanged, firstChunk }: Waiting): Promise<Recognised> {
  if (!sourceHasChanged) return { kind: 'another' }
  const found = await store.copies.find(id)
  return found.length === 0 ? { kind: 'another' } : judge(identityDigest(firstChunk), found)
}

/** `found` as the store finds it: earliest first. Pure but for the digests of copies that have none yet. */
export function judge(identitySha256: string | null, found: readonly Copy[]): Recognised {
  const { same = [], similar = [] } = Object.groupBy(found, (copy) =>
    copy.hasMessageId && identitySha256 !== null && identitySha256 === identityOfCopy(copy) ? 'same' : 'similar',
  )
  const done = same.find(isDone)
  if (done !== undefined) return { kind: 'copy', of: done.id }
  const ahead = same.find(({ state, isEarlier }) => isEarlier && state === 'received')
  if (ahead !== undefined) return { kind: 'wait', of: ahead.id }
  const [like] = similar.filter(({ isEarlier }) => isEarlier)
  return like === undefined ? { kind: 'another' } : { kind: 'doubtful', of: like.id }
}

/**
 * Its mail is on a ticket, rightly on none, or in a person's hands. One that is quarantined for its own octets is not:
 * these here may be better, and if it is worked again later it will find this one.
 */
function isDone({ state, reason, isEarlier }: Copy): boolean {
  if (state === 'ticketed') return true
  return isEarlier && (state === 'suppressed' || (state === 'quarantined' && reason === DOUBTFUL))
}

function identityOfCopy({ identitySha256, head }: Copy): string | null {
  return identitySha256 ?? (head === null ? null : identityDigest(head))
}

function identityDigest(head: Buffer): string | null {
  const identity = identityOf(headerFields(head))
  return identity === null ? null : keyOf(identity)
}
