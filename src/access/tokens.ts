/**
 * Access tokens of mailboxes that log in by OAuth: kept, renewed in time.
 *
 * Guarantees: one renewal of a login at a time over all processes; the refresh token that an authority hands out is
 * committed before anything is done with the token beside it; only the authority's own word makes a login worthless,
 * and after it nothing is asked until somebody has logged in again.
 */
import type { MailboxConfig, TokenResource } from '../config.ts'
import { askAsApplication } from '../source/oauth/client-credentials.ts'
import { isClockWrong } from '../source/oauth/clock.ts'
import type { Grant } from '../source/oauth/grant.ts'
import { type AccessToken, type OAuthMailbox, openToken, type Shared, sealToken } from './login-record.ts'
import { createRenewal, loginRequired } from './renewal.ts'

export type { OAuthMailbox }

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
  renewLogin(mailbox: OAuthMailbox & Pick<MailboxConfig, 'protocol'>, signal: AbortSignal): Promise<boolean>
}

export interface TokenDeps {
  /** null: nothing is kept, which is enough for client credentials. */
  readonly shared: Shared | null
  readonly onClockWrong: (mailbox: string, skewSeconds: number) => void
  readonly now: () => Date
}

/** What the source of this mailbox wants a token for. SMTP is always `mail`. */
export const resourceOf = ({ protocol }: Pick<MailboxConfig, 'protocol'>): TokenResource =>
  protocol === 'graph' ? 'graph' : 'mail'

/**
 * A session of a poll begins its last message within five minutes (intake/poll.ts), and Graph looks at the token at
 * each request. Where an authority's tokens do not last as long, each session has a new one.
 */
const ENOUGH_MILLISECONDS = 10 * 60_000

export function createTokens(deps: TokenDeps): Tokens {
  const handedOut = new Map<string, AccessToken>()
  const isEnough = ({ expiresAt }: AccessToken) => expiresAt.getTime() - deps.now().getTime() >= ENOUGH_MILLISECONDS
  const isAhead = ({ expiresAt }: AccessToken) => expiresAt > deps.now()
  const told = (mailbox: OAuthMailbox, grant: Grant): Grant => {
    if (isClockWrong(grant.clockSkewSeconds)) deps.onClockWrong(mailbox.name, grant.clockSkewSeconds)
    return grant
  }
  const renewal = createRenewal({ isEnough, isAhead, told })

  const get = async (
    mailbox: OAuthMailbox,
    resource: TokenResource,
    refused: AccessToken | null,
    signal: AbortSignal,
  ) => {
    const { client } = mailbox.credentials
    if (client.grant === 'client-credentials') return asApplication(deps.shared, mailbox, resource, refused, signal)
    if (deps.shared === null) throw loginRequired(mailbox.name, 'nobody has logged in')
    return renewal.accessToken(deps.shared, mailbox, resource, refused, signal)
  }
  const asApplication = async (
    shared: Shared | null,
    mailbox: OAuthMailbox,
    resource: TokenResource,
    refused: AccessToken | null,
    signal: AbortSignal,
  ): Promise<AccessToken> => {
    const { client } = mailbox.credentials
    const kept = shared?.keyring.canSeal() ? await keptFor(shared, mailbox, resource) : null
    if (kept?.token && kept.token.token !== refused?.token && isEnough(kept.token)) return kept.token
    const grant = told(mailbox, await askAsApplication(client, client.scopes[resource], signal))
    await kept?.save(grant)
    return { token: grant.accessToken, expiresAt: grant.expiresAt }
  }
  return {
    accessToken: async (mailbox, resource, signal, { mustBeNew = false } = {}) => {
      const key = `${mailbox.name} ${resource}`
      const last = handedOut.get(key) ?? null
      if (last !== null && !mustBeNew && isEnough(last)) return last.token
      const token = await get(mailbox, resource, mustBeNew ? last : null, signal)
      handedOut.set(key, token)
      return token.token
    },
    renewLogin: async (mailbox, signal) => {
      if (mailbox.credentials.client.grant === 'client-credentials' || deps.shared === null) return false
      return await renewal.renewLogin(deps.shared, mailbox, resourceOf(mailbox), signal)
    },
  }
}

/** The token of the application that some process got last. A mailbox that has no row yet has none. */
async function keptFor({ store, keyring }: Shared, { name, credentials }: OAuthMailbox, resource: TokenResource) {
  const row = await store.mailboxes.find(name)
  if (row === null) return null
  const { client } = credentials
  return {
    token: await openToken(keyring, row.id, client, resource, await store.logins.accessToken(row.id, resource)),
    save: async (grant: Grant) =>
      store.logins.saveAccessToken(row.id, resource, await sealToken(keyring, row.id, client, resource, grant)),
  }
}
