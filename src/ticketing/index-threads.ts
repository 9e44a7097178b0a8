import { headerFields } from '../message/header/header-fields.ts'
import { identityOf } from '../message/header/identity.ts'
import { threadFieldsOf } from '../message/header/thread-fields.ts'
import type { Store } from '../store/store.ts'
import type { Threaded, Unthreaded } from '../store/threads.ts'
import { groupThreads } from './group.ts'

/**
 * Puts the waiting messages of a mailbox into threads before any of them becomes a ticket, so that a reply finds
 * its parent whichever of the two is downloaded, taken by a worker, or finished first. Callers at the same time
 * share one run.
 */
export type IndexThreads = (mailboxId: string) => Promise<void>

/** A run holds the mailbox's lock: long enough to be worth it, short enough that others get their turn. */
const MESSAGES_A_RUN = 500

export function createThreadIndex(store: Store): IndexThreads {
  const running = new Map<string, Promise<void>>()
  const waiting = new Map<string, Promise<void>>()
  const start = (mailboxId: string) => {
    const run = indexAll(store, mailboxId).finally(() => running.delete(mailboxId))
    running.set(mailboxId, run)
    return run
  }
  // A run that has begun may have read the list before the caller's message was in it: wait for the next one.
  return (mailboxId) => {
    const current = running.get(mailboxId)
    if (current === undefined) return start(mailboxId)
    const next =
      waiting.get(mailboxId) ??
      current
        .catch(() => undefined)
        .then(() => {
          waiting.delete(mailboxId)
          return start(mailboxId)
        })
    waiting.set(mailboxId, next)
    return next
  }
}

async function indexAll(store: Store, mailboxId: string): Promise<void> {
  let done = MESSAGES_A_RUN
  while (done === MESSAGES_A_RUN) done = await store.threads.assign(mailboxId, MESSAGES_A_RUN, readFields, groupThreads)
}

/** What a message's header says of others. */
export function readFields({ id, head }: Unthreaded): Threaded {
  const fields = headerFields(head)
  const { messageId, references, inReplyTo } = threadFieldsOf(fields)
  const refersTo = new Set([...references.toReversed(), ...inReplyTo])
  if (messageId !== null) refersTo.delete(messageId)
  return { id, messageId, refersTo: [...refersTo], identity: identityOf(fields) }
}
