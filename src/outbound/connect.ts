import type { OAuthMailbox, Tokens } from '../access/tokens.ts'
import type { MailboxConfig, OAuthCredentials, SmtpConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { openSmtp, type SmtpSession } from './smtp-session.ts'

/**
 * A session with the SMTP server of a mailbox, with a token where it logs in by OAuth. A token that the server refuses
 * may have been revoked before its time: it is renewed once.
 */
export async function connectSmtp(
  tokens: Pick<Tokens, 'accessToken'>,
  mailbox: MailboxConfig,
  smtp: SmtpConfig,
  signal: AbortSignal,
): Promise<SmtpSession> {
  const { credentials } = smtp
  if (credentials === null || credentials.kind !== 'oauth') return openSmtp(smtp, credentials, signal)
  const open = async (mustBeNew: boolean) => {
    const token = await tokens.accessToken(accountOf(mailbox, credentials), 'mail', signal, { mustBeNew })
    return openSmtp(smtp, { kind: 'access-token', token }, signal)
  }
  return open(false).catch((error: unknown) => {
    if (error instanceof MailchuteError && error.code === 'outbound/token-refused') return open(true)
    throw error
  })
}

/** The login is the mailbox's own, also where it is polled in another way. */
const accountOf = ({ name, user }: MailboxConfig, credentials: OAuthCredentials): OAuthMailbox => ({
  name,
  user,
  credentials,
})
