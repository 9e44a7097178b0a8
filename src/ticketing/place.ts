import type { Relative, ThreadView, TicketPlace } from '../store/tickets.ts'

/**
 * Where a message belongs. Threading is authorisation: a msg-id can be guessed, forwarded or forged, so it leads
 * to a ticket only if the sender already takes part in that ticket. Otherwise the message opens a ticket of its
 * own, linked to the one it named.
 *
 * In this order: the newest reference, then In-Reply-To (`position` has them so), then a ticket that was waiting for
 * this message (a reply that came first), then any other ticket of the thread.
 */
export function placeOf({ relatives }: ThreadView): TicketPlace {
  const [nearest] = relatives.toSorted(byNearness)
  if (nearest === undefined) return { ticketId: null, linkedTicketId: null, absorbs: [], reason: 'thread/none' }
  const own = relatives.filter(({ senderTakesPart }) => senderTakesPart)
  const [chosen] = own.toSorted(byNearness)
  if (chosen === undefined) {
    return { ticketId: null, linkedTicketId: nearest.ticketId, absorbs: [], reason: 'thread/sender-not-participant' }
  }
  const [kept = chosen, ...absorbed] = oneTicket(chosen, own)
  return {
    ticketId: kept.ticketId,
    linkedTicketId: null,
    absorbs: absorbed.map(({ ticketId }) => ticketId),
    reason: reasonOf(chosen),
  }
}

const byNearness = (one: Relative, other: Relative) =>
  distance(one) - distance(other) || one.ticketNumber - other.ticketNumber

const AWAITS = 1e6
const SAME_THREAD = 2e6

function distance({ position, awaits }: Relative): number {
  if (position !== null) return position
  return awaits ? AWAITS : SAME_THREAD
}

/**
 * A reply that came before this message opened a ticket for lack of it. Now that both ends are known, they are one
 * ticket, the older number. Only a ticket that waited for this very message: two tickets that a customer merely
 * mentions in one mail stay two.
 */
function oneTicket(chosen: Relative, own: readonly Relative[]): Relative[] {
  const waiting = own.filter(({ awaits, ticketId }) => awaits && ticketId !== chosen.ticketId)
  const byTicket = new Map([chosen, ...waiting].map((relative) => [relative.ticketId, relative]))
  return [...byTicket.values()].toSorted((one, other) => one.ticketNumber - other.ticketNumber)
}

function reasonOf({ position, awaits }: Relative): string {
  if (position !== null) return 'thread/reference'
  return awaits ? 'thread/awaited' : 'thread/shared'
}
