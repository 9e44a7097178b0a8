import type { Query } from './database.ts'

/** Octets that only `access/keyring.ts` can open, and with which key. */
export interface Sealed {
  readonly octets: Uint8Array
  readonly keyId: string
}

/** The access token got last, for all processes. */
export interface SharedToken {
  readonly clientSha256: string
  readonly token: Sealed
  readonly expiresAt: Date
}

interface TokenRow {
  mailbox_id: string
  resource: string
  client_sha256: string
  sealed: Buffer
  key_id: string
  expires_at: Date
}

export async function accessToken(query: Query, mailboxId: string, resource: string): Promise<SharedToken | null> {
  const [row] = await query<TokenRow>({
    text: 'SELECT client_sha256, sealed, key_id, expires_at FROM access_tokens WHERE mailbox_id = $1 AND resource = $2',
    values: [mailboxId, resource],
  })
  if (row === undefined) return null
  return {
    clientSha256: row.client_sha256,
    token: { octets: row.sealed, keyId: row.key_id },
    expiresAt: row.expires_at,
  }
}

export async function saveAccessToken(
  query: Query,
  mailboxId: string,
  resource: string,
  { clientSha256, token, expiresAt }: SharedToken,
): Promise<void> {
  await query({
    text: `INSERT INTO access_tokens (mailbox_id, resource, client_sha256, sealed, key_id, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (mailbox_id, resource) DO UPDATE SET client_sha256 = excluded.client_sha256,
             sealed = excluded.sealed, key_id = excluded.key_id, expires_at = excluded.expires_at`,
    values: [mailboxId, resource, clientSha256, token.octets, token.keyId, expiresAt],
  })
}
