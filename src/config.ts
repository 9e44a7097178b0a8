/**
 * Settings, read once from the environment (and `.env`) and validated as a whole: whoever starts Mailchute
 * hears of every mistake at once, each with what to do. No secret ever appears in a problem.
 */
import path from 'node:path'
import { readEnvironment } from './config/environment.ts'
import { readGeneral } from './config/general.ts'
import { readMailboxes } from './config/mailbox.ts'
import { checkNames, mailboxNames } from './config/names.ts'
import type { Problem } from './config/problem.ts'
import { MailchuteError } from './errors.ts'

export interface Config {
  /** null: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | null
  /** null: the queue lives in the database. */
  readonly redisUrl: string | null
  /** Absolute. */
  readonly dataDir: string
  /** Bring the database up to date at start. */
  readonly migrate: boolean
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** 32 octets in base64, for what is kept of credentials. null: made on first start, embedded database only. */
  readonly secretKey: string | null
  readonly http: { readonly host: string; readonly port: number }
  /** null: made on first start. */
  readonly consoleToken: string | null
  /** In the order of their names. */
  readonly mailboxes: readonly MailboxConfig[]
}

export interface MailboxConfig {
  /** As in MAILBOX_<NAME>_URL, in lower case, `_` as `-`. */
  readonly name: string
  /** The URL without any secret: what is shown and kept. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** `tls`: implicit TLS (RFC 8314). `stls`: RFC 2595, required. `plain`: loopback only. */
  readonly security: 'tls' | 'stls' | 'plain'
  readonly user: string
  readonly credentials:
    | { readonly kind: 'password'; readonly password: string }
    | { readonly kind: 'access-token'; readonly token: string }
  /** The OAuth client of this mailbox, where one is set. */
  readonly oauth?: OAuthClientConfig | null
  /** PEM text of a certificate authority to trust for this mailbox instead of the usual ones. */
  readonly ca: string | null
  /** cron with seconds. */
  readonly schedule: string
  /** How long mail stays on the server after it was stored; null: it is never deleted. */
  readonly deleteAfterSeconds: number | null
  readonly maxMessageBytes: number
}

export interface OAuthClientConfig {
  readonly clientId: string
  /** With a secret: client credentials (RFC 6749 section 4.4). null: somebody logs in. */
  readonly clientSecret: string | null
  readonly tenant: string | null
  /** URL under which `/oauth2/v2.0/token` stands; null: Microsoft's for the tenant. */
  readonly authority: string | null
}

/** All that is wrong with the settings: one line a problem in the message, one entry in `problems`. */
export class ConfigError extends MailchuteError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ setting, problem, hint }) => `  ${setting}: ${problem}; ${hint}`)
    const count = problems.length === 1 ? 'a setting is wrong' : `${problems.length} settings are wrong`
    super('config/invalid', [`${count}:`, ...lines].join('\n'), { context: { problems: problems.length } })
    this.problems = problems
  }
}

/** Reads nothing but `env`, `.env` in `cwd` and the files these name. Throws ConfigError. */
export function readConfig(env: NodeJS.ProcessEnv, cwd: string): Config {
  const problems: Problem[] = []
  const settings = readEnvironment(env, cwd, problems)
  checkNames(settings.names(), problems)
  const general = readGeneral(settings, problems)
  const mailboxes = readMailboxes(mailboxNames(settings.names()), settings, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return { ...general, dataDir: path.resolve(cwd, settings.get('MAILCHUTE_DATA') ?? 'data'), mailboxes }
}
