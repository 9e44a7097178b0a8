import { MailchuteError } from '../errors.ts'
import { type KeyFile, keyFileIn } from './key-file.ts'
import type { KeyringConfig } from './keyring.ts'

/**
 * The secret keys that msg-ids of ours are signed with: the current one first, then those before it. Rejects with
 * `config/secret-key-missing`.
 */
export async function secretKeysOf(
  config: KeyringConfig,
  keyFile: KeyFile = keyFileIn(config.dataDir),
): Promise<Buffer[]> {
  const isEmbedded = config.databaseUrl === null
  const set = [config.secretKey, config.oldSecretKey].flatMap((key) =>
    key === null ? [] : [Buffer.from(key, 'base64')],
  )
  if (config.secretKey === null && !isEmbedded) {
    throw new MailchuteError(
      'config/secret-key-missing',
      'acknowledgements are signed, and MAILCHUTE_SECRET_KEY is not set',
    )
  }
  if (!isEmbedded) return set
  const current = config.secretKey === null ? [await keyFile.current()] : []
  return [...current, ...set, ...(await keyFile.others())]
}
