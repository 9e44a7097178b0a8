/** `mailchute audit balance`: everything that was ever listed, and what became of it. Exit code 65 if something is not accounted for. */
import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import type { Balance, Check, MailboxBalance } from '../store/balance.ts'
import { openApp } from './app.ts'
import { colours, counted, print, printError, printJson, table } from './terminal.ts'

/** Resolves with the exit code. */
export async function auditBalance(config: Config, { json }: { json: boolean }): Promise<number> {
  await using app = await openApp(config)
  const balance = await app.store.balance()
  if (json) printJson({ ok: balance.imbalances.length === 0, ...balance })
  else print(balanceText(balance))
  const amiss = balance.imbalances.reduce((sum, { count }) => sum + count, 0)
  if (amiss === 0) return 0
  const error = new MailchuteError('audit/unbalanced', `${counted(amiss, 'thing')} not accounted for`)
  printError(error)
  return error.exitCode
}

export function balanceText({ mailboxes, imbalances }: Balance): string {
  const listed = table(
    ['mailbox', 'listed', '=', 'stored', '+ held', '+ waiting', '+ lost', 'polls'],
    mailboxes.map((each) => [
      ...[each.mailbox, each.listed, '=', each.stored, each.held, each.waiting],
      each.lost > 0 ? colours.red(String(each.lost)) : each.lost,
      each.polls,
    ]),
  )
  const messages = table(
    ['mailbox', 'messages', '=', 'received', '+ ticketed', '+ suppressed', '+ quarantined'],
    mailboxes.map((each: MailboxBalance) => [
      ...[each.mailbox, each.messages, '='],
      ...[each.received, each.ticketed, each.suppressed, each.quarantined],
    ]),
  )
  const verdict =
    imbalances.length === 0
      ? colours.green('everything is accounted for')
      : imbalances
          .map(({ check, count, ids }) => `${colours.red(check)}: ${SAYS[check]}: ${ids.join(', ')}${more(count, ids)}`)
          .join('\n')
  return `${listed}\n${messages}\n${verdict}\n`
}

const more = (count: number, ids: readonly string[]) => (count > ids.length ? ` and ${count - ids.length} more` : '')

const SAYS: Readonly<Record<Check, string>> = {
  'poll-unbalanced': 'polls that listed other than they dealt with',
  'remote-lost': 'listed, and gone from the server without being stored',
  'remote-deleted-unstored': 'deleted on the server without being stored',
  'remote-held-unexplained': 'held on the server without an event that says why',
  'remote-stored-nowhere': 'booked as stored, and not there',
  'message-from-nowhere': 'messages that no server ever listed',
  'message-unexplained': 'messages without the one event of their storing, or with other octets than it says',
  'state-unexplained': 'messages in a state, or for a reason, that no event put them into',
  'ticketed-without-entry': 'messages said to be on a ticket, and on none',
  'entry-unexplained': 'entries of messages that are on no ticket',
  'entry-elsewhere': 'entries on another ticket than events put them on',
  'report-elsewhere': 'messages that report on another ticket than their events say',
  'merge-unexplained': 'tickets merged, or not merged, otherwise than events say',
  'ticket-without-entry': 'tickets without an entry',
  'outbox-without-cause': 'written to go out for no event',
  'outbox-unexplained': 'sent, failed or skipped without the event that says so, or the other way round',
  'octets-of-nobody': 'octets that no message has',
  'octets-missing': 'octets that are gone, and nobody has purged them',
  'purged-unexplained': 'messages of which something was removed, and no event says so',
}
