/** OpenID Connect RP-Initiated Logout 1.0. */
import { buildEndSessionUrl } from 'openid-client'
import type { Issuer } from './issuer.ts'

/**
 * Where the issuer ends its own login; null where it tells of no such place, or is away. The ID token is not kept, so the
 * issuer asks the person first; and as nothing of it need be registered, it leads to no page of ours afterwards.
 */
export async function signOutUrl(issuer: Issuer): Promise<string | null> {
  try {
    // It throws where there is none, and of one that is no https.
    return buildEndSessionUrl(await issuer.configuration()).href
  } catch {
    return null
  }
}
