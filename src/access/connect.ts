import type { Account, MailboxConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { connectTo, watchOf } from '../source/open.ts'
import type { Connect, Watch } from '../source/source.ts'
import { resourceOf, type Tokens } from './tokens.ts'

type TokenSource = Pick<Tokens, 'accessToken'>

/** A mailbox as a source, with a token where it logs in by OAuth. */
export function createConnect(tokens: TokenSource): (mailbox: MailboxConfig) => Connect {
  return (mailbox) => (signal, remembered) =>
    loggedIn(tokens, mailbox, signal, (account) => connectTo(account)(signal, remembered))
}

/** The watch over a mailbox, as often as it is asked for; null where its protocol has none. */
export function createWatch(tokens: TokenSource): (mailbox: MailboxConfig) => Watch | null {
  return (mailbox) => {
    const watch = watchOf(mailbox)
    if (watch === null) return null
    return (signal, watched) => loggedIn(tokens, mailbox, signal, (account) => watch(account)(signal, watched))
  }
}

/**
 * A token that a server refuses may have been revoked before its time: it is renewed once. If the server refuses the
 * new one too, that is no proof of anything: Exchange has one answer for everything, so it is `source/token-refused`,
 * which passes, and only the authority's own word (`oauth/login-required`) pauses a mailbox.
 */
async function loggedIn<T>(
  tokens: TokenSource,
  mailbox: MailboxConfig,
  signal: AbortSignal,
  use: (account: Account) => Promise<T>,
): Promise<T> {
  const { credentials } = mailbox
  if (credentials.kind !== 'oauth') return use({ ...mailbox, credentials })
  const resource = resourceOf(mailbox)
  const open = async (mustBeNew: boolean) => {
    const token = await tokens.accessToken({ ...mailbox, credentials }, resource, signal, { mustBeNew })
    return use({ ...mailbox, credentials: { kind: 'access-token', token } })
  }
  return open(false)
    .catch((error: unknown) => {
      if (isRefusal(error)) return open(true)
      throw error
    })
    .catch((error: unknown) => {
      throw isRefusal(error) ? tokenRefused(error) : error
    })
}

const isRefusal = (error: unknown): error is MailchuteError =>
  error instanceof MailchuteError && error.code === 'source/credentials-refused'

function tokenRefused(cause: MailchuteError): MailchuteError {
  return new MailchuteError('source/token-refused', cause.message, { cause, context: cause.context })
}
