/** What acknowledgements need: their way out, and their words. Sends nothing. */
import type { MailboxConfig } from '../../config.ts'
import { connectSmtp } from '../../outbound/connect.ts'
import { loadTemplates } from '../../outbound/templates.ts'
import type { App } from '../app.ts'
import type { Report } from './report.ts'

export async function checkAcknowledge(
  { tokens }: Pick<App, 'tokens'>,
  mailbox: MailboxConfig,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { name, smtp, acknowledge } = mailbox
  if (smtp === null || acknowledge === null) return
  await report.check(`mailbox ${name}, SMTP`, async () => {
    await using _ = await connectSmtp(tokens, mailbox, smtp, signal)
    const encryption = { tls: 'TLS', starttls: 'STARTTLS', plain: 'no TLS' }[smtp.security]
    const login = smtp.credentials === null ? 'no login is wanted' : `login as ${smtp.user} works`
    return `${smtp.host}:${smtp.port} by ${encryption}, ${login}; nothing was sent`
  })
  await report.check(`mailbox ${name}, templates`, async () => {
    loadTemplates([mailbox])
    return acknowledge.templatesDir === null ? 'the built-in ones' : `those in ${acknowledge.templatesDir}`
  })
}
