/** Mailboxes: MAILBOX_<NAME>_URL and the settings beside it. */
import type { MailboxConfig } from '../config.ts'
import { readAcknowledge } from './acknowledge.ts'
import type { Settings } from './environment.ts'
import { readLogin } from './mailbox-login.ts'
import { readOptions } from './mailbox-options.ts'
import { isLoopback, type MailboxUrl, parseMailboxUrl } from './mailbox-url.ts'
import { readOAuthClient } from './oauth-client.ts'
import { readPolicy } from './policy.ts'
import type { Problem } from './problem.ts'
import { readRetention } from './retention.ts'
import { readSmtp } from './smtp.ts'

export function readMailboxes(names: readonly string[], settings: Settings, problems: Problem[]): MailboxConfig[] {
  const seen = new Map<string, string>()
  return names.flatMap((name) => {
    const setting = `MAILBOX_${name}_URL`
    const url = parseMailboxUrl(setting, settings.get(setting) ?? '', problems)
    if (!url) return []
    reportTwin(setting, url, seen, problems)
    return readMailbox(name, url, settings, problems) ?? []
  })
}

function readMailbox(name: string, url: MailboxUrl, settings: Settings, problems: Problem[]): MailboxConfig | null {
  const mailbox = name.toLowerCase().replaceAll('_', '-')
  const { auth, ...options } = readOptions(`MAILBOX_${name}_URL`, mailbox, url, settings, problems)
  const client = readOAuthClient(name, url, settings, problems)
  const credentials = readLogin(name, url.needsOAuth ? (auth ?? 'oauth') : auth, client, settings, problems)
  if (!credentials) return null
  const { query: _, needsOAuth: __, shown, ...place } = url
  const known = {
    name: mailbox,
    url: shown,
    ...place,
    source: sourceOf(url, options.endpoint),
    credentials,
    ...options,
  }
  const smtp = readSmtp(name, known, client, settings, problems)
  return {
    ...known,
    smtp,
    acknowledge: readAcknowledge(name, url.user, smtp, settings, problems),
    policy: readPolicy(name, settings, problems),
    retention: readRetention(name, settings, problems),
  }
}

function sourceOf({ protocol, host, folder }: MailboxUrl, endpoint: string | null): string {
  if (protocol === 'graph') return `graph ${new URL(endpoint ?? `https://${host}`).hostname}`
  return protocol === 'imap' ? `imap ${host} ${folder}` : `pop3 ${host}`
}

/** Two pollers of one folder would lock each other out, and each mail would come twice. */
function reportTwin(setting: string, url: MailboxUrl, seen: Map<string, string>, problems: Problem[]): void {
  // Of one's own machine the port may tell two servers apart; elsewhere 110 and 995 are two doors of one, and so are
  // Exchange and Graph.
  const host = url.isMicrosoft ? 'microsoft' : url.host
  const key = `${url.user}@${host}${isLoopback(host) ? `:${url.port}` : ''} ${url.folder}`.toLowerCase()
  const twin = seen.get(key)
  if (twin) problems.push({ setting, problem: `it is the same mailbox as ${twin}`, hint: 'remove one of the two' })
  else seen.set(key, setting)
}
