import type { Account, MailboxConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { imap } from './imap/session.ts'
import { watchImap } from './imap/watch.ts'
import { pop3 } from './pop3/session.ts'
import type { Connect, Watch } from './source.ts'

/** The mailbox over whichever protocol it speaks. */
export function connectTo(account: Account): Connect {
  if (account.protocol === 'pop3') return pop3(account)
  if (account.protocol === 'imap') return imap(account)
  throw new MailchuteError('internal/bug', `${account.protocol} is not there yet`)
}

/** null: that protocol tells nothing by itself. */
export function watchOf({ protocol }: Pick<MailboxConfig, 'protocol'>): ((account: Account) => Watch) | null {
  return protocol === 'imap' ? watchImap : null
}
