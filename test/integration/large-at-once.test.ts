import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Polling, Retrieved } from '../../src/store/intake.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createBeats } from '../support/beats.ts'
import { createDatabase } from '../support/postgres.ts'

/** As eight polls over Graph have them under way, each with four. */
const DOWNLOADS = 32

async function openPolling(store: Store): Promise<Polling> {
  const rows = await store.mailboxes.ensure([{ name: 'test', url: 'graph://test', source: 'graph' }])
  const mailboxId = rows.get('test')?.id ?? ''
  return { mailboxId, source: 'graph', pollId: await store.polls.begin(mailboxId) }
}

function retrieved(octets: Buffer): Retrieved {
  const sha256 = createHash('sha256').update(octets).digest('hex')
  const sizeBytes = octets.length
  return { remoteId: 0n, uniqueId: sha256, sha256, headerSha256: sha256, sizeBytes, storedBefore: null }
}

test('however many large messages are on their way, a poll finds a connection for its lock, and all are stored', async () => {
  const databaseUrl = await createDatabase()
  await migrate(databaseUrl)
  const store = openStore(databaseUrl)
  try {
    const polling = await openPolling(store)
    const begun = createBeats<void>()
    let count = 0
    const arrived = Promise.withResolvers<void>()
    const downloads = Array.from({ length: DOWNLOADS }, () =>
      store.intake.storeStreamed(polling, async (put) => {
        const octets = randomBytes(1_000)
        await put(octets)
        count += 1
        begun.beat()
        await arrived.promise
        return retrieved(octets)
      }),
    )
    await begun.until(() => count >= 12)
    const lock = await store.mailboxes.tryLock(polling.mailboxId)
    await lock?.release()
    arrived.resolve()
    expect(lock).not.toBeNull()
    expect((await Promise.all(downloads)).flat()).toHaveLength(DOWNLOADS)
  } finally {
    await store.close()
  }
})
