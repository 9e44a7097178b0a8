/**
 * Tells of what began and what is over: at least once, and by one process. What cannot be told is tried again with
 * back-off for as long as it lasts; a process that dies with an alert in its hands leaves it to others ten minutes later.
 */
import { asMailchuteError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Telling } from '../../store/alerts.ts'
import type { Store } from '../../store/store.ts'
import { nextAttemptAt } from '../back-off.ts'

export interface TellDeps {
  readonly store: Pick<Store, 'alerts'>
  readonly log: Log
  /** Resolves once somebody took it. Where nobody is to be told the log is all there is. */
  readonly send: (telling: Telling, signal: AbortSignal) => Promise<void>
  readonly now: () => Date
  readonly random: () => number
}

/** Longer than an attempt takes (see SMTP_LIMITS, of which it has four steps). */
const LEASE_SECONDS = 10 * 60
/** What is back within this time was not over. */
const OVER_AFTER_SECONDS = 90

export async function tellAlerts(deps: TellDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const now = deps.now()
    const telling = await deps.store.alerts.claim(now, later(now, LEASE_SECONDS), later(now, -OVER_AFTER_SECONDS))
    if (telling === null) return
    if (!(await tell(deps, telling, signal))) return
  }
}

const later = (instant: Date, seconds: number): Date => new Date(instant.getTime() + seconds * 1000)

/** Returns whether it was taken. Where it was not the others would not be either, and each of them takes its time. */
async function tell(deps: TellDeps, telling: Telling, signal: AbortSignal): Promise<boolean> {
  const { store, log, send, now, random } = deps
  const { code, subject, what, attempts, detail } = telling
  const fields = { alert: code, subject }
  try {
    await send(telling, signal)
  } catch (thrown) {
    log.failure('alert.failed', asMailchuteError(thrown), { ...fields, what, attempts })
    await store.alerts.retryAt(telling, nextAttemptAt(attempts, now(), random()))
    return false
  }
  await store.alerts.told(telling, now())
  log.event(what === 'began' ? 'alert.began' : 'alert.over', { ...detail, ...fields })
  return true
}
