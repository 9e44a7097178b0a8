/** A mail becomes no ticket: it waits for a person, or rightly nobody waits for it. */
import { MailchuteError } from '../errors.ts'
import type { About } from '../store/reports.ts'
import type { Store } from '../store/store.ts'
import type { Known } from './effect.ts'
import { aboutOf } from './entry.ts'
import { answersAnother, type Ruling, toldOf } from './fate.ts'
import type { Judging } from './judging.ts'
import type { OpenTicketTokens } from './named.ts'
import type { Outcome } from './outcome.ts'
import { reportedOn, returnOf } from './reported.ts'

export interface Settled {
  readonly fate: 'suppress' | 'hold'
  readonly reason: string
  readonly ruling: Ruling
}

export async function settleWithoutTicket(
  store: Store,
  { ticketTokens }: Judging,
  known: Known,
  { fate, reason, ruling }: Settled,
): Promise<Outcome> {
  const { mail, waiting } = known
  const { id } = waiting
  const detail = { kind: mail.kind, ...toldOf(ruling) }
  if (fate === 'hold') {
    const held = await store.messages.quarantine(id, reason, detail, aboutOf(mail))
    return held ? { state: 'quarantined', reason } : { state: 'nothing-to-do' }
  }
  const booking = await bookingOf(store, ticketTokens, known)
  const about = { ...aboutOf(mail), ticketId: booking?.ticketId ?? null }
  const told = booking === null ? detail : { ...detail, ticket: booking.ticketNumber }
  const done = await store.reports.book(id, reason, told, about, booking?.returned ?? null)
  if (!done) return { state: 'nothing-to-do' }
  return { state: 'suppressed', reason, ...(booking === null ? {} : { ticket: booking.ticketNumber }) }
}

/**
 * Who sent a report is no participant and is not asked for: it adds nothing to the ticket that anybody reads. null: it
 * reports on none.
 */
export async function bookingOf(store: Store, openTokens: OpenTicketTokens, known: Known) {
  if (!answersAnother(known.mail.kind)) return null
  const about = await reportedOn(openTokens, known.mail)
  if (about.signed.length + about.msgIds.length === 0) return null
  const found = (await store.reports.find(known.waiting.id, about)) ?? (await afterItsOriginal(store, known, about))
  if (found === null) return null
  return { ...found, returned: found.outbox === null ? null : returnOf(known.mail, found.outbox) }
}

/** What a bounce gives back is no reference of its own, so nobody has let that go first yet. */
async function afterItsOriginal(store: Store, { waiting: { id }, isLastAttempt, first }: Known, about: About) {
  const originals = await store.reports.waitingOriginals(id, about.msgIds)
  if (originals.length === 0) return null
  for (const original of originals) await first(original)
  const found = await store.reports.find(id, about)
  if (found !== null || isLastAttempt) return found
  // Its work failed for now, or it waits for this one: reports that name each other must not wait for ever.
  if ((await store.reports.waitingOriginals(id, about.msgIds)).length === 0) return null
  throw new MailchuteError('job/original-waits', 'the mail that it is about waits itself', { context: { id } })
}
