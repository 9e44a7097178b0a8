/** Once a day, and at the start: idle logins are renewed, and what ends soon is told. */
import { schedule } from 'node-cron'
import type { MailboxConfig } from '../config.ts'
import { asMailchuteError } from '../errors.ts'
import { watchExpiry } from '../upkeep/expiry.ts'
import { dailySchedule, renewIdleLogins } from '../upkeep/renew-logins.ts'
import type { App } from './app.ts'
import type { Duty } from './run.ts'

export function loginsDuty(app: App, mailboxes: readonly MailboxConfig[], signal: AbortSignal, random: number): Duty {
  let underWay: Promise<void> = Promise.resolve()
  const look = () => {
    underWay = tendLogins(app, mailboxes, new Date(), signal)
    return underWay
  }
  void look()
  const task = schedule(dailySchedule(random), look, { noOverlap: true })
  return {
    stop: async () => {
      await task.destroy()
      await underWay
    },
  }
}

async function tendLogins(
  { store, tokens, log }: App,
  mailboxes: readonly MailboxConfig[],
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const { mailbox, error } of await renewIdleLogins({ store, tokens }, mailboxes, now, signal)) {
      if (error === null) log.event('login.renewed', { mailbox })
      else log.failure('login.failed', error, { mailbox })
    }
    for (const { mailbox, what, daysLeft } of await watchExpiry(store, mailboxes, now)) {
      log.event('login.expires-soon', { mailbox, what, daysLeft })
    }
  } catch (thrown) {
    if (!signal.aborted) log.failure('login.failed', asMailchuteError(thrown))
  }
}
