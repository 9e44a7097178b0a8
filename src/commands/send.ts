/** Acknowledgements: what a worker needs to decide on them, and the third thing that a worker does, sending them. */
import { schedule } from 'node-cron'
import { secretKeysOf } from '../access/secret-keys.ts'
import type { Config, MailboxConfig } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { createTicketTokens } from '../message/ticket-token.ts'
import { personOf } from '../message/wire-address.ts'
import { createSender, type Sender } from '../outbound/sender.ts'
import { loadTemplates } from '../outbound/templates.ts'
import type { Acknowledging } from '../ticketing/acknowledge.ts'
import type { App } from './app.ts'

/** The mailboxes that are set here decide; of others nothing is known. */
export function acknowledgingOf({ config, rows }: Pick<App, 'config' | 'rows'>): Acknowledging {
  const switchedOn = new Map(
    config.mailboxes.map(({ name, acknowledge }) => [rows.get(name)?.id, acknowledge !== null]),
  )
  return { isSwitchedOn: (mailboxId) => switchedOn.get(mailboxId) ?? 'unknown', isOwn: ownAddresses(config) }
}

/**
 * For these of the mailboxes that are set. Rejects with what is wrong with their templates, or `config/secret-key-missing`,
 * before anything is sent.
 */
export async function openSender(app: App, mailboxes: readonly MailboxConfig[]): Promise<Sender> {
  const needsKey = mailboxes.some(acknowledges)
  return createSender({
    store: app.store,
    tokens: app.tokens,
    log: app.log,
    mailboxes: new Map(mailboxes.flatMap((mailbox) => [[app.rows.get(mailbox.name)?.id ?? '', mailbox]] as const)),
    templates: loadTemplates(mailboxes),
    ticketTokens: createTicketTokens(needsKey ? await secretKeysOf(app.config) : []),
    isOwn: ownAddresses(app.config),
    now: () => new Date(),
    random: Math.random,
  })
}

export const acknowledges = ({ acknowledge }: MailboxConfig): boolean => acknowledge !== null

/** Whatever we receive mail at or send from, subaddresses too: an answer to one of these would come back to us. */
export function ownAddresses({ mailboxes }: Config): (address: string) => boolean {
  const all = mailboxes.flatMap(({ user, smtp, acknowledge }) => [user, smtp?.user, acknowledge?.from.address])
  const own = new Set(all.flatMap((address) => (address?.includes('@') ? [personOf(address)] : [])))
  return (address) => own.has(personOf(address))
}

export interface SendDuty {
  /** Something may be due. */
  nudge(): void
  stop(graceMilliseconds: number): Promise<void>
}

/** A process that only works nudges nobody: within so long it is found. */
const LOOK_SECONDS = 5

export function startSending(app: App, sender: Sender): SendDuty {
  const [stopping, cut] = [new AbortController(), new AbortController()]
  let running: Promise<void> | null = null
  let isAskedAgain = false
  const untilQuiet = async () => {
    do {
      isAskedAgain = false
      await sendDue(app, sender, stopping.signal, cut.signal)
    } while (isAskedAgain && !stopping.signal.aborted)
    running = null
  }
  const nudge = () => {
    isAskedAgain = true
    if (!stopping.signal.aborted) running ??= untilQuiet()
  }
  const task = schedule(`*/${LOOK_SECONDS} * * * * *`, nudge)
  nudge()
  return {
    nudge,
    stop: async (graceMilliseconds) => {
      await task.destroy()
      stopping.abort()
      const over = setTimeout(
        () => cut.abort(new MailchuteError('runtime/shutting-down', 'the grace is over')),
        graceMilliseconds,
      )
      await running
      clearTimeout(over)
    },
  }
}

/** Trouble with the store is logged; all other trouble is one mail's or one mailbox's, and they have told it. */
export async function sendDue(app: App, sender: Sender, stopping: AbortSignal, cut: AbortSignal): Promise<void> {
  await sender.sendDue(stopping, cut).catch((error: unknown) => app.log.failure('send.failed', asMailchuteError(error)))
}
