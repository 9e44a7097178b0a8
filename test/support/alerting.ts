/** Alerts over a real database, by a clock that a test sets, told to a list. */
import { Client } from 'pg'
import { type MailboxConfig, readConfig } from '../../src/config.ts'
import { MailchuteError } from '../../src/errors.ts'
import { openLog } from '../../src/log.ts'
import { type TellDeps, tellAlerts } from '../../src/outbound/alerts/tell.ts'
import type { Telling } from '../../src/store/alerts.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { lookForAlerts } from '../../src/upkeep/alerts.ts'
import { createDatabase } from './postgres.ts'

export interface Alerting extends AsyncDisposable {
  readonly url: string
  readonly store: Store
  readonly mailboxes: readonly MailboxConfig[]
  readonly clock: { now: Date }
  /** What was told, like `began messages/waiting`; with the mailbox where it is of one. */
  readonly told: string[]
  /** Refuses to be told while it is set. */
  isDeaf: boolean
  readonly deps: TellDeps
  query(text: string, values?: unknown[]): Promise<void>
  /** So much later: looks, and tells what is due. */
  after(minutes: number): Promise<void>
}

export const never = new AbortController().signal
export const STAND_STILL_MINUTES = 30

export async function openAlerting(env: NodeJS.ProcessEnv = {}): Promise<Alerting> {
  const url = await createDatabase()
  const store = openStore(url)
  const { mailboxes } = readConfig(
    { MAILBOX_HELP_URL: 'pop3://help@127.0.0.1', MAILBOX_HELP_PASSWORD: 'p', ...env },
    '/nonexistent',
  )
  await store.mailboxes.ensure(mailboxes)
  const client = new Client({ connectionString: url })
  await client.connect()
  const clock = { now: new Date() }
  const told: string[] = []
  const send = async ({ what, code, subject }: Telling) => {
    if (alerting.isDeaf) throw new MailchuteError('outbound/alert-refused', 'deaf')
    told.push([what, code, subject].filter(Boolean).join(' '))
  }
  const deps: TellDeps = { store, log: openLog('silent'), send, now: () => clock.now, random: () => 1 }
  const alerting: Alerting = {
    ...{ url, store, mailboxes, clock, told, deps, isDeaf: false },
    query: async (text, values = []) => void (await client.query(text, values)),
    after: async (minutes) => {
      clock.now = new Date(clock.now.getTime() + minutes * 60_000)
      await lookForAlerts(store, mailboxes, STAND_STILL_MINUTES, clock.now)
      await tellAlerts(deps, never)
    },
    [Symbol.asyncDispose]: async () => {
      await client.end()
      await store.close()
    },
  }
  return alerting
}
