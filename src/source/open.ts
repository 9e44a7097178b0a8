import type { Account, MailboxConfig } from '../config.ts'
import { graph } from './graph/session.ts'
import { imap } from './imap/session.ts'
import { watchImap } from './imap/watch.ts'
import { pop3 } from './pop3/session.ts'
import type { Connect, Watch } from './source.ts'

/** The mailbox over whichever protocol it speaks. */
export function connectTo(account: Account): Connect {
  if (account.protocol === 'graph') return graph(account)
  return account.protocol === 'imap' ? imap(account) : pop3(account)
}

/** null: that protocol tells nothing by itself. */
export function watchOf({ protocol }: Pick<MailboxConfig, 'protocol'>): ((account: Account) => Watch) | null {
  return protocol === 'imap' ? watchImap : null
}
