import type { Relative, ThreadView, TicketPlace } from '../store/tickets.ts'

/** `stranger`: it names a ticket that it is not let into, and its place is a new one, linked to that. */
export interface Placing extends TicketPlace {
  readonly isStranger: boolean
  /** Number of the ticket that it is linked to. */
  readonly linkedTicketNumber: number | null
}

/**
 * Where a message belongs. Threading is authorisation: a token, a msg-id and a number can be guessed, forwarded or
 * forged, so they lead to a ticket only if the sender is believed and already takes part in it. Otherwise the message
 * opens a ticket of its own, linked to the one it named.
 *
 * In this order: a token of ours, the newest reference, then In-Reply-To (`position` has them so), a number in the
 * subject, then a ticket that was waiting for this message (a reply that came first), then any other ticket of the
 * thread. The last two are others' word for it: they count only between people who write to each other.
 */
export function placeOf({ relatives }: ThreadView, isAuthentic: boolean): Placing {
  const named = relatives.filter(({ by }) => by !== null).toSorted(byNearness)
  const own = relatives.filter(
    ({ by, isMutual, senderTakesPart }) => isAuthentic && senderTakesPart && (by !== null || isMutual),
  )
  const [chosen] = own.filter(({ isPast }) => !isPast).toSorted(byNearness)
  if (chosen !== undefined) return on(chosen, own)
  const [past] = own.toSorted(byNearness)
  if (past !== undefined) return beside(past, 'thread/closed-too-long', false)
  const [nearest] = named
  if (nearest === undefined) return beside(null, 'thread/none', false)
  return beside(nearest, isAuthentic ? 'thread/sender-not-participant' : 'thread/sender-not-authentic', true)
}

const beside = (linked: Relative | null, reason: string, isStranger: boolean): Placing => ({
  ticketId: null,
  linkedTicketId: linked?.ticketId ?? null,
  linkedTicketNumber: linked?.ticketNumber ?? null,
  absorbs: [],
  reason,
  isStranger,
})

function on(chosen: Relative, own: readonly Relative[]): Placing {
  const [kept = chosen, ...absorbed] = oneTicket(chosen, own)
  return {
    ticketId: kept.ticketId,
    linkedTicketId: null,
    linkedTicketNumber: null,
    absorbs: absorbed.map(({ ticketId }) => ticketId),
    reason: reasonOf(chosen),
    isStranger: false,
  }
}

const byNearness = (one: Relative, other: Relative) =>
  distance(one) - distance(other) || one.ticketNumber - other.ticketNumber

const STEPS = ['token', 'reference', 'number', 'awaited', 'shared'] as const
type Step = (typeof STEPS)[number]
const STEP = 1e6

const stepOf = ({ by, awaits }: Relative): Step => by ?? (awaits ? 'awaited' : 'shared')

const distance = (relative: Relative): number => STEPS.indexOf(stepOf(relative)) * STEP + (relative.position ?? 0)

const reasonOf = (chosen: Relative): string => `thread/${stepOf(chosen)}`

/**
 * A reply that came before this message opened a ticket for lack of it. Now that both ends are known, they are one
 * ticket, the older number. Only a ticket that waited for this very message: two tickets that a customer merely
 * mentions in one mail stay two.
 */
function oneTicket(chosen: Relative, own: readonly Relative[]): Relative[] {
  const waiting = own.filter(
    ({ awaits, isMutual, isPast, ticketId }) => awaits && isMutual && !isPast && ticketId !== chosen.ticketId,
  )
  const byTicket = new Map([chosen, ...waiting].map((relative) => [relative.ticketId, relative]))
  return [...byTicket.values()].toSorted((one, other) => one.ticketNumber - other.ticketNumber)
}
