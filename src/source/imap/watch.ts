/**
 * IDLE (RFC 2177) as a wake-up call: tells that something has arrived, and touches nothing. What has arrived is for the
 * next poll to find out, whose schedule stays: whatever is missed here is only found later.
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { Account } from '../../config.ts'
import { asMailchuteError } from '../../errors.ts'
import { failuresOf } from '../failure.ts'
import type { Watch, Watched } from '../source.ts'
import type { ImapClient } from './client.ts'
import { IMAP_LIMITS, type ImapLimits } from './limits.ts'
import { openClient } from './open.ts'

export interface WatchLimits extends ImapLimits {
  /** IDLE is begun anew after so long: a server may end it after half an hour (RFC 2177 section 3). */
  readonly renewMs: number
  /** A line that is silent for so long is tried out with a NOOP; one that does not answer that either is lost. */
  readonly silenceMs: number
  /** Where a server ends IDLE by itself, the next one waits so long. */
  readonly pauseMs: number
}

const WATCH_LIMITS: WatchLimits = { ...IMAP_LIMITS, renewMs: 28 * 60_000, silenceMs: 5 * 60_000, pauseMs: 1_000 }

export function watchImap(mailbox: Account, limits: Partial<WatchLimits> = {}): Watch {
  return async (signal, watched) => {
    const failures = failuresOf(mailbox)
    const own = { ...WATCH_LIMITS, ...limits }
    const reason = () =>
      failures.failure('source/connection-lost', 'the watch was called off', { cause: signal.reason })
    const setting = { mailbox, limits: own, failures, lifetime: { signal, reason, release: () => undefined } }
    const client = await openClient(setting, { maxIdleTime: own.renewMs, socketTimeout: own.silenceMs })
    try {
      if (client.flow.capabilities.has('IDLE')) await idle(client, mailbox.folder, own, signal, watched)
    } catch (thrown) {
      throw client.failure ?? asMailchuteError(thrown)
    } finally {
      client.fail(reason())
    }
  }
}

const SELECT = { verb: 'SELECT', otherwise: 'source/mailbox-unavailable' } as const

async function idle(
  client: ImapClient,
  folder: string,
  { pauseMs }: WatchLimits,
  signal: AbortSignal,
  watched: Watched,
): Promise<never> {
  await client.command(SELECT, () => client.flow.mailboxOpen(folder, { readOnly: true }))
  client.flow.on('exists', ({ count, prevCount }) => {
    if (count > prevCount) watched.onArrival()
  })
  watched.onReady()
  for (;;) {
    const startedAt = performance.now()
    await client.idle()
    if (performance.now() - startedAt < pauseMs) await passed(pauseMs, undefined, { signal })
  }
}
