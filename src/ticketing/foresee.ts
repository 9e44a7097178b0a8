/**
 * What would become of messages if all of them were worked again, in the order in which they came, those that others refer
 * to before these (process.ts). Where the order is the workers' chance, as of two answers to a mail that is not there, it is
 * one of the possible ends. Nothing is written.
 */
import { asMailchuteError } from '../errors.ts'
import type { Authenticity } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { AgainFilter, Decided } from '../store/again.ts'
import type { Store } from '../store/store.ts'
import { asReprocessed, type Decision, decide } from './decide.ts'
import { readFields } from './index-threads.ts'
import type { Judging } from './judging.ts'
import type { ParsePool } from './parse-pool.ts'
import { createPlans, type Planning } from './plans.ts'

export interface Foresight {
  /** Begins to read the mail, which takes longer than to decide. */
  prepare(message: Decided): void
  /** To be asked one after the other. What is on a ticket stays there, so it is decided by itself. */
  decide(message: Decided): Promise<Decision>
  /** The message that would open this ticket; null: it is there already. */
  openerOf(ticketNumber: number): string | null
}

interface Read {
  readonly mail: ParsedMessage
  readonly authenticity: Authenticity
}

/** Longer chains come about by forgery (turns.ts). */
const CHAIN_LIMIT = 50

export function createForesight(
  store: Store,
  judging: Judging,
  pool: Pick<ParsePool, 'parse'>,
  filter: AgainFilter,
): Foresight {
  const plans = createPlans()
  const signal = new AbortController().signal
  const reads = new Map<string, Promise<Read>>()
  const made = new Map<string, Promise<Decision>>()
  const underWay = new Set<string>()

  const prepare: Foresight['prepare'] = (message) => {
    if (reads.has(message.id) || made.has(message.id)) return
    const read = readMail(store, judging, pool, message, signal)
    read.catch(() => undefined)
    reads.set(message.id, read)
  }

  const first = async (id: string): Promise<void> => {
    if (underWay.has(id) || underWay.size >= CHAIN_LIMIT) return
    const [message] = await store.again.decided({ ...filter, ids: [id] }, null, 1)
    // Its failure is its own.
    if (message !== undefined) await decideOnce(message).catch(() => undefined)
  }

  const among = async (ids: readonly string[]): Promise<string[]> => {
    const open = ids.filter((id) => !plans.has(id) && (filter.ids?.includes(id) ?? true))
    return open.length === 0 ? [] : store.again.workable({ ...filter, ids: open }, null, open.length)
  }

  const plan = async (message: Decided): Promise<Decision> => {
    const { id, mailboxId, threadId, reason, firstChunk } = message
    const me: Planning = { ...readFields({ id, head: firstChunk }), mailboxId, threadId }
    const withMsgIds = async (msgIds: readonly string[]) =>
      (await store.again.withMsgIds(filter, mailboxId, msgIds)).filter((other) => other !== id && !plans.has(other))
    for (const ancestor of await withMsgIds(me.refersTo.toReversed())) await first(ancestor)
    try {
      const known = { waiting: message, ...(await readOf(message)), isLastAttempt: true, first }
      const planned = plans.storeFor(asReprocessed(store, reason), me, { among, withMsgIds })
      const decision = await decide(planned, judging, known)
      plans.keep(me, decision)
      return decision
    } catch (thrown) {
      const error = asMailchuteError(thrown)
      if (error.remedy === 'quarantine')
        plans.keep(me, { state: 'quarantined', reason: error.code, ticket: null, effect: null })
      throw error
    }
  }

  const readOf = (message: Decided): Promise<Read> => {
    prepare(message)
    return reads.get(message.id) ?? readMail(store, judging, pool, message, signal)
  }

  const alone = async (message: Decided): Promise<Decision> =>
    decide(store, judging, {
      waiting: message,
      ...(await readOf(message)),
      isLastAttempt: true,
      first: async () => undefined,
    })

  const decideOnce = (message: Decided): Promise<Decision> => {
    const { id, state, purgedAt } = message
    const before = made.get(id)
    if (before !== undefined) return before
    underWay.add(id)
    const decision = (state === 'ticketed' || purgedAt !== null ? alone(message) : plan(message)).finally(() => {
      underWay.delete(id)
      reads.delete(id)
    })
    made.set(id, decision)
    return decision
  }

  return { prepare, decide: decideOnce, openerOf: plans.openerOf }
}

/** Who is on a ticket was believed or not when it came, and keys of that time may be gone. */
async function readMail(
  store: Store,
  judging: Judging,
  pool: Pick<ParsePool, 'parse'>,
  message: Decided,
  signal: AbortSignal,
): Promise<Read> {
  const source = { sizeBytes: message.sizeBytes, octets: () => store.raw.octets(message.sha256) }
  const mail = await pool.parse(source, signal)
  const authenticity = storedOf(message) ?? (await judging.authenticate(source, message.mailboxId, mail.from, signal))
  return { mail, authenticity }
}

function storedOf({ trust, authenticity }: Decided): Authenticity | null {
  return trust === null || authenticity?.['reason'] === undefined ? null : ({ ...authenticity, trust } as Authenticity)
}
