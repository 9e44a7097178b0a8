import { createConnect, createWatch } from '../access/connect.ts'
import { createKeyring, type Keyring } from '../access/keyring.ts'
import type { Shared } from '../access/login-record.ts'
import { createTokens, type Tokens } from '../access/tokens.ts'
import type { Config, MailboxConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { type Log, openLog } from '../log.ts'
import { openQueue, type Queue } from '../queue/queue.ts'
import type { Connect, Watch } from '../source/source.ts'
import { openEmbedded } from '../store/embedded/embedded.ts'
import type { Mailbox } from '../store/mailboxes.ts'
import { migrate, pendingMigrations } from '../store/migrate.ts'
import { assertRoom } from '../store/room.ts'
import { openStore, type Store } from '../store/store.ts'

/** What most commands stand on: the database, up to date, and the row of each mailbox that is set. */
export interface App extends AsyncDisposable {
  readonly config: Config
  readonly log: Log
  readonly databaseUrl: string
  readonly store: Store
  /** By name. */
  readonly rows: ReadonlyMap<string, Mailbox>
  /** Seals what is kept of credentials. */
  readonly keyring: Keyring
  /** For mailboxes that log in by OAuth. */
  readonly tokens: Tokens
  /** A mailbox as a source, logged in to as it is set. */
  readonly connect: (mailbox: MailboxConfig) => Connect
  /** Its watch, logged in to as well; null where its protocol has none. */
  readonly watch: (mailbox: MailboxConfig) => Watch | null
  /** Rejects if the disk is too full to download more. */
  assertRoom(): Promise<void>
  /** The queue, opened when first asked for and closed with the rest. */
  openQueue(options?: { retryDelayMilliseconds?: number }): Promise<Queue>
}

export async function openApp(config: Config): Promise<App> {
  const log = openLog(config.logLevel)
  const embedded = config.databaseUrl === null ? await openEmbedded(config.dataDir) : null
  const databaseUrl = embedded?.url ?? config.databaseUrl ?? ''
  const closers: (() => Promise<void>)[] = [async () => embedded?.close()]
  const close = async () => {
    for (const closer of closers.toReversed()) await closer()
    await log.flush()
  }
  try {
    await bringUpToDate(config, databaseUrl, log)
    const store = openStore(databaseUrl)
    const keyring = createKeyring(config)
    const tokens = openTokens(log, { store, keyring })
    closers.push(() => store.close())
    return {
      config,
      log,
      databaseUrl,
      store,
      rows: await store.mailboxes.ensure(config.mailboxes),
      keyring,
      tokens,
      connect: createConnect(tokens),
      watch: createWatch(tokens),
      assertRoom: async () => (embedded === null ? undefined : assertRoom(config.dataDir)),
      openQueue: async (options = {}) => {
        const queue = openAppQueue(config, databaseUrl, log, options)
        closers.push(() => queue.close())
        await queue.check()
        return queue
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** null: without a database, which client credentials do not need. */
export function openTokens(log: Log, shared: Shared | null): Tokens {
  return createTokens({
    shared,
    onClockWrong: (mailbox, skewSeconds) => log.event('clock.wrong', { mailbox, skewSeconds }),
    now: () => new Date(),
  })
}

async function bringUpToDate(config: Config, databaseUrl: string, log: Log): Promise<void> {
  if (config.migrate) {
    const { applied } = await migrate(databaseUrl)
    if (applied.length > 0) log.event('database.migrated', { applied: applied.length })
    return
  }
  const pending = await pendingMigrations(databaseUrl)
  if (pending.length > 0) throw new MailchuteError('store/not-migrated', `${pending.length} migrations are pending`)
}

function openAppQueue(
  config: Config,
  databaseUrl: string,
  log: Log,
  options: { retryDelayMilliseconds?: number },
): Queue {
  const target = config.redisUrl === null ? { databaseUrl } : { redisUrl: config.redisUrl }
  let last = ''
  return openQueue(target, {
    ...options,
    // BullMQ and ioredis tell each failed try; once is enough until the trouble is another one.
    onTrouble: ({ message }) => {
      if (message === last) return
      last = message
      log.event('queue.troubled', { error: message })
    },
  })
}

/** The mailboxes that are set, or the one of that name. */
export function mailboxesOf(config: Config, name?: string): readonly MailboxConfig[] {
  if (config.mailboxes.length === 0) throw new MailchuteError('config/no-mailbox', 'no mailbox is set')
  if (name === undefined) return config.mailboxes
  const mailbox = config.mailboxes.find((each) => each.name === name.toLowerCase())
  if (mailbox === undefined) throw new MailchuteError('config/unknown-mailbox', `no mailbox is named ${name}`)
  return [mailbox]
}
