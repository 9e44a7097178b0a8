/** A mail becomes (part of) a ticket, unless it names one that its sender is not let into and is held for that. */
import { MailchuteError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type ThreadView, UNTOUCHED_THREAD, type Viewpoint } from '../store/tickets.ts'
import { acknowledgementOf } from './acknowledge.ts'
import { asCopy } from './as-copy.ts'
import type { Known } from './effect.ts'
import { aboutOf, entryOf } from './entry.ts'
import type { Ruling } from './fate.ts'
import type { Judging } from './judging.ts'
import { namedTickets } from './named.ts'
import type { Outcome } from './outcome.ts'
import { type Placing, placeOf } from './place.ts'
import { senderOf } from './sender.ts'

/** Somebody else may add to the same thread meanwhile: then what was seen is stale, and is looked at again. */
export async function toTicket(
  store: Store,
  judging: Judging,
  known: Known,
  ruling: Ruling,
  similaritySha256: string | null,
): Promise<Outcome> {
  const { waiting, mail, authenticity } = known
  const entry = { ...entryOf(mail, authenticity, ruling, judging.acknowledging.isOwn), similaritySha256 }
  const { viewpoint, isAuthentic } = await standpointOf(judging, known)
  const { reopenDays } = viewpoint
  for (let view = atOnce(known, viewpoint); ; view = null) {
    view ??= await look(store, known, viewpoint)
    // Copies share a thread: one that comes onto a ticket between this look and the end makes the view stale (I3).
    const copy = await asCopy(store, waiting)
    if (copy !== null) return copy
    const place = placeOf(view, isAuthentic)
    if (await isHeldBack(store, judging, waiting, place)) return hold(store, known, place)
    const isNew = place.ticketId === null
    const acknowledgement = acknowledgementOf(judging.acknowledging, waiting.mailboxId, mail, authenticity.trust, isNew)
    const finished = await store.tickets.finish(waiting.id, view, { place, entry, reopenDays, acknowledgement })
    if (finished.outcome === 'gone') return { state: 'nothing-to-do' }
    if (finished.outcome === 'done') {
      return { state: 'ticketed', ticket: finished.ticketNumber, isNew: finished.isNew, reason: place.reason }
    }
  }
}

/** From where the message looks for its ticket, and whether its sender is believed. */
export async function standpointOf(
  judging: Judging,
  { waiting, mail, authenticity }: Known,
): Promise<{ readonly viewpoint: Viewpoint; readonly isAuthentic: boolean }> {
  const { addresses, isAuthentic } = senderOf(mail, authenticity.trust, judging.acknowledging.isOwn)
  const viewpoint = {
    senders: addresses,
    people: [mail.from, mail.to, mail.cc].flat().map(({ address }) => address),
    named: await namedTickets(judging.ticketTokens, mail),
    reopenDays: judging.policyOf(waiting.mailboxId).reopenDays,
  }
  return { viewpoint, isAuthentic }
}

/** It names a ticket that its sender is not let into, and nobody has let it through yet. */
export async function isHeldBack(
  store: Store,
  judging: Judging,
  { id, mailboxId }: Known['waiting'],
  { isStranger, reason }: Placing,
): Promise<boolean> {
  if (!isStranger || judging.policyOf(mailboxId).strangers !== 'hold') return false
  return !(await store.messages.wasReleased(id, reason))
}

/** Most mail starts a thread and names no ticket, and then there is nothing to see. */
function atOnce({ waiting, mail }: Known, { named }: Viewpoint): ThreadView | null {
  const startsThread = mail.references.length + mail.inReplyTo.length + named.length === 0
  return startsThread && !waiting.sourceHasChanged ? UNTOUCHED_THREAD : null
}

async function look(store: Store, { waiting: { id } }: Known, viewpoint: Viewpoint): Promise<ThreadView> {
  const view = await store.tickets.viewThread(id, viewpoint)
  if (view === null) throw new MailchuteError('internal/bug', 'a message has no thread', { context: { id } })
  return view
}

async function hold(store: Store, { waiting, mail }: Known, place: Placing): Promise<Outcome> {
  const { reason, linkedTicketNumber: ticket } = place
  const held = await store.messages.quarantine(waiting.id, reason, { kind: mail.kind, ticket }, aboutOf(mail))
  return held ? { state: 'quarantined', reason } : { state: 'nothing-to-do' }
}
