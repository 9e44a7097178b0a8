/**
 * What nodemailer throws, as one of our errors. They name host, port, the step and the codes of the server's reply: its
 * words only where it speaks about the login, for about a mail it may quote addresses and content (I9).
 */
import type { Secret, SmtpConfig } from '../config.ts'
import { type ErrorCode, MailchuteError } from '../errors.ts'
import { quoteWithout } from '../source/failure.ts'

/** The fields of nodemailer's errors that are looked at (its errors.ts and smtp-connection). */
interface SmtpError {
  readonly message: string
  readonly code?: string
  readonly originalCode?: string
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
}

/** `secret`: what is logged in with, of which nothing is repeated. */
export function smtpError(smtp: SmtpConfig, secret: Secret | null, thrown: unknown): MailchuteError {
  if (thrown instanceof MailchuteError) return thrown
  const error = thrown as SmtpError
  const [code, hint] = verdict(smtp, error)
  const step = /^[A-Z]+/.exec(error.command ?? '')?.[0] ?? 'CONN'
  return new MailchuteError(code, `${smtp.host}:${smtp.port}: ${describe(smtp, secret, error, step)}`, {
    // Not the cause itself: it holds the reply, and with it perhaps whom the mail was for.
    context: { host: smtp.host, port: smtp.port, step },
    ...(hint === undefined ? {} : { hint }),
  })
}

type Verdict = readonly [ErrorCode, hint?: string | undefined]

function verdict(smtp: SmtpConfig, error: SmtpError): Verdict {
  const { code = '', responseCode = 0, command = '' } = error
  if (isUntrusted(error)) return ['outbound/tls-untrusted']
  if (code === 'ETIMEDOUT') return ['outbound/reply-timeout']
  if (command === 'STARTTLS' || code === 'ETLS') return tlsVerdict(error)
  if (responseCode >= 400 && responseCode < 500) return ['outbound/refused-for-now', throttleHint(error)]
  if (code === 'EAUTH') return authVerdict(smtp, error.response)
  if (responseCode >= 500) return refusal(smtp, error)
  if (code === 'EDNS' || /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOST|ENET)/.test(error.originalCode ?? '')) {
    return ['outbound/unreachable']
  }
  if (code === 'EPROTOCOL' || /\bEPROTO\b|ssl3_get_record|wrong version number/i.test(error.message)) {
    return ['outbound/protocol-violation']
  }
  return code === 'ESOCKET' || code === 'ECONNECTION' ? ['outbound/connection-lost'] : ['internal/bug']
}

/** What Node's tls says of a certificate it does not accept (its codes come from OpenSSL's X509_V_ERR_...). */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/
const UNTRUSTED_WORDS = /self.signed certificate|unable to (verify|get)|altnames|certificate has expired|not yet valid/i

const isUntrusted = ({ originalCode = '', message }: SmtpError) =>
  UNTRUSTED.test(originalCode) || UNTRUSTED_WORDS.test(message)

function tlsVerdict({ command, responseCode = 0 }: SmtpError): Verdict {
  if (command === 'STARTTLS' && responseCode >= 400) return ['outbound/tls-unavailable']
  return ['outbound/connection-lost', 'the TLS handshake failed: the server may not speak TLS 1.2, or the line was cut']
}

/** Of what Microsoft says no is meant for one mail: the account is not allowed something, see docs/outlook.md. */
function authVerdict({ credentials }: SmtpConfig, response = ''): Verdict {
  const code = credentials?.kind === 'password' ? 'outbound/credentials-refused' : 'outbound/token-refused'
  if (/SmtpClientAuthentication(Disabled)? |smtp_auth_disabled/i.test(response)) {
    return [
      code,
      'SMTP AUTH is switched off at Microsoft: `Set-CASMailbox ADDRESS -SmtpClientAuthenticationDisabled $false`, or for ' +
        'the organisation `Set-TransportConfig -SmtpClientAuthenticationDisabled $false`; security defaults switch it off too',
    ]
  }
  if (/\b5\.7\.(30|139)\b|basic authentication/i.test(response)) {
    return [
      code,
      'Microsoft no longer takes passwords for sending: leave out SMTP_PASSWORD and set the OAUTH settings of the mailbox',
    ]
  }
  return [code]
}

/** In reply to MAIL, or in other words: Exchange checks whose address it is only after the octets, Postfix at RCPT. */
const SENDER_REFUSED =
  /\b5\.7\.60\b|SendAsDenied|\b5\.2\.252\b|sender address rejected|(null|empty) (envelope )?sender/i

function refusal(smtp: SmtpConfig, { command, response = '', responseCode }: SmtpError): Verdict {
  if (responseCode === 503) return ['outbound/protocol-violation']
  if (responseCode === 530) return ['outbound/auth-unsupported']
  if (/\b5\.7\.30\b/.test(response)) return authVerdict(smtp, response)
  if (command === 'MAIL FROM' || SENDER_REFUSED.test(response)) return ['outbound/sender-refused']
  return ['outbound/refused']
}

function throttleHint({ response = '' }: SmtpError): string | undefined {
  if (!/throttl|too many|rate|limit|concurrent|4\.3\.2|4\.7\.(500|70)/i.test(response)) return undefined
  return 'the server limits how much is sent (Exchange Online: 30 mails a minute, 3 connections); it is tried again, more slowly'
}

const TLS_REASONS = /self.signed certificate|unable to \w+[\w ]*|altnames|certificate has expired|wrong version number/i

function describe({ user }: SmtpConfig, secret: Secret | null, error: SmtpError, step: string): string {
  const { responseCode, response = '', originalCode, code = 'unknown', message } = error
  if (responseCode !== undefined && responseCode > 0) {
    const status = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1]
    const words = step === 'AUTH' && secret !== null ? `: ${quoteWithout({ user, credentials: secret }, response)}` : ''
    return `${step}: the server answered ${responseCode}${status === undefined ? '' : ` ${status}`}${words}`
  }
  const reason = TLS_REASONS.exec(message)?.[0] ?? originalCode ?? code
  return `${step}: ${reason}`
}
