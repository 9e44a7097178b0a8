import type { Store } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import { REFRESH_TOKEN } from './login-record.ts'

/**
 * Seals everything anew with the current key, or with a new one where the key is a file. Whatever instant it dies at,
 * every key that has sealed something is still there: the new one before it seals, the old one until nothing needs it.
 * Resolves with the number of logins.
 */
export async function rotateKey(keyring: Keyring, logins: Store['logins']): Promise<number> {
  const rotation = await keyring.rotation()
  const count = await logins.resealAll(async (mailboxId, sealed) =>
    rotation.seal(REFRESH_TOKEN, mailboxId, await keyring.open(REFRESH_TOKEN, mailboxId, sealed)),
  )
  await rotation.finish()
  return count
}
