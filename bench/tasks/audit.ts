import { sealKeysOf } from '../../src/audit/keys.ts'
import { openStore } from '../../src/store/store.ts'
import { createSealing } from '../../src/upkeep/seal.ts'
import { verifyChain } from '../../src/upkeep/verify-chain.ts'

const never = new AbortController().signal

/** Seals all events that are there, then verifies them, as `audit verify` does. */
export async function audit({ databaseUrl }: { databaseUrl: string }) {
  const store = openStore(databaseUrl)
  const keys = sealKeysOf([Buffer.alloc(32, 1)])
  const startedAt = performance.now()
  const { events } = await createSealing(store.audit, keys)(never)
  const sealedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  const verified = await verifyChain(store.audit, keys)
  const verifyMs = performance.now() - sealedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  await store.close()
  if (verified.finding !== null || verified.events !== events) throw new Error('the chain does not verify')
  return { events, sealMs: sealedAt - startedAt, verifyMs, cpuMs: (user + system) / 1000 }
}
