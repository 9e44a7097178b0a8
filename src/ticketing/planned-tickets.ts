/** Tickets as they would be, were messages worked that are only decided: new ones, and what would come onto old ones. */
import type { Effect } from './decide.ts'

export interface PlannedTicket {
  readonly id: string
  readonly number: number
  readonly isNew: boolean
  /** Of the messages that would come onto it, in lower case. */
  readonly participants: ReadonlySet<string>
}

export interface PlannedTickets {
  /** What this ticket would have become by merges; undefined: nothing would come onto it. */
  find(ticketId: string): PlannedTicket | undefined
  /** The message that would open it; null: it is there already. */
  openerOf(number: number): string | null
  /** `number` is null where it would be a new one. */
  add(inboundMessageId: string, number: number | null, effect: Effect): PlannedTicket
}

/** `tickets.number` is an int4: above are those that are not there yet, and younger than all that are. */
const FIRST_PLANNED_NUMBER = 2 ** 31

export function createPlannedTickets(): PlannedTickets {
  const tickets = new Map<string, PlannedTicket & { readonly participants: Set<string> }>()
  const became = new Map<string, string>()
  const openers = new Map<number, string>()

  const endOf = (ticketId: string): string => {
    const into = became.get(ticketId)
    return into === undefined ? ticketId : endOf(into)
  }
  const open = (inboundMessageId: string): number => {
    const number = FIRST_PLANNED_NUMBER + openers.size
    openers.set(number, inboundMessageId)
    return number
  }
  const add: PlannedTickets['add'] = (inboundMessageId, known, { ticketId, absorbs, participants }) => {
    const id = ticketId ?? `new ${inboundMessageId}`
    const number = ticketId === null || known === null ? open(inboundMessageId) : known
    const ticket = tickets.get(id) ?? { id, number, isNew: ticketId === null, participants: new Set<string>() }
    tickets.set(id, ticket)
    for (const absorbed of absorbs) {
      became.set(absorbed, id)
      for (const address of tickets.get(absorbed)?.participants ?? []) ticket.participants.add(address)
    }
    for (const address of participants) ticket.participants.add(address.toLowerCase())
    return ticket
  }
  return { find: (ticketId) => tickets.get(endOf(ticketId)), openerOf: (number) => openers.get(number) ?? null, add }
}
