import { type Maildrop, type SandboxMessage, sizeOf } from './mailbox.ts'
import { decide, type Manner } from './manners.ts'

export interface ListedMessage {
  readonly number: number
  readonly uniqueId: string
  /** As STAT and LIST tell it. */
  readonly sizeBytes: number
  readonly message: SandboxMessage
}

/** What a session sees of its mailbox: frozen at login, numbered from 1, with its deletion marks (RFC 1939 section 5). */
export interface Listing {
  /** Those not marked. */
  present(): readonly ListedMessage[]
  /** undefined: no such message, or marked. */
  find(number: string): ListedMessage | undefined
  mark(listed: ListedMessage): void
  unmarkAll(): void
  /** Removes what is marked; false if a manner left some of it. */
  commit(): boolean
  release(): void
}

export function openListing(maildrop: Maildrop, session: number, manners: readonly Manner[]): Listing {
  const entries = maildrop.messages().map((message, index) => listed(message, index + 1, session, manners))
  const marked = new Set<SandboxMessage>()
  return {
    present: () => (marked.size === 0 ? entries : entries.filter(({ message }) => !marked.has(message))),
    find(number) {
      const entry = /^\d{1,9}$/.test(number) ? entries[Number(number) - 1] : undefined
      return entry && !marked.has(entry.message) ? entry : undefined
    },
    mark: ({ message }) => marked.add(message),
    unmarkAll: () => marked.clear(),
    commit() {
      const limit = decide(manners, (manner) => manner.removalLimit) ?? marked.size
      maildrop.remove(new Set([...marked].slice(0, limit)))
      return limit >= marked.size
    },
    release: () => maildrop.unlock(session),
  }
}

function listed(message: SandboxMessage, number: number, session: number, manners: readonly Manner[]): ListedMessage {
  const sizeBytes = decide(manners, (manner) => manner.listedSize?.(sizeOf(message))) ?? sizeOf(message)
  const uniqueId = decide(manners, (manner) => manner.uniqueId?.(message, number, session)) ?? message.uniqueId
  return { number, uniqueId, sizeBytes, message }
}
