/** What is kept of a login, and for whom: sealed, and good for one client at one authority. */
import { createHash } from 'node:crypto'
import type { MailboxConfig, OAuthClientConfig, OAuthCredentials, TokenResource } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import type { Grant } from '../source/oauth/grant.ts'
import type { SharedToken } from '../store/access-tokens.ts'
import type { Store } from '../store/store.ts'
import type { Keyring } from './keyring.ts'

/** What sealed octets were sealed for. */
export const REFRESH_TOKEN = 'refresh-token'
const accessTokenPurpose = (resource: TokenResource) => `access-token ${resource}`

export type OAuthMailbox = Pick<MailboxConfig, 'name' | 'user'> & { readonly credentials: OAuthCredentials }

/** Where logins are kept. */
export interface Shared {
  readonly store: Pick<Store, 'logins' | 'mailboxes'>
  readonly keyring: Keyring
}

export interface AccessToken {
  readonly token: string
  readonly expiresAt: Date
}

/** A login of another client is useless to this one. */
export function clientDigest({ clientId, endpoints }: OAuthClientConfig): string {
  return createHash('sha256')
    .update(JSON.stringify([endpoints.token, clientId]))
    .digest('hex')
}

/** Keeps what a login gave: from now on the mailbox is polled with it. */
export async function keepLogin(
  { store, keyring }: Shared,
  mailboxId: string,
  client: OAuthClientConfig,
  resource: TokenResource,
  grant: Grant,
  flow: string,
): Promise<void> {
  if (grant.refreshToken === null) {
    throw new MailchuteError(
      'oauth/refused',
      'the authority gave no refresh token: the login would end within the hour',
      {
        hint: 'ask for it by the scope offline_access (OAUTH_SCOPE), and let the app registration allow it',
      },
    )
  }
  const login = {
    clientSha256: clientDigest(client),
    refreshToken: await keyring.seal(REFRESH_TOKEN, mailboxId, grant.refreshToken),
    expiresAt: grant.refreshTokenExpiresAt,
  }
  const token = await sealToken(keyring, mailboxId, client, resource, grant)
  await store.logins.complete(mailboxId, login, resource, token, flow)
}

export async function sealToken(
  keyring: Keyring,
  mailboxId: string,
  client: OAuthClientConfig,
  resource: TokenResource,
  { accessToken, expiresAt }: Grant,
): Promise<SharedToken> {
  const token = await keyring.seal(accessTokenPurpose(resource), mailboxId, accessToken)
  return { clientSha256: clientDigest(client), token, expiresAt }
}

/** null: of another client, or sealed with a key that is gone. It is got again. */
export async function openToken(
  keyring: Keyring,
  mailboxId: string,
  client: OAuthClientConfig,
  resource: TokenResource,
  shared: SharedToken | null,
): Promise<AccessToken | null> {
  if (shared === null || shared.clientSha256 !== clientDigest(client)) return null
  try {
    const token = await keyring.open(accessTokenPurpose(resource), mailboxId, shared.token)
    return { token, expiresAt: shared.expiresAt }
  } catch {
    return null
  }
}
