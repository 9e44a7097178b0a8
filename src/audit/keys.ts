/** Keys of the audit log, derived from secret keys (HKDF, RFC 5869): each for one purpose, and none tells of the other. */
import { createHash, createPrivateKey, hkdfSync, type KeyObject } from 'node:crypto'

export interface SealKey {
  /** The start of the key's digest. */
  readonly id: string
  readonly octets: Buffer
}

/** The current one first; none: seals carry no MAC. */
export type SealKeys = readonly SealKey[]

export function sealKeysOf(secretKeys: readonly Buffer[]): SealKeys {
  return secretKeys.map((secret) => {
    const octets = derive(secret, 'mailchute audit seal')
    return { id: createHash('sha256').update(octets).digest('hex').slice(0, 16), octets }
  })
}

/** PKCS #8 (RFC 8410) of an Ed25519 key, but for its 32 octets. */
const ED25519_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Ed25519; signs exports. */
export function exportKeyOf(secretKey: Buffer): KeyObject {
  const seed = derive(secretKey, 'mailchute audit export')
  return createPrivateKey({ key: Buffer.concat([ED25519_HEAD, seed]), format: 'der', type: 'pkcs8' })
}

const derive = (secret: Buffer, purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
