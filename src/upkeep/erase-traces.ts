/** Where the address stands besides the mails that came from it. */
import type { Participant, Traces } from '../store/erase-traces.ts'
import type { Person } from './person.ts'
import { unlessDeadlocked } from './unless-deadlocked.ts'

export interface EraseTraces {
  readonly contacts: number
  /** Whose subject went. */
  readonly tickets: number
  readonly participants: number
  /** Entries of others, with the address among To, Cc or Reply-To. */
  readonly recipients: number
  readonly outbox: number
}

interface Options {
  readonly by: string
  readonly isDryRun: boolean
  readonly signal: AbortSignal
}

const ROWS_A_BATCH = 500

export async function eraseTraces(store: Traces, person: Person, options: Options): Promise<EraseTraces> {
  const recipients = await eraseRecipients(store, person, options)
  const participants = await eraseParticipants(store, person, options)
  const outbox = await eraseOutbox(store, person, options)
  const contacts = (await store.contacts(person)).filter(({ address }) => person.isTheirs(address))
  const ids = contacts.map(({ id }) => id)
  const tickets = options.isDryRun || ids.length === 0 ? 0 : await unlessDeadlocked(() => store.blankContacts(ids))
  return { contacts: ids.length, tickets, participants, recipients, outbox }
}

async function eraseRecipients(store: Traces, person: Person, { by, isDryRun, signal }: Options): Promise<number> {
  const find = (last: { entryId: string } | null) => store.recipients(person, last?.entryId ?? null, ROWS_A_BATCH)
  return await inBatches(find, signal, async (rows) => {
    const theirs = rows.filter(({ recipients }) => recipients.some(({ address }) => person.isTheirs(address)))
    const ids = theirs.map(({ entryId }) => entryId)
    const addresses = theirs
      .flatMap(({ recipients }) => recipients.map(({ address }) => address))
      .filter(person.isTheirs)
    if (!isDryRun && ids.length > 0) await unlessDeadlocked(() => store.removeRecipients(ids, addresses, by))
    return theirs.length
  })
}

/**
 * An address that is not kept any more (retention) is known by its digest. It is looked for until a look finds none: a ticket
 * that becomes another one takes it along, perhaps to where this look was already.
 */
async function eraseParticipants(store: Traces, person: Person, { isDryRun, signal }: Options): Promise<number> {
  const find = (last: Participant | null) => store.participants(person, last, ROWS_A_BATCH)
  const look = () =>
    inBatches(find, signal, async (rows) => {
      const theirs = rows.filter(
        ({ address, addressSha256 }) => person.isTheirs(address) || person.keys.includes(addressSha256),
      )
      if (!isDryRun && theirs.length > 0) await unlessDeadlocked(() => store.removeParticipants(theirs))
      return theirs.length
    })
  let count = await look()
  for (let found = isDryRun ? 0 : count; found > 0; count += found) found = await look()
  return count
}

async function eraseOutbox(store: Traces, person: Person, { isDryRun, signal }: Options): Promise<number> {
  const find = (last: { id: string } | null) => store.outbox(person, last?.id ?? null, ROWS_A_BATCH)
  return await inBatches(find, signal, async (rows) => {
    const theirs = rows.filter(({ address }) => person.isTheirs(address)).map(({ id }) => id)
    if (!isDryRun && theirs.length > 0) await unlessDeadlocked(() => store.blankOutbox(theirs))
    return theirs.length
  })
}

async function inBatches<Row>(
  find: (last: Row | null) => Promise<Row[]>,
  signal: AbortSignal,
  work: (rows: readonly Row[]) => Promise<number>,
): Promise<number> {
  let count = 0
  for (let last: Row | null = null, more = true; more; ) {
    signal.throwIfAborted()
    const rows: Row[] = await find(last)
    count += await work(rows)
    last = rows.at(-1) ?? last
    more = rows.length === ROWS_A_BATCH
  }
  return count
}
