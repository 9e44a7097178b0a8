import { createConnect } from '../../src/access/connect.ts'
import type { MailboxConfig } from '../../src/config.ts'
import { type PollDeps, poll } from '../../src/intake/poll.ts'
import { openStore, type Store } from '../../src/store/store.ts'

export interface IntakeInput {
  readonly databaseUrl: string
  readonly mailbox: MailboxConfig
  /** What lies in the mailbox. */
  readonly mails: number
}

export interface IntakeResult {
  readonly seconds: number
  readonly cpuMs: number
  readonly peakMib: number
}

/** One poll that empties the mailbox into the database; nobody is woken. */
export async function intake({ databaseUrl, mailbox, mails }: IntakeInput): Promise<IntakeResult> {
  const store = openStore(databaseUrl)
  const row = await mailboxRow(store, mailbox)
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const result = await poll(pollDeps(store), mailbox, row, AbortSignal.timeout(600_000))
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  await store.close()
  if (result.outcome === 'busy' || result.error !== null) throw new Error('the poll failed', { cause: result })
  if (result.sheet.stored !== mails || result.sheet.deleted !== mails) {
    throw new Error(`not all of ${mails} mails: ${JSON.stringify(result.sheet)}`)
  }
  return { seconds, cpuMs: (user + system) / 1000, peakMib: Math.round(process.resourceUsage().maxRSS / 1024) }
}

export async function mailboxRow(store: Store, mailbox: MailboxConfig) {
  const row = (await store.mailboxes.ensure([mailbox])).get(mailbox.name)
  if (row === undefined) throw new Error('no row of the mailbox')
  return row
}

export function pollDeps(store: Store): PollDeps {
  return {
    store,
    connect: createConnect({ accessToken: () => Promise.reject(new Error('no OAuth here')) }),
    wake: async () => undefined,
    assertRoom: async () => undefined,
    now: () => new Date(),
    random: Math.random,
  }
}
