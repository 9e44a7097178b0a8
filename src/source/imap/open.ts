/** From a connection to a client that is logged in. */
import type { ImapFlowOptions } from 'imapflow'
import type { MailchuteError } from '../../errors.ts'
import { dial, secure, tlsFailure } from '../connection.ts'
import { ImapClient } from './client.ts'
import { refusalOf, refused } from './refusal.ts'
import type { Setting } from './setting.ts'

/**
 * Logs in: XOAUTH2 or OAUTHBEARER with a token, SASL PLAIN, SASL LOGIN or LOGIN with a password, whichever the server
 * offers, over TLS as configured or not at all. On failure the connection is gone.
 */
export async function openClient(setting: Setting, options: ImapFlowOptions = {}): Promise<ImapClient> {
  const { mailbox, limits, failures } = setting
  const secret = mailbox.credentials.kind === 'password' ? mailbox.credentials.password : mailbox.credentials.token
  if (CONTROLS.test(mailbox.user + secret)) {
    throw failures.failure('config/invalid', 'user, password or token holds a control character')
  }
  const bare = await dial(setting)
  const socket = mailbox.security === 'tls' ? await secure(bare, setting) : bare
  const client = new ImapClient(socket, setting, options)
  const late = setTimeout(
    () => client.fail(failures.failure('source/reply-timeout', 'the login took too long', VERB)),
    limits.loginMs,
  )
  try {
    await client.flow.connect()
    return client
  } catch (error) {
    const failure = client.failure ?? failureOf(error, client, setting)
    client.fail(failure)
    throw failure
  } finally {
    clearTimeout(late)
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they separate lines, and the fields of PLAIN and XOAUTH2
const CONTROLS = /[\x00-\x1f\x7f]/
const VERB = { verb: 'LOGIN' }

function failureOf(error: unknown, client: ImapClient, setting: Setting): MailchuteError {
  const { failures, mailbox } = setting
  const { code = '', tlsFailed = false } = error as { code?: string; tlsFailed?: boolean }
  if (code === 'GREETING_TIMEOUT' || code === 'UPGRADE_TIMEOUT') {
    return failures.failure('source/reply-timeout', 'waited too long for the greeting or TLS', {
      ...VERB,
      cause: error,
    })
  }
  if (code === 'STARTTLS_INJECTION') {
    return failures.failure('source/protocol-violation', 'clear text where TLS was to start', { verb: 'STARTTLS' })
  }
  if (tlsFailed) {
    if (client.upgraded !== null) return tlsFailure(client.upgraded, error, mailbox, failures)
    return failures.failure('source/tls-unavailable', 'STARTTLS is not offered', { verb: 'STARTTLS', cause: error })
  }
  const refusal = refusalOf(error)
  const isBye = error instanceof Error && 'reason' in error
  if (refusal !== null && !isBye) return refused(refusal, 'LOGIN', 'source/credentials-refused', failures)
  if (code !== '') return client.typed(error, (bye) => refused(bye, 'LOGIN', 'source/connection-lost', failures))
  return failures.failure('source/auth-unsupported', 'the server offers no login that fits', { ...VERB, cause: error })
}
