import type { RemoteMessage } from '../source.ts'
import type { ImapClient } from './client.ts'
import type { Setting } from './setting.ts'

/** A message as a session lists it, and the UID that leads to it. */
export interface Listed extends RemoteMessage {
  readonly uid: number
}

/**
 * What lies in the folder, by UID, which is the order of arrival. The unique-id is UIDVALIDITY and UID: a server that
 * makes its UIDs anew says so by another UIDVALIDITY (RFC 3501 section 2.3.1.1).
 */
export async function readListing(client: ImapClient, setting: Setting, uidValidity: bigint): Promise<Listed[]> {
  const { failures, limits } = setting
  const sizes = new Map<number, number>()
  const command = {
    verb: 'FETCH',
    otherwise: 'source/mailbox-unavailable',
    allowedOctets: limits.listingOctets,
  } as const
  await client.command(command, async () => {
    for await (const { uid, size } of client.flow.fetch('1:*', { uid: true, size: true }, { uid: true })) {
      // A row without a size tells of changed flags; it may come in between.
      if (uid !== undefined) sizes.set(uid, Math.min(size ?? sizes.get(uid) ?? 0, LARGEST_BYTES))
      if (sizes.size > limits.listedMessages) {
        client.fail(failures.failure('source/protocol-violation', 'the list has no end', { verb: 'FETCH' }))
      }
    }
  })
  return [...sizes]
    .sort(([a], [b]) => a - b)
    .map(([uid, sizeBytes], index) => ({ uid, uniqueId: `${uidValidity}:${uid}`, sizeBytes, number: index + 1 }))
}

/** No mail is larger; what a server says beyond is a lie that need not be kept. */
const LARGEST_BYTES = 2 ** 31 - 1
