/** Somebody has logged in to a mailbox: what the command would have kept, without its way. */
import { tmpdir } from 'node:os'
import { createKeyring, type Keyring } from '../../src/access/keyring.ts'
import { keepLogin, type OAuthMailbox } from '../../src/access/login-record.ts'
import { createTokens, type Tokens } from '../../src/access/tokens.ts'
import { type MailboxConfig, readConfig } from '../../src/config.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import type { OAuthServer } from './oauth-server.ts'
import type { Settings } from './program.ts'

export const SECRET_KEY = Buffer.alloc(32, 7).toString('base64')

export interface LoggedIn extends AsyncDisposable {
  readonly store: Store
  readonly keyring: Keyring
  readonly mailbox: OAuthMailbox & MailboxConfig
  readonly mailboxId: string
  /** As another process has them: nothing in memory yet. */
  tokens(): Tokens
}

/** The refresh token is good, the access token beside it has ended. */
export async function logIn(settings: Settings, server: OAuthServer): Promise<LoggedIn> {
  const config = readConfig(settings, tmpdir())
  const [mailbox] = config.mailboxes
  if (mailbox?.credentials.kind !== 'oauth') throw new Error('the first mailbox has no OAuth client')
  const { credentials } = mailbox
  const store = openStore(config.databaseUrl ?? '')
  const row = (await store.mailboxes.ensure(config.mailboxes)).get(mailbox.name)
  if (row === undefined) throw new Error('the mailbox has no row')
  const keyring = createKeyring(config)
  const grant = {
    ...{ accessToken: 'ended', expiresAt: new Date(0), refreshToken: server.issueRefreshToken() },
    ...{ refreshTokenExpiresAt: new Date(Date.now() + 1e9), scope: null, clockSkewSeconds: null },
  }
  await keepLogin({ store, keyring }, row.id, credentials.client, 'mail', grant, 'test')
  return {
    store,
    keyring,
    mailbox: { ...mailbox, credentials },
    mailboxId: row.id,
    tokens: () => createTokens({ shared: { store, keyring }, onClockWrong: () => undefined, now: () => new Date() }),
    [Symbol.asyncDispose]: () => store.close(),
  }
}
