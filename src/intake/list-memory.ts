import type { MailSession, Remembered } from '../source/source.ts'
import type { Polling } from '../store/intake.ts'
import type { RemoteEntry } from '../store/ledger.ts'
import type { Store } from '../store/store.ts'

/** What a source that is told changes only is reminded of, and where its list ended. Others never ask. */
export interface ListMemory {
  recall(): Promise<Remembered>
  /** Once its list is booked, never before: what the cursor stands for is then part of what will be recalled. */
  keep(session: MailSession, booked: ReadonlyMap<string, RemoteEntry>): Promise<void>
  /** After the work: the session may have found out that its list was wrong. */
  review(session: MailSession): Promise<void>
}

export function createListMemory({ ledger }: Store, { mailboxId, source }: Polling): ListMemory {
  let cursor: string | null = null
  const remember = async (next: string | null) => {
    await ledger.remember(mailboxId, { from: cursor, to: next })
    cursor = next
  }
  return {
    recall: async () => {
      const remembered = await ledger.remembered(mailboxId, source)
      cursor = remembered.cursor
      return remembered
    },
    keep: async (session, booked) => {
      if (session.cursor === undefined) return
      // One that was gone and has not been identified yet would not be recalled: the next list must be a full one.
      const isWhole = !booked.values().some(({ isSuspect }) => isSuspect)
      await remember(isWhole ? session.cursor : null)
    },
    review: async (session) => {
      if (session.cursor === null && cursor !== null) await remember(null)
    },
  }
}
