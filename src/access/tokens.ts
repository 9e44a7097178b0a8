import type { MailboxConfig, OAuthCredentials, TokenResource } from '../config.ts'
import { MailchuteError } from '../errors.ts'

export type OAuthMailbox = Pick<MailboxConfig, 'name' | 'user'> & { readonly credentials: OAuthCredentials }

/** Access tokens of mailboxes that log in by OAuth: kept, renewed in time, one renewal a mailbox at a time. */
export interface Tokens {
  /**
   * A token good for some minutes yet. `mustBeNew`: not the one that was handed out last. Rejects with
   * `oauth/login-required` where somebody has to log in (again), or with another `oauth/*` error.
   */
  accessToken(
    mailbox: OAuthMailbox,
    resource: TokenResource,
    signal: AbortSignal,
    options?: { readonly mustBeNew?: boolean },
  ): Promise<string>
  /**
   * Renews the login now, however much is left of it: one that nobody uses ends after months. False: there is none
   * that could be renewed (client credentials have none). Rejects as `accessToken` does.
   */
  renewLogin(mailbox: OAuthMailbox, signal: AbortSignal): Promise<boolean>
}

export function createTokens(): Tokens {
  return {
    accessToken: async () => {
      throw new MailchuteError('internal/bug', 'OAuth is not there yet')
    },
    renewLogin: async () => false,
  }
}
