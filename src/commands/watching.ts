/** Mailboxes whose server tells when mail arrives: a poll is asked for at once. Its schedule stays as it is. */
import { setTimeout as passed } from 'node:timers/promises'
import type { MailboxConfig } from '../config.ts'
import { asMailchuteError, type MailchuteError } from '../errors.ts'
import { nextPollAt } from '../intake/back-off.ts'
import type { Log } from '../log.ts'
import type { Watch } from '../source/source.ts'
import type { App } from './app.ts'

export interface Watching {
  stop(): Promise<void>
}

export interface Pauses {
  /** A burst of mail is one poll. */
  readonly calmMilliseconds: number
  /** After so many losses in a row. */
  againMilliseconds(losses: number, error: MailchuteError): number
  /** A watch that was lost sooner is one more loss in a row: some servers announce IDLE, and end what asks for it. */
  readonly steadyMilliseconds: number
  /** While the mailbox is not to be polled it is not watched either. */
  readonly lookMilliseconds: number
}

const PAUSES: Pauses = {
  calmMilliseconds: 1_000,
  // From the second one on it is the back-off of polls.
  againMilliseconds: (losses, error) =>
    losses === 1 ? 1_000 : nextPollAt(losses, new Date(0), Math.random(), error).getTime(),
  steadyMilliseconds: 60_000,
  lookMilliseconds: 30_000,
}

/**
 * Every instance watches for itself: the queue makes one poll of what they ask. `ask` never rejects. A lost connection
 * is opened again, with back-off; as mail may have come in between, a poll is asked for whenever a watch begins.
 */
export function watchMailboxes(
  app: Pick<App, 'watch' | 'log'>,
  mailboxes: readonly MailboxConfig[],
  mayPoll: (mailbox: MailboxConfig) => Promise<boolean>,
  ask: (mailbox: MailboxConfig) => Promise<void>,
  pauses: Pauses = PAUSES,
): Watching {
  const stopping = new AbortController()
  const { signal } = stopping
  const watches = mailboxes.map(async (mailbox) => {
    const watch = app.watch(mailbox)
    if (watch === null) return
    const calm = calmly(() => ask(mailbox), pauses.calmMilliseconds, signal)
    await watchOn({ log: app.log, mailbox, watch, signal, mayPoll, ask: calm, pauses })
  })
  return {
    stop: async () => {
      stopping.abort()
      await Promise.allSettled(watches)
    },
  }
}

interface Watched {
  readonly log: Log
  readonly mailbox: MailboxConfig
  readonly watch: Watch
  readonly signal: AbortSignal
  readonly mayPoll: (mailbox: MailboxConfig) => Promise<boolean>
  readonly ask: () => void
  readonly pauses: Pauses
}

async function watchOn({ log, mailbox, watch, signal, mayPoll, ask, pauses }: Watched): Promise<void> {
  const fields = { mailbox: mailbox.name }
  for (let losses = 0; !signal.aborted; ) {
    if (!(await mayPoll(mailbox))) {
      await sleep(pauses.lookMilliseconds, signal)
      continue
    }
    let readyAt = Number.POSITIVE_INFINITY
    const onReady = () => {
      readyAt = performance.now()
      log.event('watch.started', fields)
      ask()
    }
    try {
      await watch(signal, { onReady, onArrival: ask })
      log.event('watch.unsupported', fields)
      return
    } catch (thrown) {
      if (signal.aborted) return
      const error = asMailchuteError(thrown)
      const wasSteady = performance.now() - readyAt >= pauses.steadyMilliseconds
      losses = wasSteady ? 1 : losses + 1
      log.failure('watch.lost', error, fields)
      await sleep(pauses.againMilliseconds(losses, error), signal)
    }
  }
}

/** At once, and then not again until it is calm; what comes meanwhile is one more. */
function calmly(ask: () => Promise<void>, milliseconds: number, signal: AbortSignal): () => void {
  let isAsking = false
  let isDue = false
  const run = async () => {
    isAsking = true
    while (isDue && !signal.aborted) {
      isDue = false
      await ask()
      await sleep(milliseconds, signal)
    }
    isAsking = false
  }
  return () => {
    isDue = true
    if (!isAsking) void run()
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await passed(milliseconds, undefined, { signal }).catch(() => undefined)
}
