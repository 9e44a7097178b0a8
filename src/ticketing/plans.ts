/**
 * What messages would do that are decided and not worked (decide.ts), so that those after them are decided as if they had
 * been. Nothing is written.
 */
import type { Store } from '../store/store.ts'
import type { Threaded } from '../store/threads.ts'
import type { Relative, Viewpoint } from '../store/tickets.ts'
import type { Decision } from './decide.ts'
import { createPlannedTickets, type PlannedTicket } from './planned-tickets.ts'

export interface Plans {
  has(inboundMessageId: string): boolean
  /** The message that would open this ticket; null: it is there already. */
  openerOf(ticketNumber: number): string | null
  /** The store as it would be for this message. */
  storeFor(store: Store, message: Planning, chosen: Chosen): Store
  keep(message: Planning, decision: Pick<Decision, 'state' | 'reason' | 'ticket' | 'effect'>): void
}

export interface Planning extends Threaded {
  readonly mailboxId: string
  readonly threadId: string | null
}

/** Messages that are to be worked as well, and are not decided yet. */
export interface Chosen {
  among(ids: readonly string[]): Promise<string[]>
  withMsgIds(msgIds: readonly string[]): Promise<string[]>
}

interface Planned extends Planning {
  readonly from: string
  readonly ticketId: string
}

export function createPlans(): Plans {
  const decided = new Map<string, Pick<Decision, 'state' | 'reason'>>()
  const tickets = createPlannedTickets()
  const byThread = new Map<string | null, Planned[]>()
  /** By mailbox and msg-id, the first of each: whose it is, and who refers to it. */
  const owners = new Map<string, Planned>()
  const referrers = new Map<string, Planned>()
  const keyOf = ({ mailboxId }: Planning, msgId: string) => `${mailboxId} ${msgId}`

  const asPlanned = async (store: Store, id: string, relative: Relative, asked: Viewpoint): Promise<Relative> => {
    const ticket = tickets.find(relative.ticketId)
    if (ticket === undefined) return relative
    const senderTakesPart = relative.senderTakesPart || (await takesPart(store, id, ticket, asked))
    return { ...relative, ticketId: ticket.id, ticketNumber: ticket.number, isPast: false, senderTakesPart }
  }

  /** The mail itself, then one that refers to it as well, as the store has it. */
  const reportedOn = (me: Planning, msgIds: readonly string[]): PlannedTicket | undefined => {
    const [named] = [owners, referrers].flatMap((map) => msgIds.flatMap((msgId) => map.get(keyOf(me, msgId)) ?? []))
    return named === undefined ? undefined : tickets.find(named.ticketId)
  }

  const viewThread =
    (store: Store, me: Planning): Store['tickets']['viewThread'] =>
    async (id, asked) => {
      const view = await store.tickets.viewThread(id, asked)
      if (view === null) return null
      const planned = (byThread.get(me.threadId) ?? []).map((one) => relativeOf(me, asked, one))
      const relatives: Relative[] = []
      for (const each of [...view.relatives, ...planned]) relatives.push(await asPlanned(store, id, each, asked))
      return { ...view, relatives }
    }

  const findCopies =
    (store: Store, chosen: Chosen): Store['copies']['find'] =>
    async (id) => {
      const found = await store.copies.find(id)
      const waiting = await chosen.among(found.map((copy) => copy.id))
      return found.map((copy) => ({
        ...copy,
        ...(waiting.includes(copy.id) ? { state: 'received' as const, reason: null } : decided.get(copy.id)),
      }))
    }

  const storeFor: Plans['storeFor'] = (store, me, chosen) => ({
    ...store,
    tickets: { ...store.tickets, viewThread: viewThread(store, me) },
    copies: { find: findCopies(store, chosen) },
    reports: {
      ...store.reports,
      find: async (id, about) => {
        const found = await store.reports.find(id, about)
        const ticket = found === null ? reportedOn(me, about.msgIds) : undefined
        return ticket === undefined ? found : { ticketId: ticket.id, ticketNumber: ticket.number, outbox: null }
      },
      waitingOriginals: async (id, msgIds) => [
        ...(await store.reports.waitingOriginals(id, msgIds)),
        ...(await chosen.withMsgIds(msgIds)),
      ],
    },
  })

  const keep: Plans['keep'] = (message, { state, reason, ticket, effect }) => {
    decided.set(message.id, { state, reason })
    if (effect === null) return
    const planned = { ...message, from: effect.from, ticketId: tickets.add(message.id, ticket, effect).id }
    const thread = byThread.get(message.threadId) ?? []
    byThread.set(message.threadId, thread)
    thread.push(planned)
    const note = (map: Map<string, Planned>, msgId: string) => {
      if (!map.has(keyOf(message, msgId))) map.set(keyOf(message, msgId), planned)
    }
    if (message.messageId !== null) note(owners, message.messageId)
    for (const msgId of message.refersTo) note(referrers, msgId)
  }

  return { has: (id) => decided.has(id), openerOf: tickets.openerOf, storeFor, keep }
}

/** As ticket-view.ts finds it; of its ticket the rest is filled in. */
function relativeOf(me: Planning, { people }: Viewpoint, planned: Planned): Relative {
  const { messageId, refersTo, from, ticketId } = planned
  const position = messageId === null ? -1 : me.refersTo.indexOf(messageId)
  return {
    ...{ ticketId, ticketNumber: 0, isPast: false, senderTakesPart: false },
    ...(position < 0 ? { by: null, position: null } : { by: 'reference', position: position + 1 }),
    awaits: me.messageId !== null && refersTo.includes(me.messageId),
    isMutual: people.some((address) => address.toLowerCase() === from.toLowerCase()),
    sameMessageId: messageId !== null && messageId === me.messageId,
  }
}

/** Who would take part is known; the others are asked for, where the ticket is there already. */
async function takesPart(store: Store, id: string, ticket: PlannedTicket, asked: Viewpoint): Promise<boolean> {
  const senders = asked.senders.filter((sender) => !ticket.participants.has(sender.toLowerCase()))
  if (senders.length === 0) return true
  if (ticket.isNew) return false
  const named = [{ by: 'number' as const, number: ticket.number }]
  const view = await store.tickets.viewThread(id, { ...asked, senders, named })
  return view?.relatives.some(({ ticketId, senderTakesPart }) => ticketId === ticket.id && senderTakesPart) ?? false
}
