import type { Account, MailboxConfig } from '../config.ts'
import { graph } from './graph/session.ts'
import { pop3 } from './pop3/session.ts'
import type { Connect, Watch } from './source.ts'

/** The mailbox over whichever protocol it speaks. */
export function connectTo(account: Account): Connect {
  if (account.protocol === 'imap') return async (signal) => (await imapSession()).imap(account)(signal)
  return account.protocol === 'graph' ? graph(account) : pop3(account)
}

/** null: that protocol tells nothing by itself. */
export function watchOf({ protocol }: Pick<MailboxConfig, 'protocol'>): ((account: Account) => Watch) | null {
  if (protocol !== 'imap') return null
  return (account) => async (signal, watched) => (await imapWatch()).watchImap(account)(signal, watched)
}

/** imapflow takes 33 MB and a sixth of a second to load: only where a mailbox speaks IMAP. */
const imapSession = () => import('./imap/session.ts')
const imapWatch = () => import('./imap/watch.ts')
