import { createConnect } from '../access/connect.ts'
import type { Config, MailboxConfig } from '../config.ts'
import { openLog } from '../log.ts'
import type { Connect } from '../source/source.ts'
import { openApp, openTokens } from './app.ts'

export interface Connecting extends AsyncDisposable {
  readonly connect: Connect
}

/** A mailbox as a source, for a command that may do without a database: only a login is kept in one. */
export async function connecting(config: Config, mailbox: MailboxConfig): Promise<Connecting> {
  if (needsLogin(mailbox)) {
    const app = await openApp(config)
    return { connect: app.connect(mailbox), [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() }
  }
  const log = openLog(config.logLevel)
  return { connect: createConnect(openTokens(log, null))(mailbox), [Symbol.asyncDispose]: () => log.flush() }
}

/** Somebody has to log in to it once. */
export const needsLogin = ({ credentials }: MailboxConfig): boolean =>
  credentials.kind === 'oauth' && credentials.client.grant === 'login'
