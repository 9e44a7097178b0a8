/** The renewal of a login by its refresh token: under the lock of its row, so that it is one at a time. */
import type { TokenResource } from '../config.ts'
import { asMailchuteError, type ErrorContext, MailchuteError } from '../errors.ts'
import type { Grant } from '../source/oauth/grant.ts'
import { refresh } from '../source/oauth/refresh.ts'
import type { SharedToken } from '../store/access-tokens.ts'
import { LOCKED_ELSEWHERE, type LockedLogin, type Login } from '../store/logins.ts'
import {
  type AccessToken,
  clientDigest,
  type OAuthMailbox,
  openToken,
  REFRESH_TOKEN,
  type Shared,
  sealToken,
} from './login-record.ts'

export interface RenewalDeps {
  readonly isEnough: (token: AccessToken) => boolean
  readonly isAhead: (token: AccessToken) => boolean
  /** Hears of every grant. */
  readonly told: (mailbox: OAuthMailbox, grant: Grant) => Grant
}

export interface Renewal {
  /** `refused`: the one that is not good any more. */
  accessToken(
    shared: Shared,
    mailbox: OAuthMailbox,
    resource: TokenResource,
    refused: AccessToken | null,
    signal: AbortSignal,
  ): Promise<AccessToken>
  renewLogin(shared: Shared, mailbox: OAuthMailbox, resource: TokenResource, signal: AbortSignal): Promise<boolean>
}

export function createRenewal(deps: RenewalDeps): Renewal {
  const asker = createAsker(deps)
  return {
    accessToken: async (shared, mailbox, resource, refused, signal) => {
      const { store, keyring } = shared
      const login = await loginOf(shared, mailbox)
      const { mailboxId } = assertGood(mailbox, login)
      const open = async (kept: Promise<SharedToken | null>) =>
        openToken(keyring, mailboxId, mailbox.credentials.client, resource, await kept)
      const kept = await open(store.logins.accessToken(mailboxId, resource))
      const isUsable = (token: AccessToken) => token.token !== refused?.token && deps.isEnough(token)
      if (kept !== null && isUsable(kept)) return kept
      return await underLock(shared, mailbox, mailboxId, signal, async (locked) => {
        const meanwhile = await open(locked.accessToken(resource))
        // What another process got while this one waited is new, however short it lasts.
        const isNew = meanwhile !== null && meanwhile.token !== kept?.token && deps.isAhead(meanwhile)
        if (meanwhile !== null && (isUsable(meanwhile) || isNew)) return meanwhile
        return await asker.renew(shared, mailbox, locked, resource)
      })
    },
    renewLogin: async (shared, mailbox, resource, signal) => {
      const login = await loginOf(shared, mailbox)
      if (login === null || login.clientSha256 !== clientDigest(mailbox.credentials.client)) return false
      const { mailboxId } = assertGood(mailbox, login)
      await underLock(shared, mailbox, mailboxId, signal, async (locked) => {
        if (locked.login.renewedAt > login.renewedAt) return
        await asker.renew(shared, mailbox, locked, resource)
      })
      return true
    },
  }
}

async function loginOf({ store }: Shared, { name }: OAuthMailbox): Promise<Login | null> {
  const row = await store.mailboxes.find(name)
  return row === null ? null : await store.logins.find(row.id)
}

/** Nothing is asked of the authority for a login that it has refused already. */
function assertGood(mailbox: OAuthMailbox, login: Login | null): Login {
  if (login === null) throw loginRequired(mailbox.name, 'nobody has logged in')
  if (login.clientSha256 !== clientDigest(mailbox.credentials.client)) {
    throw loginRequired(mailbox.name, 'the login is of another OAuth client or authority')
  }
  if (login.refusedAt === null) return login
  throw loginRequired(mailbox.name, `the authority has refused the login since ${login.refusedAt.toISOString()}`)
}

export function loginRequired(name: string, why: string, context: ErrorContext = {}): MailchuteError {
  return new MailchuteError('oauth/login-required', why, {
    context: { mailbox: name, ...context },
    hint: `somebody has to log in: \`mailchute mailbox login ${name}\`. The mailbox is polled again by itself after that`,
  })
}

/** Longer than a renewal may take elsewhere. */
const PATIENCE_MILLISECONDS = 60_000

async function underLock<T>(
  { store }: Shared,
  mailbox: OAuthMailbox,
  mailboxId: string,
  signal: AbortSignal,
  work: (locked: LockedLogin) => Promise<T>,
): Promise<T> {
  const givesUpAt = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    signal.throwIfAborted()
    const outcome = await store.logins.whileLocked(mailboxId, (locked) => attempt(mailbox, locked, work))
    if (outcome === undefined) throw loginRequired(mailbox.name, 'nobody has logged in')
    if (outcome !== LOCKED_ELSEWHERE) {
      if ('refusal' in outcome) throw outcome.refusal
      return outcome.value
    }
    if (performance.now() > givesUpAt) {
      throw new MailchuteError('oauth/unavailable', 'another process renews the login and does not finish', {
        context: { mailbox: mailbox.name },
      })
    }
  }
}

/** That the login is refused is saved: so the transaction must not fail. Other failures change nothing. */
async function attempt<T>(mailbox: OAuthMailbox, locked: LockedLogin, work: (locked: LockedLogin) => Promise<T>) {
  assertGood(mailbox, locked.login)
  try {
    return { value: await work(locked) }
  } catch (thrown) {
    const error = asMailchuteError(thrown)
    if (error.code !== 'oauth/login-required') throw error
    await locked.saveRefused()
    return { refusal: loginRequired(mailbox.name, error.message, error.context) }
  }
}

/**
 * Not called off midway: an authority that takes back the old refresh token at once would leave none that is good.
 * Less than the grace of a shutdown.
 */
const DEADLINE_MILLISECONDS = 15_000

function createAsker({ told }: RenewalDeps) {
  /** By mailbox: given by the authority, and not saved because the database failed just then. */
  const unsaved = new Map<string, { readonly replaces: string; readonly token: string }>()
  const newest = (mailboxId: string, stored: string) => {
    const late = unsaved.get(mailboxId)
    return late?.replaces === stored ? late.token : stored
  }
  return {
    renew: async (
      { keyring }: Shared,
      mailbox: OAuthMailbox,
      { login, saveRenewed }: LockedLogin,
      resource: TokenResource,
    ): Promise<AccessToken> => {
      const { mailboxId } = login
      const { client } = mailbox.credentials
      const stored = await keyring.open(REFRESH_TOKEN, mailboxId, login.refreshToken)
      const current = newest(mailboxId, stored)
      const deadline = AbortSignal.timeout(DEADLINE_MILLISECONDS)
      const grant = told(mailbox, await refresh(client, current, client.scopes[resource], deadline))
      const token = grant.refreshToken ?? current
      if (token !== stored) unsaved.set(mailboxId, { replaces: stored, token })
      const sealed = await keyring.seal(REFRESH_TOKEN, mailboxId, token)
      const endsAt = grant.refreshToken === null ? login.expiresAt : grant.refreshTokenExpiresAt
      await saveRenewed(sealed, endsAt, resource, await sealToken(keyring, mailboxId, client, resource, grant))
      return { token: grant.accessToken, expiresAt: grant.expiresAt }
    },
  }
}
