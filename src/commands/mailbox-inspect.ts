/** What lies in a mailbox. Changes nothing: no download, no DELE, no QUIT, nothing marked as seen. */
import type { Config, MailboxConfig } from '../config.ts'
import { connecting } from './connect.ts'
import { bytes, counted, printable } from './terminal.ts'

export interface Inspection {
  readonly mailbox: string
  readonly messages: number
  readonly octets: number
  /** Until the list was there. */
  readonly milliseconds: number
  readonly protocol: MailboxConfig['protocol']
  readonly server: string
  readonly encryption: MailboxConfig['security']
  readonly user: string
  readonly login: string
  /** In the server's own words. */
  readonly capabilities: readonly string[]
  readonly oldest: Date | null
  readonly newest: Date | null
}

export async function inspectMailbox(config: Config, mailbox: MailboxConfig, signal: AbortSignal): Promise<Inspection> {
  await using by = await connecting(config, mailbox)
  const startedAt = performance.now()
  await using session = await by.connect(signal)
  const listed = await session.list()
  const milliseconds = Math.round(performance.now() - startedAt)
  const [oldest, newest] = [listed[0], listed.at(-1)]
  return {
    mailbox: mailbox.name,
    messages: listed.length,
    octets: listed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    milliseconds,
    protocol: mailbox.protocol,
    server: `${mailbox.host}:${mailbox.port}`,
    encryption: mailbox.security,
    user: mailbox.user,
    login: loginOf(mailbox),
    capabilities: session.capabilities,
    oldest: oldest ? await session.receivedAt(oldest) : null,
    newest: newest ? await session.receivedAt(newest) : null,
  }
}

function loginOf({ credentials }: MailboxConfig): string {
  return credentials.kind === 'oauth' ? `oauth ${credentials.client.grant}` : credentials.kind
}

export function inspectionText(inspection: Inspection): string {
  const { mailbox, messages, octets, milliseconds } = inspection
  const lines = inspectionLines(inspection).map(([what, said]) => `  ${what.padEnd(12)} ${said}\n`)
  return `${mailbox}: login works, ${counted(messages, 'message')} of ${bytes(octets)}, ${milliseconds} ms; nothing was changed\n${lines.join('')}`
}

/** What it is, and what is known of it. */
export function inspectionLines(inspection: Inspection): [string, string][] {
  const { protocol, server, encryption, user, login, capabilities, oldest, newest, messages } = inspection
  const dates: [string, string][] =
    messages === 0
      ? []
      : [
          ['oldest', dateOf(oldest)],
          ['newest', dateOf(newest)],
        ]
  return [
    ['server', `${protocol} ${server}, ${ENCRYPTION[encryption]}`],
    ['logged in', `as ${user} with ${WAYS[login] ?? login}`],
    ...dates,
    ['offers', capabilities.length === 0 ? 'nothing that it tells' : printable(capabilities.join(', '))],
  ]
}

const ENCRYPTION = { tls: 'TLS from the start', stls: 'TLS after STARTTLS', plain: 'no TLS, on this machine' }
const WAYS: Readonly<Record<string, string>> = {
  password: 'a password',
  'access-token': 'the access token that is set',
  'oauth login': 'OAuth, as the person who logged in',
  'oauth client-credentials': 'OAuth, as the application (client credentials)',
}

const dateOf = (at: Date | null) => at?.toISOString().replace('.000', '') ?? 'the server does not tell'
