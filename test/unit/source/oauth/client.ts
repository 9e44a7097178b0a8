import type { OAuthClientConfig } from '../../../../src/config.ts'
import { CLIENT_ID } from '../../../support/oauth-server.ts'

/** A client of the authority of the tests; public unless it has a secret. */
export function clientOf(authority: string, settings: Partial<OAuthClientConfig> = {}): OAuthClientConfig {
  const at = (name: string) => `${authority}/oauth2/v2.0/${name}`
  return {
    provider: 'microsoft',
    clientId: CLIENT_ID,
    clientSecret: null,
    clientSecretExpires: null,
    grant: 'login',
    endpoints: { token: at('token'), authorize: at('authorize'), device: at('devicecode') },
    scopes: { mail: MAIL_SCOPE, graph: 'https://graph.microsoft.com/Mail.ReadWrite offline_access' },
    ...settings,
  }
}

export const MAIL_SCOPE = 'https://outlook.office.com/POP.AccessAsUser.All offline_access'
