/**
 * A person's mail is removed everywhere, and the address wherever else it stands. Digests, unique-ids, events and seals
 * stay: what comes again is known, and the chain is as it was.
 *
 * Guarantees: transactions of bounded size; whoever is killed on the way calls it again, and it does what is left; a mail
 * of that person which comes in meanwhile is a new one.
 */
import type { Erasure, Suspect } from '../store/erasure.ts'
import { type EraseTraces, eraseTraces } from './erase-traces.ts'
import type { MailReader } from './mail-reader.ts'
import type { Person } from './person.ts'
import { unlessDeadlocked } from './unless-deadlocked.ts'

export interface EraseOptions {
  /** Who has it done, like `cli:ada`. */
  readonly by: string
  /** Mails of others that name the address, too. */
  readonly mentions: boolean
  /** Changes nothing, and counts what would go. */
  readonly isDryRun: boolean
  readonly signal: AbortSignal
  readonly onProgress?: (messages: number) => void
}

export interface Erased extends EraseTraces {
  readonly messages: number
  /** Of these: mails of others, that named the address. */
  readonly mentions: number
  /** Ids of what was not to be read: whether it is theirs, or names them, is not known. */
  readonly unreadable: readonly string[]
  readonly digests: readonly string[]
  readonly octets: number
  readonly entries: number
  readonly attachments: number
}

const MESSAGES_A_BATCH = 50

type Which = (suspects: readonly Suspect[]) => Promise<readonly Suspect[]>

export async function erase(
  store: Erasure,
  reader: MailReader,
  person: Person,
  options: EraseOptions,
): Promise<Erased> {
  const tally = createTally(store, options)
  const sent: Which = (suspects) => filter(suspects, (suspect) => reader.isFrom(suspect, person, options.signal))
  const from = (after: string | null) => store.from(person, after, MESSAGES_A_BATCH)
  await tally.through(from, sent)
  await tally.through((after) => store.unread(person, after, MESSAGES_A_BATCH), sent)
  // What a worker read between these two was unread for the first and is read for the second.
  await tally.through(from, sent)
  const own = tally.count()
  if (options.mentions) {
    const naming = (suspects: readonly Suspect[]) => namedIn(store, reader, person, suspects, options.signal)
    await tally.through((after) => store.speaking(after, MESSAGES_A_BATCH), naming)
  }
  const traces = await eraseTraces(store, person, options)
  const messages = tally.sum()
  const unreadable = reader.unreadable()
  return {
    ...messages,
    ...traces,
    mentions: tally.count() - own,
    unreadable,
    tickets: messages.tickets + traces.tickets,
    outbox: messages.outbox + traces.outbox,
  }
}

async function filter(suspects: readonly Suspect[], holds: (suspect: Suspect) => Promise<boolean>): Promise<Suspect[]> {
  const held = await Promise.all(suspects.map(holds))
  return suspects.filter((_, index) => held[index])
}

/** What is on a ticket tells more than the octets, which may be gone; attached and enclosed mails are in these alone. */
async function namedIn(
  store: Erasure,
  reader: MailReader,
  person: Person,
  suspects: readonly Suspect[],
  signal: AbortSignal,
): Promise<Suspect[]> {
  const entries = new Set(
    await store.naming(
      suspects.map(({ id }) => id),
      person,
    ),
  )
  return filter(suspects, async (suspect) => entries.has(suspect.id) || reader.names(suspect, person, signal))
}

const NOTHING = { messages: 0, octets: 0, entries: 0, attachments: 0, tickets: 0, outbox: 0 }

function createTally(store: Erasure, { by, isDryRun, signal, onProgress }: EraseOptions) {
  const sum = { ...NOTHING }
  const digests = new Set<string>()
  /** In a dry run nothing goes, and all is found again. */
  const seen = new Set<string>()
  const take = async (suspects: readonly Suspect[]) => {
    for (const { sha256 } of suspects) digests.add(sha256)
    if (isDryRun) {
      sum.messages += suspects.length
      return
    }
    const erased = await unlessDeadlocked(() =>
      store.eraseMessages(
        suspects.map(({ id }) => id),
        by,
      ),
    )
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += erased[name]
  }
  return {
    count: () => sum.messages,
    sum: () => ({ ...sum, digests: [...digests].toSorted() }),
    through: async (find: (after: string | null) => Promise<Suspect[]>, which: Which) => {
      for (let after: string | null = null, more = true; more; ) {
        signal.throwIfAborted()
        const suspects = await find(after)
        const fresh = suspects.filter(({ id }) => !seen.has(id))
        const found = fresh.length === 0 ? [] : await which(fresh)
        if (found.length > 0) await take(found)
        for (const { id } of found) seen.add(id)
        onProgress?.(sum.messages)
        after = suspects.at(-1)?.id ?? after
        more = suspects.length === MESSAGES_A_BATCH
      }
    },
  }
}
