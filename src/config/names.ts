/** The names of all settings, so that a misspelt one is an error and not a surprise. */
import { OIDC_SETTINGS } from './oidc.ts'
import { didYouMean, nearest, type Problem } from './problem.ts'

const GENERAL = [
  'DATABASE_URL',
  'REDIS_URL',
  'HTTP_HOST',
  'HTTP_PORT',
  'CONSOLE_TOKEN',
  'CONSOLE_AUDITOR_TOKEN',
  'CONSOLE_URL',
  ...OIDC_SETTINGS,
  'LOG_LEVEL',
]
const ALERTS = ['WEBHOOK_URL', 'MAIL_TO', 'MAIL_FROM_MAILBOX', 'POLL_MINUTES'].map((name) => `ALERT_${name}`)
const PREFIXED = [
  ...[
    'DATA',
    'SECRET_KEY',
    'SECRET_KEY_OLD',
    'MIGRATE',
    'RULES',
    'DNS',
    'SIMILAR_PER_HOUR',
    'KEEP_RAW',
    'KEEP_CONTENT',
  ],
  ...ALERTS,
].map((name) => `MAILCHUTE_${name}`)
const SECRETS = [
  'DATABASE_URL',
  'REDIS_URL',
  'MAILCHUTE_SECRET_KEY',
  'MAILCHUTE_SECRET_KEY_OLD',
  'MAILCHUTE_ALERT_WEBHOOK_URL',
  'CONSOLE_TOKEN',
  'CONSOLE_AUDITOR_TOKEN',
  'CONSOLE_OIDC_CLIENT_SECRET',
]
const KNOWN = [...GENERAL, ...PREFIXED, ...SECRETS.map((name) => `${name}_FILE`)]

const MAILBOX_SECRETS = ['PASSWORD', 'ACCESS_TOKEN', 'OAUTH_CLIENT_SECRET', 'SMTP_PASSWORD']
const OAUTH = ['CLIENT_ID', 'CLIENT_SECRET_EXPIRES', 'TENANT', 'AUTHORITY', 'PROVIDER', 'GRANT', 'SCOPE']
const OAUTH_URLS = ['TOKEN_URL', 'AUTHORIZE_URL', 'DEVICE_URL']
const ACKNOWLEDGE = [
  'ACKNOWLEDGE',
  ...['FROM', 'PER_HOUR', 'TEMPLATES', 'LANGUAGE', 'PLUS_ADDRESS'].map((name) => `ACKNOWLEDGE_${name}`),
]
const POLICY = ['STRANGERS', 'REOPEN_DAYS', 'AUTHSERV_ID', 'RECEIVED_BY', 'CONTROL_HEADERS']
const RETENTION = ['KEEP_RAW', 'KEEP_CONTENT']
const MAILBOX_PLAIN = [
  'URL',
  ...[...OAUTH, ...OAUTH_URLS].map((name) => `OAUTH_${name}`),
  'SMTP_URL',
  ...ACKNOWLEDGE,
  ...POLICY,
  ...RETENTION,
]
const MAILBOX_SUFFIXES = [...MAILBOX_PLAIN, ...MAILBOX_SECRETS, ...MAILBOX_SECRETS.map((name) => `${name}_FILE`)]

/** Settings of a mailbox that end like the one that makes a mailbox. */
const NO_MAILBOX = /_(SMTP|OAUTH_TOKEN|OAUTH_AUTHORIZE|OAUTH_DEVICE)$/

/** NAME of every MAILBOX_<NAME>_URL. */
export function mailboxNames(names: readonly string[]): string[] {
  const found = names.map((name) => /^MAILBOX_([A-Z0-9_]+)_URL$/.exec(name)?.[1])
  return found.filter((name) => name !== undefined).filter((name) => !NO_MAILBOX.test(name))
}

const WEBHOOK_SECRETS = ['URL', 'SECRET', 'SECRET_OLD'].flatMap((name) => [name, `${name}_FILE`])
const WEBHOOK_SUFFIXES = [...WEBHOOK_SECRETS, 'EVENTS', 'CONTENT', 'ALLOW_PRIVATE']
const WEBHOOK = new RegExp(`^MAILCHUTE_WEBHOOK_([A-Z0-9_]+?)_(?:${WEBHOOK_SUFFIXES.join('|')})$`)

/** NAME of every MAILCHUTE_WEBHOOK_<NAME>_..., so that one without its URL is told of. */
export function webhookNames(names: readonly string[]): string[] {
  const found = names.map((name) => WEBHOOK.exec(name)?.[1])
  return [...new Set(found.filter((name) => name !== undefined))]
}

const webhookSettings = (name: string) => WEBHOOK_SUFFIXES.map((suffix) => `MAILCHUTE_WEBHOOK_${name}_${suffix}`)

/** Every name that begins like one of ours must be one of ours. */
export function checkNames(names: readonly string[], problems: Problem[]): void {
  const mailboxes = mailboxNames(names)
  const known = new Set([...KNOWN, ...mailboxes.flatMap(settingsOf), ...webhookNames(names).flatMap(webhookSettings)])
  const ours = names.filter((name) => /^(MAILBOX|MAILCHUTE|CONSOLE_OIDC)_/i.test(name))
  for (const name of ours.filter((written) => !known.has(written))) {
    problems.push({ setting: name, ...explain(name, mailboxes, [...known]) })
  }
}

/** Every setting that a mailbox can have; `mailbox` as in MAILBOX_<NAME>_URL. */
export const settingsOf = (mailbox: string): string[] =>
  MAILBOX_SUFFIXES.map((suffix) => `MAILBOX_${mailbox}_${suffix}`)

function explain(name: string, mailboxes: readonly string[], known: readonly string[]): Omit<Problem, 'setting'> {
  const problem = 'there is no such setting'
  const near = didYouMean(name.toUpperCase(), known)
  if (near) return { problem, hint: near }
  const suffix = MAILBOX_SUFFIXES.filter((candidate) => name.endsWith(`_${candidate}`)).sort(longestFirst)[0]
  const mailbox = suffix && name.slice('MAILBOX_'.length, -suffix.length - 1)
  if (mailbox && !mailboxes.includes(mailbox)) {
    return { problem: 'its mailbox has no URL', hint: `set MAILBOX_${mailbox}_URL, or remove this setting` }
  }
  // A mailbox that is not there yet: what stands before the last word is most likely its name.
  const guessed = /^MAILBOX_(.+)_[^_]+$/i.exec(name)?.[1]?.toUpperCase()
  const candidates = WEBHOOK_LIKE.test(name)
    ? webhookSettings(WEBHOOK_LIKE.exec(name)?.[1] ?? '')
    : guessed
      ? [...known, ...settingsOf(guessed)]
      : known
  return { problem, hint: `the nearest there is: ${nearest(name.toUpperCase(), candidates)}; .env.example has all` }
}

const WEBHOOK_LIKE = /^MAILCHUTE_WEBHOOK_(.+)_[^_]+$/

const longestFirst = (a: string, b: string): number => b.length - a.length
