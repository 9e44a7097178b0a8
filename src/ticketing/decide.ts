/**
 * What would become of a message, without doing it: by the same rules, looks and judgements as the worker's (effect.ts).
 * Not asked: whether too many similar ones came lately (loops.ts), for that is a matter of the moment.
 */
import { COPY_REASONS } from '../store/copies.ts'
import type { Store } from '../store/store.ts'
import { NO_MARKS, type TicketMarks, type TicketPlace, UNTOUCHED_THREAD } from '../store/tickets.ts'
import type { Known } from './effect.ts'
import { entryOf } from './entry.ts'
import type { Judging } from './judging.ts'
import { placeOf } from './place.ts'
import { COPY, DOUBTFUL, recognise } from './recognise.ts'
import { fateUnlessReleased } from './released.ts'
import { bookingOf } from './settle.ts'
import { isHeldBack, standpointOf } from './to-ticket.ts'

/** What a message would add to a ticket. */
export interface Effect extends Pick<TicketPlace, 'ticketId' | 'absorbs'> {
  readonly from: string
  readonly participants: readonly string[]
}

export interface Decision {
  readonly state: 'ticketed' | 'suppressed' | 'quarantined'
  readonly reason: string
  /** Number; null: a new one, or none. */
  readonly ticket: number | null
  /** What a new ticket would have. */
  readonly marks: TicketMarks
  /** What it would add to a ticket; null: nothing. */
  readonly effect: Effect | null
}

export async function decide(store: Store, judging: Judging, known: Known): Promise<Decision> {
  const { waiting, mail } = known
  let recognised = await recognise(store, waiting)
  if (recognised.kind === 'wait') {
    await known.first(recognised.of)
    recognised = await recognise(store, waiting)
  }
  if (recognised.kind === 'copy') return without('suppressed', COPY)
  if (recognised.kind === 'doubtful') return without('quarantined', DOUBTFUL)
  const ruling = await judging.rules(known)
  const { fate, reason } = await fateUnlessReleased(store, waiting.id, mail, ruling)
  if (fate === 'hold') return without('quarantined', reason)
  if (fate === 'suppress') {
    const booking = await bookingOf(store, judging.ticketTokens, { ...known, isLastAttempt: true })
    return { ...without('suppressed', reason), ticket: booking?.ticketNumber ?? null }
  }
  const { viewpoint, isAuthentic } = await standpointOf(judging, known)
  const view = (await store.tickets.viewThread(waiting.id, viewpoint)) ?? UNTOUCHED_THREAD
  const place = placeOf(view, isAuthentic)
  if (await isHeldBack(store, judging, waiting, place)) return without('quarantined', place.reason)
  const onto = view.relatives.find(({ ticketId }) => ticketId === place.ticketId)
  const { from, participants } = entryOf(mail, known.authenticity, ruling, judging.acknowledging.isOwn)
  return {
    ...{ state: 'ticketed', reason: place.reason, ticket: onto?.ticketNumber ?? null, marks: ruling.marks },
    effect: { ticketId: place.ticketId, absorbs: place.absorbs, from: from.address, participants },
  }
}

const without = (state: Decision['state'], reason: string): Decision => ({
  ...{ state, reason, ticket: null, marks: NO_MARKS, effect: null },
})

/** The store as it will be once an operator has had the message worked again: let through what it is kept for. */
export function asReprocessed(store: Store, reason: string | null): Store {
  const { wasReleased } = store.messages
  return {
    ...store,
    messages: {
      ...store.messages,
      wasReleased: async (id, asked) => asked === reason || (await wasReleased(id, asked)),
    },
    copies: reason?.startsWith(COPY_REASONS) ? { find: async () => [] } : store.copies,
  }
}
