/** RFC 6749 section 4.4: the application itself, without anybody. */
import { clientCredentialsGrant } from 'openid-client'
import type { OAuthClientConfig } from '../../config.ts'
import { ask } from './authority.ts'
import { type Grant, grantOf, scopeField } from './grant.ts'

export async function askAsApplication(client: OAuthClientConfig, scope: string, signal: AbortSignal): Promise<Grant> {
  const answered = await ask(client, 'application', signal, (configuration) =>
    clientCredentialsGrant(configuration, scopeField(scope)),
  )
  return grantOf(client, answered)
}
