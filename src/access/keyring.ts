/**
 * Seals what is kept of credentials: AES-256-GCM (NIST SP 800-38D) with MAILCHUTE_SECRET_KEY, or with the key file of
 * the embedded database.
 *
 * Guarantees: what was changed, or was sealed for another purpose or mailbox, does not open; what the key before
 * sealed still opens.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import type { Sealed } from '../store/access-tokens.ts'
import { type KeyFile, keyFileIn } from './key-file.ts'

export interface Keyring {
  /** False: there is no key, and none may be made. */
  canSeal(): boolean
  /** Rejects with `config/secret-key-missing`; makes the key where it is a file. */
  ensureKey(): Promise<void>
  /** Rejects as `ensureKey` does. */
  seal(purpose: string, mailboxId: string, secret: string): Promise<Sealed>
  /** Rejects with `config/secret-key-wrong`. */
  open(purpose: string, mailboxId: string, sealed: Sealed): Promise<string>
  rotation(): Promise<Rotation>
}

/** Everything is to be sealed anew with `seal`; then `finish`. */
export interface Rotation {
  seal(purpose: string, mailboxId: string, secret: string): Sealed
  finish(): Promise<void>
}

export type KeyringConfig = Pick<Config, 'secretKey' | 'oldSecretKey' | 'databaseUrl' | 'dataDir'>

export function createKeyring(config: KeyringConfig, keyFile: KeyFile = keyFileIn(config.dataDir)): Keyring {
  const isEmbedded = config.databaseUrl === null
  // Read at each use, which is rare: another process may have put a new one in its place.
  const current = async () => {
    if (config.secretKey !== null) return Buffer.from(config.secretKey, 'base64')
    if (isEmbedded) return await keyFile.current()
    throw new MailchuteError('config/secret-key-missing', 'a token is to be kept, and MAILCHUTE_SECRET_KEY is not set')
  }
  const all = async () => [
    ...[config.secretKey, config.oldSecretKey].flatMap((key) => (key === null ? [] : [Buffer.from(key, 'base64')])),
    ...(isEmbedded ? await keyFile.others() : []),
  ]
  return {
    canSeal: () => config.secretKey !== null || isEmbedded,
    ensureKey: async () => void (await current()),
    seal: async (purpose, mailboxId, secret) => sealWith(await current(), purpose, mailboxId, secret),
    open: async (purpose, mailboxId, sealed) => openWith(await all(), purpose, mailboxId, sealed),
    rotation: async () => {
      const isFile = config.secretKey === null && isEmbedded
      if (isFile) await keyFile.current()
      const key = isFile ? await keyFile.next() : await current()
      return {
        seal: (...what) => sealWith(key, ...what),
        finish: async () => {
          if (isFile) await keyFile.adoptNext()
        },
      }
    },
  }
}

/** Octets: format, nonce, tag, ciphertext. */
const FORMAT = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES
const KEY_ID_CHARACTERS = 16

export const keyIdOf = (key: Buffer): string =>
  createHash('sha256').update(key).digest('hex').slice(0, KEY_ID_CHARACTERS)

function sealWith(key: Buffer, purpose: string, mailboxId: string, secret: string): Sealed {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(place(purpose, mailboxId))
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return { octets: Buffer.concat([Buffer.of(FORMAT), nonce, cipher.getAuthTag(), ciphertext]), keyId: keyIdOf(key) }
}

function openWith(keys: readonly Buffer[], purpose: string, mailboxId: string, { octets, keyId }: Sealed): string {
  const key = keys.find((each) => keyIdOf(each) === keyId)
  if (key === undefined) throw wrong(`what is kept for a mailbox was sealed with the key ${keyId}, which is not set`)
  const sealed = Buffer.from(octets)
  if (sealed.length < HEAD_BYTES || sealed[0] !== FORMAT) throw damaged()
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(place(purpose, mailboxId)).setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    throw damaged()
  }
}

/** Additional data: sealed octets that are moved to another row do not open there. */
const place = (purpose: string, mailboxId: string): Buffer => Buffer.from(`mailchute\n${purpose}\n${mailboxId}`)

const wrong = (message: string) => new MailchuteError('config/secret-key-wrong', message)
const damaged = () => wrong('what is kept for a mailbox was changed by something else: its seal is broken')
