import type { Account, MailboxConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { pop3 } from './pop3/session.ts'
import type { Connect, Watch } from './source.ts'

/** The mailbox over whichever protocol it speaks. */
export function connectTo(account: Account): Connect {
  if (account.protocol === 'pop3') return pop3(account)
  if (account.protocol === 'imap') return async (signal) => (await imapSession()).imap(account)(signal)
  throw new MailchuteError('internal/bug', `${account.protocol} is not there yet`)
}

/** null: that protocol tells nothing by itself. */
export function watchOf({ protocol }: Pick<MailboxConfig, 'protocol'>): ((account: Account) => Watch) | null {
  if (protocol !== 'imap') return null
  return (account) => async (signal, watched) => (await imapWatch()).watchImap(account)(signal, watched)
}

/** imapflow takes 33 MB and a sixth of a second to load: only where a mailbox speaks IMAP. */
const imapSession = () => import('./imap/session.ts')
const imapWatch = () => import('./imap/watch.ts')
