import type { MailboxConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { connectTo } from '../source/open.ts'
import type { Connect } from '../source/source.ts'
import { resourceOf, type Tokens } from './tokens.ts'

/**
 * A mailbox as a source, with a token where it logs in by OAuth. A token that a server refuses may have been revoked
 * before its time: it is renewed once. If the server refuses the new one too, that is no proof of anything: Exchange
 * has one answer for everything, so it is `source/token-refused`, which passes, and only the authority's own word
 * (`oauth/login-required`) pauses a mailbox.
 */
export function createConnect(tokens: Pick<Tokens, 'accessToken'>): (mailbox: MailboxConfig) => Connect {
  return (mailbox) => async (signal, remembered) => {
    const { credentials } = mailbox
    if (credentials.kind !== 'oauth') return connectTo({ ...mailbox, credentials })(signal, remembered)
    const resource = resourceOf(mailbox)
    const open = async (mustBeNew: boolean) => {
      const token = await tokens.accessToken({ ...mailbox, credentials }, resource, signal, { mustBeNew })
      return connectTo({ ...mailbox, credentials: { kind: 'access-token', token } })(signal, remembered)
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
}

const isRefusal = (error: unknown): error is MailchuteError =>
  error instanceof MailchuteError && error.code === 'source/credentials-refused'

function tokenRefused(cause: MailchuteError): MailchuteError {
  return new MailchuteError('source/token-refused', cause.message, { cause, context: cause.context })
}
