import { MailchuteError } from '../errors.ts'
import { type KeyFile, keyFileIn } from './key-file.ts'
import type { KeyringConfig } from './keyring.ts'

/** All keys that something of ours may be signed with; none is made, and where there is none there is nothing of ours. */
export async function knownKeysOf(
  config: KeyringConfig,
  keyFile: KeyFile = keyFileIn(config.dataDir),
): Promise<Buffer[]> {
  return [...keysSet(config), ...(config.databaseUrl === null ? await keyFile.others() : [])]
}

const keysSet = ({ secretKey, oldSecretKey }: KeyringConfig) =>
  [secretKey, oldSecretKey].flatMap((key) => (key === null ? [] : [Buffer.from(key, 'base64')]))

/**
 * The secret keys that msg-ids of ours are signed with: the current one first, then those before it. Rejects with
 * `config/secret-key-missing`.
 */
export async function secretKeysOf(
  config: KeyringConfig,
  keyFile: KeyFile = keyFileIn(config.dataDir),
): Promise<Buffer[]> {
  const isEmbedded = config.databaseUrl === null
  const set = keysSet(config)
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
