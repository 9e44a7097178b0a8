/**
 * The outbox's way out: sends the acknowledgements that are due, over the SMTP servers of the mailboxes set here.
 *
 * Guarantees: of any number of senders in any number of processes one has a mail in its hands at a time, and no
 * recipient gets more than its share (store/outbox.ts); what fails is tried again with back-off until it is a day old,
 * what is refused for good is given up with the reason, what is too old is not sent any more; neither a mail nor a
 * mailbox with trouble stops the others.
 * Not guaranteed: that a mail goes out once. Who dies between the server's 250 and our commit sends it again, with the
 * same Message-ID.
 */
import pLimit from 'p-limit'
import type { Tokens } from '../access/tokens.ts'
import type { MailboxConfig } from '../config.ts'
import type { Log } from '../log.ts'
import type { TicketTokens } from '../message/ticket-token.ts'
import type { Store } from '../store/store.ts'
import { nextAttemptAt } from './back-off.ts'
import { sendBatch } from './batch.ts'
import type { Templates } from './templates.ts'

export interface SenderDeps {
  readonly store: Pick<Store, 'outbox'>
  readonly tokens: Pick<Tokens, 'accessToken'>
  readonly log: Log
  /** Of the mailboxes set here, by the id of their row. */
  readonly mailboxes: ReadonlyMap<string, MailboxConfig>
  /** By the mailbox's name. */
  readonly templates: ReadonlyMap<string, Templates>
  readonly ticketTokens: TicketTokens
  /** An address that we receive mail at or send from. */
  readonly isOwn: (address: string) => boolean
  readonly now: () => Date
  readonly random: () => number
}

export interface Sender {
  /**
   * Resolves when nothing is due any more that could be sent now. Begins nothing new once `stopping` is aborted; `cut`
   * ends what is under way, too. Rejects only if the store is not well.
   */
  sendDue(stopping: AbortSignal, cut: AbortSignal): Promise<void>
}

/** What is learned of a mailbox's server while this process runs. */
export interface Standing {
  /** Rounds that ended with trouble since the last mail that went out. */
  failures: number
  notBefore: Date
  /** It does not take the empty envelope sender. */
  refusesEmptySender: boolean
}

/** After this an acknowledgement is of no use any more. */
const TOO_OLD_SECONDS = 24 * 60 * 60
const MAILBOXES_AT_ONCE = 8

export function createSender(deps: SenderDeps): Sender {
  const standings = new Map<string, Standing>()
  const standingOf = (mailboxId: string): Standing => {
    const known = standings.get(mailboxId)
    if (known !== undefined) return known
    const fresh = { failures: 0, notBefore: new Date(0), refusesEmptySender: false }
    standings.set(mailboxId, fresh)
    return fresh
  }
  return {
    sendDue: async (stopping, cut) => {
      const expired = await deps.store.outbox.expire(TOO_OLD_SECONDS)
      if (expired > 0) deps.log.event('mail.skipped', { reason: 'outbound/stale', mails: expired })
      const due = await deps.store.outbox.dueMailboxes()
      const settled = await Promise.allSettled(
        due.map((id) => limit(() => sendOf(deps, id, standingOf(id), stopping, cut))),
      )
      const failed = settled.find((each) => each.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}

const limit = pLimit(MAILBOXES_AT_ONCE)

/** A mailbox that is not set here is another sender's. */
async function sendOf(
  deps: SenderDeps,
  mailboxId: string,
  standing: Standing,
  stopping: AbortSignal,
  cut: AbortSignal,
): Promise<void> {
  const mailbox = deps.mailboxes.get(mailboxId)
  if (mailbox === undefined || standing.notBefore > deps.now() || stopping.aborted) return
  const { smtp, acknowledge } = mailbox
  if (smtp === null || acknowledge === null) {
    const mails = await deps.store.outbox.skipDue(mailboxId, 'outbound/switched-off')
    deps.log.event('mail.skipped', { mailbox: mailbox.name, reason: 'outbound/switched-off', mails })
    return
  }
  const end = await sendBatch(deps, { mailboxId, mailbox, smtp, acknowledge, standing }, stopping, cut)
  if (end === 'done') return
  standing.failures += 1
  standing.notBefore = nextAttemptAt(standing.failures, deps.now(), deps.random())
}
