import type { Account } from '../config.ts'
import type { ConnectionLimits, Setting } from './connection.ts'
import { failuresOf } from './failure.ts'
import { lifetimeOf } from './lifetime.ts'
import type { Connect, MailSession } from './source.ts'

/** Each session with a lifetime of its own, which one that does not open lets go of. */
export function sessionsOf<Limits extends ConnectionLimits & { readonly sessionMs: number }>(
  mailbox: Account,
  limits: Limits,
  open: (setting: Setting<Limits>) => Promise<MailSession>,
): Connect {
  return async (signal) => {
    const failures = failuresOf(mailbox)
    const lifetime = lifetimeOf(signal, limits.sessionMs, failures)
    try {
      return await open({ mailbox, limits, failures, lifetime })
    } catch (error) {
      lifetime.release()
      throw error
    }
  }
}
