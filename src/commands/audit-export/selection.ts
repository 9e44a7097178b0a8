/** What an export holds. Whole seals, so that they can be checked; of events that were not asked for, the digest alone. */
import { canonical } from '../../audit/canonical-json.ts'
import { digestOf, type EventFields, lineOf } from '../../audit/event-line.ts'
import { LOWEST_ID } from '../../store/audit.ts'
import type { Range, Selection } from '../../store/extracts.ts'
import type { Store } from '../../store/store.ts'

export interface Extent {
  /** The seals that cover the selected events; null: none does. */
  readonly seals: Range | null
  readonly firstEventId: bigint
  readonly lastEventId: bigint
}

/** From the first selected event to the last, widened to whole seals. */
export async function extentOf({ audit, extracts }: Store, { from, to }: Selection): Promise<Extent> {
  const ids = await extracts.idsBetween(from, to)
  if (ids === null) return { seals: null, firstEventId: 0n, lastEventId: -1n }
  const seals = await extracts.sealsOver(ids.first, ids.last)
  if (seals === null) return { seals, firstEventId: ids.first, lastEventId: ids.last }
  const [before] = seals.first > 1n ? await audit.seals(seals.first - 2n, 1) : []
  const [last] = await audit.seals(seals.last - 1n, 1)
  const lastSealed = BigInt(last?.lastEventId ?? ids.last)
  return {
    seals,
    firstEventId: before === undefined ? LOWEST_ID : BigInt(before.lastEventId) + 1n,
    lastEventId: lastSealed > ids.last ? lastSealed : ids.last,
  }
}

const SEALS_A_READ = 500
const EVENTS_A_READ = 5_000
const MESSAGES_A_READ = 2_000

export async function* sealLines({ audit }: Store, { seals }: Extent): AsyncGenerator<string> {
  if (seals === null) return
  for (let after = seals.first - 1n; after < seals.last; ) {
    const page = await audit.seals(after, SEALS_A_READ)
    const wanted = page.filter(({ number }) => BigInt(number) <= seals.last)
    if (wanted.length > 0) yield `${wanted.map(canonical).join('\n')}\n`
    after = page.length < SEALS_A_READ ? seals.last : BigInt(page.at(-1)?.number ?? seals.last)
  }
}

export async function* eventLines({ audit }: Store, extent: Extent, selection: Selection): AsyncGenerator<string> {
  const isWanted = selector(selection)
  for (let from = extent.firstEventId; from <= extent.lastEventId; ) {
    const page = await audit.events(from, extent.lastEventId, EVENTS_A_READ)
    const last = page.at(-1)
    if (last === undefined) return
    yield `${page.map((event) => (isWanted(event) ? lineOf(event) : withheld(event))).join('\n')}\n`
    from = BigInt(last[0]) + 1n
  }
}

/** Instants in one form are in the order of their text. */
function selector({ mailboxId, from, to }: Selection): (event: EventFields) => boolean {
  const [first, end] = [from?.toISOString(), to?.toISOString()].map((text) => text?.replace('Z', '000Z'))
  return ([, , mailbox, at]) =>
    (mailboxId === null || mailbox === mailboxId) &&
    (first === undefined || at >= first) &&
    (end === undefined || at < end)
}

const withheld = (event: EventFields): string => canonical({ id: event[0], sha256: digestOf(event) })

export async function* messageLines({ extracts }: Store, selection: Selection): AsyncGenerator<string> {
  for (let after: string | null = null, more = true; more; ) {
    const page = await extracts.messages(selection, after, MESSAGES_A_READ)
    if (page.length > 0) yield `${page.map(canonical).join('\n')}\n`
    after = page.at(-1)?.id ?? after
    more = page.length === MESSAGES_A_READ
  }
}

export async function* rawDigests({ extracts }: Store, selection: Selection): AsyncGenerator<string> {
  for (let after = '', more = true; more; ) {
    const page = await extracts.rawDigests(selection, after, MESSAGES_A_READ)
    yield* page
    after = page.at(-1) ?? after
    more = page.length === MESSAGES_A_READ
  }
}
