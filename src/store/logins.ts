import { accessToken, type Sealed, type SharedToken, saveAccessToken } from './access-tokens.ts'
import type { Database, Query } from './database.ts'
import { isLockTimeout } from './pg-errors.ts'

/** Somebody's login to a mailbox by OAuth, without what is secret of it. */
export interface LoginState {
  readonly mailboxId: string
  /** Of another client it is as good as none. */
  readonly clientSha256: string
  readonly loggedInAt: Date
  /** When the authority last handed out a refresh token. */
  readonly renewedAt: Date
  /** When it ends unless it is renewed; null: nobody has told. */
  readonly expiresAt: Date | null
  /** The authority has refused it: somebody must log in again. */
  readonly refusedAt: Date | null
}

export interface Login extends LoginState {
  readonly refreshToken: Sealed
}

export interface NewLogin {
  readonly clientSha256: string
  readonly refreshToken: Sealed
  readonly expiresAt: Date | null
}

/** A login whose row is locked: nobody else renews it meanwhile. */
export interface LockedLogin {
  readonly login: Login
  /** As it is now, after whoever held the lock before. */
  accessToken(resource: string): Promise<SharedToken | null>
  /** Both are committed, or neither. */
  saveRenewed(refreshToken: Sealed, expiresAt: Date | null, resource: string, token: SharedToken): Promise<void>
  /** The authority's own word that it is worthless. */
  saveRefused(): Promise<void>
}

export const LOCKED_ELSEWHERE = Symbol('another process renews this login')

/** What is kept of credentials (`mailbox_logins`, `access_tokens`), always sealed. */
export interface Logins {
  find(mailboxId: string): Promise<Login | null>
  all(): Promise<LoginState[]>
  /**
   * Somebody has logged in: takes the place of the login and the tokens there were, and ends the pause and the
   * back-off of the mailbox, unless an operator asked for the pause.
   */
  complete(mailboxId: string, login: NewLogin, resource: string, token: SharedToken, flow: string): Promise<void>
  /** Forgets login and tokens. False: there was no login. */
  remove(mailboxId: string): Promise<boolean>
  /**
   * One at a time over all processes: `work` runs in a transaction that holds the row. Undefined: there is no login.
   * LOCKED_ELSEWHERE after a second of waiting, so that the caller can heed its signal and look again.
   */
  whileLocked<T>(mailboxId: string, work: (locked: LockedLogin) => Promise<T>): Promise<T | Locked>
  accessToken(mailboxId: string, resource: string): Promise<SharedToken | null>
  saveAccessToken(mailboxId: string, resource: string, token: SharedToken): Promise<void>
  /** Every refresh token, in one transaction; access tokens are forgotten. Resolves with how many there were. */
  resealAll(reseal: (mailboxId: string, sealed: Sealed) => Promise<Sealed>): Promise<number>
}

export type Locked = typeof LOCKED_ELSEWHERE | undefined

export function logins(database: Database): Logins {
  return {
    find: (mailboxId) => find(database.query, mailboxId),
    all: async () =>
      (await database.query<LoginRow>({ text: `SELECT ${COLUMNS} FROM mailbox_logins`, values: [] })).map(stateOf),
    complete: (...login) => complete(database, ...login),
    remove: (mailboxId) => remove(database, mailboxId),
    whileLocked: (mailboxId, work) => whileLocked(database, mailboxId, work),
    accessToken: (mailboxId, resource) => accessToken(database.query, mailboxId, resource),
    saveAccessToken: (...token) => saveAccessToken(database.query, ...token),
    resealAll: (reseal) => database.transaction((query) => resealAll(query, reseal)),
  }
}

interface LoginRow {
  mailbox_id: string
  client_sha256: string
  sealed: Buffer
  key_id: string
  logged_in_at: Date
  renewed_at: Date
  expires_at: Date | null
  refused_at: Date | null
}

const COLUMNS = 'mailbox_id, client_sha256, sealed, key_id, logged_in_at, renewed_at, expires_at, refused_at'

const stateOf = (row: LoginRow): LoginState => ({
  mailboxId: row.mailbox_id,
  clientSha256: row.client_sha256,
  loggedInAt: row.logged_in_at,
  renewedAt: row.renewed_at,
  expiresAt: row.expires_at,
  refusedAt: row.refused_at,
})

async function find(query: Query, mailboxId: string, lock = ''): Promise<Login | null> {
  const [row] = await query<LoginRow>({
    text: `SELECT ${COLUMNS} FROM mailbox_logins WHERE mailbox_id = $1 ${lock}`,
    values: [mailboxId],
  })
  if (row === undefined) return null
  return { ...stateOf(row), refreshToken: { octets: row.sealed, keyId: row.key_id } }
}

/** Mailboxes wait for the lock of their login in turns of this length, to heed signals in between. */
const LOCK_TIMEOUT = '1s'
/** Longer than an authority may take: a process that is frozen or cut off must not hold the row for ever. */
const IDLE_TIMEOUT = '60s'

async function whileLocked<T>(
  database: Database,
  mailboxId: string,
  work: (locked: LockedLogin) => Promise<T>,
): Promise<T | Locked> {
  return await database
    .transaction(async (query) => {
      await query({
        text: `SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true)`,
        values: [LOCK_TIMEOUT, IDLE_TIMEOUT],
      })
      const login = await find(query, mailboxId, 'FOR UPDATE')
      return login === null ? undefined : await work(lockedLogin(query, login))
    })
    .catch((error: unknown) => {
      if (isLockTimeout(error)) return LOCKED_ELSEWHERE
      throw error
    })
}

function lockedLogin(query: Query, login: Login): LockedLogin {
  const { mailboxId } = login
  return {
    login,
    accessToken: (resource) => accessToken(query, mailboxId, resource),
    saveRenewed: async (refreshToken, expiresAt, resource, token) => {
      // One event a day tells enough: tokens are renewed every hour.
      await query({
        text: `WITH before AS (SELECT renewed_at FROM mailbox_logins WHERE mailbox_id = $1), event AS (
                 INSERT INTO inbound_events (mailbox_id, code)
                 SELECT $1, 'login/renewed' FROM before WHERE renewed_at < date_trunc('day', now()))
               UPDATE mailbox_logins SET sealed = $2, key_id = $3, expires_at = $4, renewed_at = now(), refused_at = NULL
               WHERE mailbox_id = $1`,
        values: [mailboxId, refreshToken.octets, refreshToken.keyId, expiresAt],
      })
      await saveAccessToken(query, mailboxId, resource, token)
    },
    saveRefused: async () => {
      await query({
        text: `WITH login AS (
                 UPDATE mailbox_logins SET refused_at = now() WHERE mailbox_id = $1 AND refused_at IS NULL RETURNING mailbox_id
               ), tokens AS (DELETE FROM access_tokens WHERE mailbox_id = $1)
               INSERT INTO inbound_events (mailbox_id, code) SELECT mailbox_id, 'login/refused' FROM login`,
        values: [mailboxId],
      })
    },
  }
}

async function complete(
  database: Database,
  mailboxId: string,
  { clientSha256, refreshToken, expiresAt }: NewLogin,
  resource: string,
  token: SharedToken,
  flow: string,
): Promise<void> {
  await database.transaction(async (query) => {
    await query({
      text: `INSERT INTO mailbox_logins (mailbox_id, client_sha256, sealed, key_id, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (mailbox_id) DO UPDATE SET client_sha256 = excluded.client_sha256, sealed = excluded.sealed,
               key_id = excluded.key_id, expires_at = excluded.expires_at, logged_in_at = now(), renewed_at = now(),
               refused_at = NULL`,
      values: [mailboxId, clientSha256, refreshToken.octets, refreshToken.keyId, expiresAt],
    })
    await query({ text: 'DELETE FROM access_tokens WHERE mailbox_id = $1', values: [mailboxId] })
    await saveAccessToken(query, mailboxId, resource, token)
    await query({
      text: `WITH event AS (
               INSERT INTO inbound_events (mailbox_id, code, detail) VALUES ($1, 'login/completed', jsonb_build_object('flow', $2::text)))
             UPDATE mailboxes SET state = 'active', paused_reason = NULL, paused_at = NULL, failures = 0, next_poll_at = NULL
             WHERE id = $1 AND paused_reason IS DISTINCT FROM 'operator'`,
      values: [mailboxId, flow],
    })
  })
}

async function remove(database: Database, mailboxId: string): Promise<boolean> {
  const removed = await database.query({
    text: `WITH tokens AS (DELETE FROM access_tokens WHERE mailbox_id = $1),
             login AS (DELETE FROM mailbox_logins WHERE mailbox_id = $1 RETURNING mailbox_id)
           INSERT INTO inbound_events (mailbox_id, code) SELECT mailbox_id, 'login/removed' FROM login RETURNING id`,
    values: [mailboxId],
  })
  return removed.length > 0
}

/** Logins first: whoever renews holds its row, and saves the access token under it. */
async function resealAll(
  query: Query,
  reseal: (mailboxId: string, sealed: Sealed) => Promise<Sealed>,
): Promise<number> {
  const logins = await query<LoginRow>({
    text: 'SELECT mailbox_id, sealed, key_id FROM mailbox_logins ORDER BY 1 FOR UPDATE',
    values: [],
  })
  for (const row of logins) {
    const { octets, keyId } = await reseal(row.mailbox_id, { octets: row.sealed, keyId: row.key_id })
    await query({
      text: 'UPDATE mailbox_logins SET sealed = $2, key_id = $3 WHERE mailbox_id = $1',
      values: [row.mailbox_id, octets, keyId],
    })
  }
  // An access token is got again sooner than it is sealed again.
  await query({ text: 'DELETE FROM access_tokens', values: [] })
  return logins.length
}
