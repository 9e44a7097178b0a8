/** RFC 6749 section 6. */
import { refreshTokenGrant } from 'openid-client'
import type { OAuthClientConfig } from '../../config.ts'
import { ask } from './authority.ts'
import { type Grant, grantOf, scopeField } from './grant.ts'

/** One refresh token serves several resources at Microsoft: `scope` says for which the access token is to be. */
export async function refresh(
  client: OAuthClientConfig,
  refreshToken: string,
  scope: string,
  signal: AbortSignal,
): Promise<Grant> {
  const answered = await ask(client, 'refresh', signal, (configuration) =>
    refreshTokenGrant(configuration, refreshToken, scopeField(scope)),
  )
  return grantOf(client, answered)
}
