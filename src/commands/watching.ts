/** Mailboxes whose server tells when mail arrives: a poll is asked for at once. Its schedule stays as it is. */
import { setTimeout as passed } from 'node:timers/promises'
import type { MailboxConfig } from '../config.ts'
import { asMailchuteError } from '../errors.ts'
import { nextPollAt } from '../intake/back-off.ts'
import type { Watch } from '../source/source.ts'
import type { App } from './app.ts'

export interface Watching {
  stop(): Promise<void>
}

/** A burst of mail is one poll; also the least time between two tries to connect. */
const CALM_MILLISECONDS = 1_000
/** While the mailbox is not to be polled it is not watched either. */
const LOOK_AGAIN_MILLISECONDS = 30_000

/**
 * Every instance watches for itself: the queue makes one poll of what they ask. `ask` never rejects. A lost connection
 * is opened again, with back-off; as mail may have come in between, a poll is asked for whenever a watch begins.
 */
export function watchMailboxes(
  app: App,
  mailboxes: readonly MailboxConfig[],
  mayPoll: (mailbox: MailboxConfig) => Promise<boolean>,
  ask: (mailbox: MailboxConfig) => Promise<void>,
): Watching {
  const stopping = new AbortController()
  const { signal } = stopping
  const watches = mailboxes.map(async (mailbox) => {
    const watch = app.watch(mailbox)
    if (watch !== null) await watchOn({ app, mailbox, watch, signal, mayPoll, ask: calmly(() => ask(mailbox), signal) })
  })
  return {
    stop: async () => {
      stopping.abort()
      await Promise.allSettled(watches)
    },
  }
}

interface Watched {
  readonly app: App
  readonly mailbox: MailboxConfig
  readonly watch: Watch
  readonly signal: AbortSignal
  readonly mayPoll: (mailbox: MailboxConfig) => Promise<boolean>
  readonly ask: () => void
}

async function watchOn({ app, mailbox, watch, signal, mayPoll, ask }: Watched): Promise<void> {
  const fields = { mailbox: mailbox.name }
  for (let failures = 0; !signal.aborted; ) {
    if (!(await mayPoll(mailbox))) {
      await sleep(LOOK_AGAIN_MILLISECONDS, signal)
      continue
    }
    const onReady = () => {
      failures = 0
      app.log.event('watch.started', fields)
      ask()
    }
    try {
      await watch(signal, { onReady, onArrival: ask })
      app.log.event('watch.unsupported', fields)
      return
    } catch (thrown) {
      if (signal.aborted) return
      const error = asMailchuteError(thrown)
      failures += 1
      app.log.failure('watch.lost', error, fields)
      const now = new Date()
      const pause = nextPollAt(failures, now, Math.random(), error).getTime() - now.getTime()
      await sleep(failures === 1 ? CALM_MILLISECONDS : pause, signal)
    }
  }
}

/** At once, and then not again until it is calm; what comes meanwhile is one more. */
function calmly(ask: () => Promise<void>, signal: AbortSignal): () => void {
  let isAsking = false
  let isDue = false
  const run = async () => {
    isAsking = true
    while (isDue && !signal.aborted) {
      isDue = false
      await ask()
      await sleep(CALM_MILLISECONDS, signal)
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
