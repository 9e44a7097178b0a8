/**
 * Settings, read once from the environment (and `.env`) and validated as a whole: whoever starts Mailchute
 * hears of every mistake at once, each with what to do. No secret ever appears in a problem.
 */
import path from 'node:path'
import { readAlerts } from './config/alerts.ts'
import { readEnvironment } from './config/environment.ts'
import { readGeneral, rulesFile } from './config/general.ts'
import { readMailboxes } from './config/mailbox.ts'
import { checkNames, mailboxNames, webhookNames } from './config/names.ts'
import type { OidcConfig } from './config/oidc.ts'
import type { Problem } from './config/problem.ts'
import type { WebhookEvent } from './config/webhook-events.ts'
import { readWebhooks } from './config/webhooks.ts'
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
  /** The key before `secretKey`: what it sealed can still be opened. */
  readonly oldSecretKey: string | null
  readonly http: { readonly host: string; readonly port: number }
  /** null: made on first start. */
  readonly consoleToken: string | null
  /** Of those who may look and not act; null: there is none. */
  readonly auditorToken: string | null
  /** Origin under which browsers reach the console; null: nobody has said. */
  readonly consoleUrl: string | null
  /** null: the console knows no login but by token. */
  readonly oidc: OidcConfig | null
  /** The file with the rules; null: there are none. Absolute. */
  readonly rulesFile: string | null
  /** Where to look up who vouches for a mail (DKIM, SPF, DMARC); null: nowhere. No servers: the system's. */
  readonly dns: DnsConfig | null
  /** More similar mails of one sender than this within the hour are held; null: no limit. */
  readonly similarPerHour: number | null
  readonly alerts: AlertsConfig
  /** In the order of their names. */
  readonly webhooks: readonly WebhookConfig[]
  /** In the order of their names. */
  readonly mailboxes: readonly MailboxConfig[]
}

/** An endpoint that is told of events. */
export interface WebhookConfig {
  /** As in MAILCHUTE_WEBHOOK_<NAME>_URL, in lower case, `_` as `-`. */
  readonly name: string
  /** Many have a secret in their path: never shown. */
  readonly url: string
  /** Of Standard Webhooks, decoded: one, or the new one and the one before it, which receivers may still have. */
  readonly secrets: readonly Buffer[]
  readonly events: readonly WebhookEvent[]
  /** Subject and sender are told, too. */
  readonly hasContent: boolean
  /** It may be in a private network. */
  readonly mayBePrivate: boolean
}

export interface AlertsConfig {
  /** A mailbox without a good poll for so long stands still. */
  readonly pollMinutes: number
  /** null: nobody is told, the log and the console have them. */
  readonly tell:
    | { readonly kind: 'webhook'; readonly url: string }
    | { readonly kind: 'mail'; readonly to: readonly string[]; readonly fromMailbox: string }
    | null
}

export interface DnsConfig {
  /** IP addresses, with a port where it is not 53. */
  readonly servers: readonly string[]
}

export interface MailboxConfig {
  /** As in MAILBOX_<NAME>_URL, in lower case, `_` as `-`. */
  readonly name: string
  /** The URL without any secret: what is shown and kept. */
  readonly url: string
  readonly protocol: 'pop3' | 'imap' | 'graph'
  /** Where its unique-ids mean something: protocol, host and folder, like `pop3 outlook.office365.com`. */
  readonly source: string
  readonly host: string
  readonly port: number
  /** `tls`: implicit TLS (RFC 8314). `stls`: RFC 2595, required. `plain`: loopback only. */
  readonly security: 'tls' | 'stls' | 'plain'
  /** For `graph` the address of the mailbox. */
  readonly user: string
  /** Exchange Online or Outlook.com, whose manners are known (docs/outlook.md). */
  readonly isMicrosoft: boolean
  /** IMAP only: whose messages are polled. */
  readonly folder: string
  /** Graph only: URL below which `/users/...` stands. */
  readonly endpoint: string | null
  /** IMAP and Graph: where a message goes instead of being deleted. */
  readonly moveTo: string | null
  readonly credentials: Secret | OAuthCredentials
  /** PEM text of a certificate authority to trust for this mailbox instead of the usual ones. */
  readonly ca: string | null
  /** cron with seconds. */
  readonly schedule: string
  /** How long mail stays on the server after it was stored; null: it is never deleted. */
  readonly deleteAfterSeconds: number | null
  readonly maxMessageBytes: number
  /** Where mail of this mailbox goes out; null: it sends none. */
  readonly smtp: SmtpConfig | null
  /** null: new tickets are not acknowledged. */
  readonly acknowledge: AcknowledgeConfig | null
  readonly policy: MailboxPolicy
  readonly retention: RetentionConfig
}

/** How long what a message says is kept after all is done with it; null: for ever. */
export interface RetentionConfig {
  /** Its octets, counted from when the message was finished. */
  readonly rawSeconds: number | null
  /** What of it is on a ticket, counted from the last entry of that ticket, once it is closed. */
  readonly contentSeconds: number | null
}

/** How mail of a mailbox is judged. */
export interface MailboxPolicy {
  /**
   * A mail that names a ticket which its sender takes no part in (or whose sender fails DMARC): `link` makes a ticket
   * of its own of it, linked to the other; `hold` keeps it for a person.
   */
  readonly strangers: 'link' | 'hold'
  /** A closed ticket opens again within so many days after its last entry; later a new one, linked to it, is begun. */
  readonly reopenDays: number
  /** RFC 8601 section 2.5: whose Authentication-Results are believed; in lower case. Empty: nobody's. */
  readonly authservIds: readonly string[]
  /**
   * The provider's servers, whose Received fields are believed: host names (with all below them), networks, or
   * `microsoft`. Empty: the authserv-ids are taken for them.
   */
  readonly receivedBy: readonly string[]
  /** X-Mailchute-* fields are obeyed: for mailboxes that only programs of one's own write to. */
  readonly controlHeaders: boolean
}

export type Secret =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'access-token'; readonly token: string }

/** A token has to be got from the client's authority first (see access/). */
export interface OAuthCredentials {
  readonly kind: 'oauth'
  readonly client: OAuthClientConfig
}

/** A mailbox with what a server wants to see at login. */
export type Account = MailboxConfig & { readonly credentials: Secret }

export interface OAuthClientConfig {
  readonly provider: 'microsoft' | 'google' | 'other'
  readonly clientId: string
  readonly clientSecret: string | null
  /** ISO 8601 date on which the secret ends, where the operator has told it. */
  readonly clientSecretExpires: string | null
  /** `client-credentials`: RFC 6749 section 4.4, the application itself. `login`: somebody logs in once. */
  readonly grant: 'client-credentials' | 'login'
  readonly endpoints: {
    readonly token: string
    /** RFC 6749 section 3.1; null: there is none. */
    readonly authorize: string | null
    /** RFC 8628 section 3.1; null: there is none. */
    readonly device: string | null
  }
  /** Asked for, separated by spaces, by what the token is for: POP3, IMAP and SMTP, or Graph. */
  readonly scopes: Readonly<Record<TokenResource, string>>
}

/** An access token is good for one of these. */
export type TokenResource = 'mail' | 'graph'

export interface SmtpConfig {
  /** Without any secret. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** `tls`: implicit TLS. `starttls`: RFC 3207, required. `plain`: loopback only. */
  readonly security: 'tls' | 'starttls' | 'plain'
  readonly user: string
  /** `oauth`: a token of the mailbox's own client. null: the server wants no login. */
  readonly credentials: Secret | OAuthCredentials | null
  readonly ca: string | null
  /** Envelope sender of automatic answers (RFC 3834 section 3.3): `auto` tries the empty one first. */
  readonly envelope: 'auto' | 'empty' | 'own'
}

export interface AcknowledgeConfig {
  readonly from: { readonly name: string; readonly address: string }
  /** Of one sender; what is above it is not answered. */
  readonly perSenderAndHour: number
  /** A folder of own templates; null: the built-in ones. */
  readonly templatesDir: string | null
  /** Where the mail does not tell its language: an ISO 639-1 code. */
  readonly language: string
  /** Answers go to a subaddress (RFC 5233) that names the ticket. */
  readonly hasPlusAddress: boolean
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

/** Of the file with the rules, whatever else is wrong with the settings; null: there is none. */
export function configuredRulesFile(env: NodeJS.ProcessEnv, cwd: string): string | null {
  return rulesFile(readEnvironment(env, cwd, []), cwd)
}

/** Reads nothing but `env`, `.env` in `cwd` and the files these name. Throws ConfigError. */
export function readConfig(env: NodeJS.ProcessEnv, cwd: string): Config {
  const problems: Problem[] = []
  const settings = readEnvironment(env, cwd, problems)
  checkNames(settings.names(), problems)
  const general = readGeneral(settings, cwd, problems)
  const mailboxes = readMailboxes(mailboxNames(settings.names()), settings, problems)
  const webhooks = readWebhooks(webhookNames(settings.names()), settings, problems)
  const alerts = readAlerts(settings, mailboxes, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  const dataDir = path.resolve(cwd, settings.get('MAILCHUTE_DATA') ?? 'data')
  return { ...general, alerts, dataDir, webhooks, mailboxes }
}
