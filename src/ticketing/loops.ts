/**
 * Loops that no header gives away: more similar mails within an hour than anybody writes are held for a person.
 *
 * Guarantees: within a process similar mails are worked one after the other, so that not one too many becomes a ticket;
 * several processes may exceed the limit by what each has in its hands, and by the two that it does not ask about.
 * What was counted is in the database: a restart forgets nothing but those two.
 */
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Waiting } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import { aboutOf } from './entry.ts'
import type { Outcome } from './outcome.ts'
import { similarityOf } from './similarity.ts'

/** `ticket` makes the ticket, if it is no loop, and keeps the key that it is counted by. */
export type UnlessLoop = (
  known: { readonly mail: ParsedMessage; readonly waiting: Pick<Waiting, 'id' | 'mailboxId'> },
  ticket: (similaritySha256: string | null) => Promise<Outcome>,
) => Promise<Outcome>

export const SIMILAR = 'loop/similar'

/** Most mails are like no other: nothing is asked before there were so many. */
const UNASKED = 2
const KEYS = 10_000
const HOUR_MILLISECONDS = 3_600_000

/** What this process knows of mails of one key. */
interface Alike {
  worked: number
  /** Resolves when all that came before are done. */
  last: Promise<unknown>
  /** By the clock of the process; null: not that it knew. */
  notedAtMilliseconds: number | null
}

/** `onLoop` hears of the first that is held of each loop, once an hour over all processes. */
export function createLoopGuard(
  store: Pick<Store, 'loops' | 'messages'>,
  perHour: number,
  onLoop: (inboundMessageId: string) => void,
): UnlessLoop {
  const alikes = new Map<string, Alike>()
  return ({ mail, waiting: { id, mailboxId } }, ticket) => {
    const key = similarityOf(mail, mailboxId)
    const alike = recall(alikes, key)
    const work = async () => {
      alike.worked += 1
      if (alike.worked <= Math.min(UNASKED, perHour)) return await ticket(key)
      if (!(await isLoop(store, id, key, perHour))) return await ticket(key)
      const outcome = await hold(store, id, mail, key)
      if (outcome.state === 'quarantined' && (await isNews(store, id, key, alike))) onLoop(id)
      return outcome
    }
    const worked = alike.last.then(work)
    alike.last = worked.catch(() => undefined)
    return worked
  }
}

/** Of many keys the one that was not asked for longest is forgotten. */
function recall(alikes: Map<string, Alike>, key: string): Alike {
  const alike = alikes.get(key) ?? { worked: 0, last: Promise.resolve(), notedAtMilliseconds: null }
  alikes.delete(key)
  alikes.set(key, alike)
  const [oldest] = alikes.keys()
  if (alikes.size > KEYS && oldest !== undefined) alikes.delete(oldest)
  return alike
}

/** An operator's word is final. */
async function isLoop(store: Pick<Store, 'loops' | 'messages'>, id: string, key: string, perHour: number) {
  if ((await store.loops.countSimilar(id, key, perHour)) < perHour) return false
  return !(await store.messages.wasReleased(id, SIMILAR))
}

async function hold(store: Pick<Store, 'messages'>, id: string, mail: ParsedMessage, key: string): Promise<Outcome> {
  const about = { ...aboutOf(mail), similaritySha256: key }
  const isHeld = await store.messages.quarantine(id, SIMILAR, { kind: mail.kind }, about)
  return isHeld ? { state: 'quarantined', reason: SIMILAR } : { state: 'nothing-to-do' }
}

/** The database knows, but is asked once an hour only: a loop is long. */
async function isNews(store: Pick<Store, 'loops'>, id: string, key: string, alike: Alike): Promise<boolean> {
  const now = performance.now()
  if (alike.notedAtMilliseconds !== null && now - alike.notedAtMilliseconds < HOUR_MILLISECONDS) return false
  const isNoted = await store.loops.noteLoop(id, key)
  alike.notedAtMilliseconds = now
  return isNoted
}
