/**
 * What a mail does once it is understood: it leaves `received` for a ticket, for none, or for a person. One statement
 * writes it (I3).
 */

import { MailchuteError } from '../errors.ts'
import type { Authenticity } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Waiting } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import { UNTOUCHED_THREAD } from '../store/tickets.ts'
import { acknowledgementOf } from './acknowledge.ts'
import { asCopy } from './as-copy.ts'
import { entryOf } from './entry.ts'
import { type Ruling, toldOf } from './fate.ts'
import type { Judging } from './judging.ts'
import type { Outcome } from './outcome.ts'
import { placeOf } from './place.ts'
import { fateUnlessReleased } from './released.ts'

/** A message that waits, and all that is known of it. */
export interface Known {
  readonly waiting: Waiting
  readonly mail: ParsedMessage
  readonly authenticity: Authenticity
}

export async function effect(store: Store, judging: Judging, known: Known): Promise<Outcome> {
  const { waiting, mail } = known
  const ruling = judging.rules(known)
  const { fate, reason } = await fateUnlessReleased(store, waiting.id, mail, ruling)
  if (fate === 'ticket') return judging.unlessLoop(known, (alike) => ticket(store, judging, known, ruling, alike))
  const detail = { kind: mail.kind, ...toldOf(ruling) }
  const leave = fate === 'suppress' ? store.messages.suppress : store.messages.quarantine
  const done = await leave(waiting.id, reason, detail, { kind: mail.kind })
  if (!done) return { state: 'nothing-to-do' }
  return { state: fate === 'suppress' ? 'suppressed' : 'quarantined', reason }
}

/** Somebody else may add to the same thread meanwhile: then what was seen is stale, and is looked at again. */
async function ticket(
  store: Store,
  { acknowledging }: Judging,
  { waiting, mail, authenticity }: Known,
  ruling: Ruling,
  similaritySha256: string | null,
): Promise<Outcome> {
  const { id, mailboxId, sourceHasChanged } = waiting
  const entry = { ...entryOf(mail, authenticity, ruling, acknowledging.isOwn), similaritySha256 }
  // Most mail starts a thread, and then there is nothing to see.
  const startsThread = mail.references.length + mail.inReplyTo.length === 0
  for (let view = startsThread && !sourceHasChanged ? UNTOUCHED_THREAD : null; ; view = null) {
    view ??= await store.tickets.viewThread(id, entry.from.address)
    if (view === null) throw new MailchuteError('internal/bug', 'a message has no thread', { context: { id } })
    // Copies share a thread: one that comes onto a ticket between this look and the end makes the view stale (I3).
    const copy = await asCopy(store, waiting)
    if (copy !== null) return copy
    const place = placeOf(view)
    const acknowledgement = acknowledgementOf(acknowledging, mailboxId, mail, place.ticketId === null)
    const finished = await store.tickets.finish(id, view, place, entry, acknowledgement)
    if (finished.outcome === 'gone') return { state: 'nothing-to-do' }
    if (finished.outcome === 'done') {
      return { state: 'ticketed', ticket: finished.ticketNumber, isNew: finished.isNew, reason: place.reason }
    }
  }
}
