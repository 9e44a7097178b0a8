import type { MailboxConfig } from '../config.ts'
import type { RemoteMessage } from '../source/source.ts'
import type { RemoteEntry } from '../store/ledger.ts'

/**
 * What to do with one listed message.
 * - `retrieve`: download, store, and then, if its time on the server is over, delete.
 * - `confirm`: stored by an earlier session, still listed, and its time is over. A unique-id may be used again
 *   (RFC 1939 section 7), so its header is compared before DELE.
 * - `keep`: stored, but to stay on the server a while.
 * - `hold`: stays there for a person, for the reason.
 */
export type Planned = {
  readonly message: RemoteMessage
  readonly entry: RemoteEntry
  /** Tells apart messages that a server lists under one unique-id, as one that hashes contents does. */
  readonly key: string
} & ({ readonly action: 'retrieve' | 'confirm' | 'keep' } | { readonly action: 'hold'; readonly reason: HeldReason })

export type HeldReason = 'source/message-too-large' | 'source/message-refused'

/** Refusals of one message before a person should look. */
export const REFUSALS_LIMIT = 3

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
    // The book has one line a unique-id: another message under it proves itself by all its octets.
    if (before > 0) return [{ message, entry, key, action: 'retrieve' }]
    return [{ message, entry, key, ...decide(message, entry, rules, now) }]
  })
}

type Decision = { action: 'retrieve' | 'confirm' | 'keep' } | { action: 'hold'; reason: HeldReason }

function decide(message: RemoteMessage, entry: RemoteEntry, rules: Rules, now: Date): Decision {
  if (entry.stored !== null) return { action: isDue(entry.stored.at, rules, now) ? 'confirm' : 'keep' }
  const sizeBytes = Math.max(message.sizeBytes, entry.heldAboveBytes === null ? 0 : entry.heldAboveBytes + 1)
  if (sizeBytes > rules.maxMessageBytes) return { action: 'hold', reason: 'source/message-too-large' }
  if (entry.refusals >= REFUSALS_LIMIT) return { action: 'hold', reason: 'source/message-refused' }
  return { action: 'retrieve' }
}

/** Whether a message stored at that instant may leave the server. */
export function isDue(storedAt: Date, { deleteAfterSeconds }: Rules, now: Date): boolean {
  return deleteAfterSeconds !== null && now.getTime() - storedAt.getTime() >= deleteAfterSeconds * 1000
}
