/**
 * A login that somebody has begun and not finished, kept in a cookie of that browser: sealed (AES-256-GCM), so that
 * nobody reads or makes one, and good for ten minutes. Nothing is kept on the server, so any process can finish it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export interface PendingLogin {
  readonly state: string
  readonly nonce: string
  /** RFC 7636. */
  readonly verifier: string
  /** Where it leads: a path of ours. */
  readonly next: string
  readonly endsAt: Date
}

export const PENDING_SECONDS = 10 * 60

const IV_BYTES = 12
const TAG_BYTES = 16

export function sealPending(key: Buffer, { state, nonce, verifier, next, endsAt }: PendingLogin): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const text = JSON.stringify([state, nonce, verifier, next, endsAt.getTime()])
  const sealed = Buffer.concat([cipher.update(text), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** null: not ours, or over. */
export function openPending(key: Buffer, cookie: string, now: Date): PendingLogin | null {
  const octets = Buffer.from(cookie, 'base64url')
  if (octets.length <= IV_BYTES + TAG_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', key, octets.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAuthTag(octets.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
  try {
    const opened = Buffer.concat([decipher.update(octets.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
    // Only what was sealed above comes as far as this.
    const [state, nonce, verifier, next, endsAt] = JSON.parse(opened.toString()) as [
      string,
      string,
      string,
      string,
      number,
    ]
    const pending = { state, nonce, verifier, next, endsAt: new Date(endsAt) }
    return pending.endsAt > now ? pending : null
  } catch {
    return null
  }
}
