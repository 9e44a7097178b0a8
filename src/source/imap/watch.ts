/**
 * IDLE (RFC 2177) as a wake-up call: tells that something has arrived, and touches nothing. What has arrived is for the
 * next poll to find out, whose schedule stays: whatever is missed here is only found later.
 */
import type { Account } from '../../config.ts'
import { asMailchuteError } from '../../errors.ts'
import { failuresOf } from '../failure.ts'
import { IMAP_LIMITS, type ImapLimits } from './limits.ts'
import { openClient } from './open.ts'

export interface Watched {
  /** The folder is being watched from now on. */
  onReady(): void
  onArrival(): void
}

export interface WatchLimits extends ImapLimits {
  /** IDLE is begun anew after so long: a server may end it after half an hour (RFC 2177 section 3). */
  readonly renewMs: number
  /** A line that is silent for so long is tried out with a NOOP; one that does not answer that either is lost. */
  readonly silenceMs: number
}

const WATCH_LIMITS: WatchLimits = { ...IMAP_LIMITS, renewMs: 28 * 60_000, silenceMs: 5 * 60_000 }

/**
 * One connection. Resolves with false where the server has no IDLE; else rejects when the connection is lost, at last
 * when the signal aborts.
 */
export async function watchImap(
  mailbox: Account,
  signal: AbortSignal,
  watched: Watched,
  limits: Partial<WatchLimits> = {},
): Promise<false> {
  const failures = failuresOf(mailbox)
  const { renewMs, silenceMs, ...own } = { ...WATCH_LIMITS, ...limits }
  const reason = () => failures.failure('source/connection-lost', 'the watch was called off', { cause: signal.reason })
  const setting = { mailbox, limits: own, failures, lifetime: { signal, reason, release: () => undefined } }
  const client = await openClient(setting, { maxIdleTime: renewMs, socketTimeout: silenceMs })
  try {
    const { flow } = client
    if (!flow.capabilities.has('IDLE')) return false
    await client.command(SELECT, () => flow.mailboxOpen(mailbox.folder, { readOnly: true }))
    flow.on('exists', ({ count, prevCount }) => {
      if (count > prevCount) watched.onArrival()
    })
    watched.onReady()
    for (;;) await client.idle()
  } catch (thrown) {
    throw asMailchuteError(thrown)
  } finally {
    client.fail(reason())
  }
}

const SELECT = { verb: 'SELECT', otherwise: 'source/mailbox-unavailable' } as const
