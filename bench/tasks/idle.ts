import type { MailboxConfig } from '../../src/config.ts'
import { poll } from '../../src/intake/poll.ts'
import { openStore } from '../../src/store/store.ts'
import { mailboxRow, pollDeps } from './intake.ts'

export interface IdleInput {
  readonly databaseUrl: string
  readonly mailbox: MailboxConfig
  readonly polls: number
}

const WARM_UP_POLLS = 20

/** CPU of this process for one poll of an empty mailbox, and its time on the clock. */
export async function idle({ databaseUrl, mailbox, polls }: IdleInput): Promise<{ cpuMs: number; wallMs: number }> {
  const store = openStore(databaseUrl)
  const row = await mailboxRow(store, mailbox)
  const pollMany = async (count: number) => {
    for (let done = 0; done < count; done++) {
      const result = await poll(pollDeps(store), mailbox, row, AbortSignal.timeout(60_000))
      if (result.outcome === 'busy' || result.error !== null) throw new Error('the poll failed', { cause: result })
    }
  }
  await pollMany(WARM_UP_POLLS)
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  await pollMany(polls)
  const wallMs = (performance.now() - startedAt) / polls
  const { user, system } = process.cpuUsage(cpuBefore)
  await store.close()
  return { cpuMs: (user + system) / 1000 / polls, wallMs }
}
