import type { MailboxConfig } from '../config.ts'
import type { RemoteMessage } from '../source/source.ts'
import type { RemoteEntry } from '../store/ledger.ts'

/**
 * What to do with one listed message.
 * - `retrieve`: download, store, and then, if its time on the server is over, delete.
 * - `check`: its unique-id is known, but a server may use one again (RFC 1939 section 7). So its header is compared
 *   with what was stored; then, if `isDue`, it is deleted.
 * - `keep`: stored, and to stay on the server a while.
 * - `hold`: stays there for a person, for the reason.
 */
export type Planned = {
  readonly message: RemoteMessage
  readonly entry: RemoteEntry
  /** Tells apart messages that a server lists under one unique-id, as one that hashes contents does. */
  readonly key: string
} & Decision

type Decision =
  | { readonly action: 'retrieve' | 'keep' }
  | { readonly action: 'check'; readonly isDue: boolean }
  | { readonly action: 'hold'; readonly reason: HeldReason }

/** What a server did instead of handing over a message; with octets that are none of it in the second case. */
export type RefusedReason = 'source/message-refused' | 'source/message-substituted'
export type HeldReason = 'source/message-too-large' | RefusedReason

/** Refusals of one message before a person should look. After that it is tried ever more rarely. */
export const REFUSALS_LIMIT = 3
const HOUR_MILLISECONDS = 3_600_000
const LONGEST_PAUSE_HOURS = 24

type Rules = Pick<MailboxConfig, 'deleteAfterSeconds' | 'maxMessageBytes'>

/** Pure. The order is the server's: oldest first, so that nothing starves behind what keeps failing. */
export function planOf(
  listed: readonly RemoteMessage[],
  entries: ReadonlyMap<string, RemoteEntry>,
  rules: Rules,
  now: Date,
): Planned[] {
  const occurrences = new Map<string, number>()
  return listed.flatMap((message): Planned[] => {
    const entry = entries.get(message.uniqueId)
    if (entry === undefined) return []
    const before = occurrences.get(message.uniqueId) ?? 0
    occurrences.set(message.uniqueId, before + 1)
    const key = `${message.uniqueId} ${before}`
    const decision = decide(message, entry, rules, now)
    // The book has one line a unique-id, and it may be about the other message.
    const isAnother = before > 0 && decision.action === 'keep'
    return [{ message, entry, key, ...(isAnother ? { action: 'check', isDue: false } : decision) }]
  })
}

function decide(message: RemoteMessage, entry: RemoteEntry, rules: Rules, now: Date): Decision {
  if (entry.stored !== null) {
    if (isDue(entry.stored.at, rules, now)) return { action: 'check', isDue: true }
    return entry.isSuspect ? { action: 'check', isDue: false } : { action: 'keep' }
  }
  const sizeBytes = Math.max(message.sizeBytes, entry.heldAboveBytes === null ? 0 : entry.heldAboveBytes + 1)
  if (sizeBytes > rules.maxMessageBytes) return { action: 'hold', reason: 'source/message-too-large' }
  return isRefusedLately(entry, now) ? { action: 'hold', reason: reasonOf(entry) } : { action: 'retrieve' }
}

/** As it was held for; between two tries it does not change. */
const reasonOf = ({ heldReason }: RemoteEntry): RefusedReason =>
  heldReason === 'source/message-substituted' ? heldReason : 'source/message-refused'

function isRefusedLately({ refusals, lastRefusedAt }: RemoteEntry, now: Date): boolean {
  if (refusals < REFUSALS_LIMIT || lastRefusedAt === null) return false
  const hours = Math.min(LONGEST_PAUSE_HOURS, 2 ** Math.min(refusals - REFUSALS_LIMIT, 10))
  return now.getTime() < lastRefusedAt.getTime() + hours * HOUR_MILLISECONDS
}

/** Whether a message stored at that instant may leave the server. */
export function isDue(storedAt: Date, { deleteAfterSeconds }: Rules, now: Date): boolean {
  return deleteAfterSeconds !== null && now.getTime() - storedAt.getTime() >= deleteAfterSeconds * 1000
}
