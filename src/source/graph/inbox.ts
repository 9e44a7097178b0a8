/**
 * What lies in the inbox, by delta query: a full pass tells all, and from then on its link tells what changed.
 *
 * The list must be complete, for what is missing from it is booked as gone, and what is never on it is never fetched.
 * Why that holds:
 * - A list is what was booked as present when the cursor was kept, or later, plus what the answers since that cursor
 *   tell. Applying a change twice is applying it once, so an answer that was lost, or a cursor that was not kept
 *   because of a crash, is no harm: the same changes are told again.
 * - A cursor is kept only after the list it ends was booked, so no change lies between the two that is in neither.
 * - Answers come in no certain order and may repeat a message. One that is told both as there and as removed may be
 *   either: then a full pass says. If that does so too, it counts as there (booking it as gone would be the worse
 *   error), and no cursor is kept, so that the next list is a full pass again.
 * - A list without its end (no delta link, an error on any page) is none; nothing is booked from it.
 * - A cursor that the server has forgotten (410), one of another mailbox or one without end means a full pass.
 * - A message that turns out not to be there although it was listed (404) shows that the list is wrong: its session
 *   gives up the cursor. And at least once a day there is a full pass, whatever was told.
 */
import { z } from 'zod'

import type { Setting } from '../connection.ts'
import type { Remembered } from '../source.ts'
import { cursorText, readCursor } from './cursor.ts'
import { type Graph, StateLost } from './graph.ts'
import type { GraphLimits } from './limits.ts'
import { NOT_GRAPH } from './wire.ts'

export interface InboxMessage {
  readonly uniqueId: string
  /** What it is told by; null where this session's answers have not told it (all). */
  readonly properties: Properties | null
}

export interface Properties {
  readonly internetMessageId: string
  readonly receivedDateTime: string
}

export interface Inbox {
  /** Oldest first. */
  readonly messages: readonly InboxMessage[]
  /** null: the next list has to be a full pass. */
  readonly cursor: string | null
}

export async function readInbox(
  graph: Graph,
  setting: Setting<GraphLimits>,
  { cursor: kept, present }: Remembered,
  now: Date,
): Promise<Inbox> {
  const cursor = readCursor(kept, setting.mailbox, now)
  if (cursor === null) return fullPass(graph, setting, now)
  const changes = await roundFrom(graph, setting, cursor.deltaLink)
  if (changes instanceof StateLost || isContradictory(changes)) return fullPass(graph, setting, now)
  const { told, removed, deltaLink } = changes
  const before = present.filter(({ uniqueId }) => !removed.has(uniqueId))
  const known = new Set(before.map(({ uniqueId }) => uniqueId))
  return {
    messages: [
      ...before.map(({ uniqueId }) => told.get(uniqueId) ?? { uniqueId, properties: null }),
      ...oldestFirst([...told.values()].filter(({ uniqueId }) => !known.has(uniqueId))),
    ],
    cursor: cursorText(setting.mailbox, { deltaLink, fullAt: cursor.fullAt }),
  }
}

/** The properties asked for are those that `Properties` has; no `changeType`, for removals must be told as well. */
const DELTA = '/mailFolders/inbox/messages/delta?$select=internetMessageId,receivedDateTime'

async function fullPass(graph: Graph, setting: Setting<GraphLimits>, fullAt: Date): Promise<Inbox> {
  const first = await roundFrom(graph, setting, DELTA)
  // Links between pages get lost as well.
  const round = first instanceof StateLost ? await roundFrom(graph, setting, DELTA) : first
  if (round instanceof StateLost) throw round.cause
  return {
    messages: oldestFirst([...round.told.values()]),
    cursor: isContradictory(round) ? null : cursorText(setting.mailbox, { deltaLink: round.deltaLink, fullAt }),
  }
}

interface Round {
  readonly told: ReadonlyMap<string, InboxMessage>
  readonly removed: ReadonlySet<string>
  readonly deltaLink: string
}

const isContradictory = ({ told, removed }: Round) => [...removed].some((uniqueId) => told.has(uniqueId))

async function roundFrom(graph: Graph, setting: Setting<GraphLimits>, start: string): Promise<Round | StateLost> {
  const told = new Map<string, InboxMessage>()
  const removed = new Set<string>()
  const { listPages, listedMessages, pageMessages } = setting.limits
  let at: string | URL = start === DELTA ? start : graph.link(start)
  for (let pages = 1; ; pages++) {
    const page = await pageAt(graph, at, pageMessages)
    if (page instanceof StateLost) return page
    for (const entry of page.value) {
      if (entry['@removed'] === undefined) told.set(entry.id, messageOf(entry))
      else removed.add(entry.id)
    }
    const { '@odata.nextLink': next, '@odata.deltaLink': deltaLink } = page
    // Looked at before it is kept: it will be followed.
    if (next === undefined && deltaLink !== undefined) return { told, removed, deltaLink: graph.link(deltaLink).href }
    if (next === undefined || pages >= listPages || told.size + removed.size > listedMessages) throw endless(setting)
    at = graph.link(next)
  }
}

function pageAt(graph: Graph, at: string | URL, pageMessages: number): Promise<Page | StateLost> {
  const prefer = `odata.maxpagesize=${pageMessages}`
  return graph.json({ verb: 'list', method: 'GET', about: 'list', at, prefer }, page).catch((error: unknown) => {
    if (error instanceof StateLost) return error
    throw error
  })
}

/** Any text of a server's own that is fit to be kept and put into a URL. */
const uniqueId = z.string().regex(/^[\x21-\x7e]{1,512}$/)
const page = z.object({
  value: z.array(
    z.object({
      id: uniqueId,
      '@removed': z.unknown().optional(),
      internetMessageId: z.string().nullish(),
      receivedDateTime: z.string().nullish(),
    }),
  ),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
})
type Page = z.infer<typeof page>

/** A change may be told without the properties that have not changed. */
function messageOf({ id, internetMessageId, receivedDateTime }: Page['value'][number]): InboxMessage {
  const isWhole = typeof internetMessageId === 'string' && typeof receivedDateTime === 'string'
  return { uniqueId: id, properties: isWhole ? { internetMessageId, receivedDateTime } : null }
}

function oldestFirst(messages: InboxMessage[]): InboxMessage[] {
  const at = ({ properties }: InboxMessage) => Date.parse(properties?.receivedDateTime ?? '') || 0
  return messages.sort((a, b) => at(a) - at(b) || (a.uniqueId < b.uniqueId ? -1 : 1))
}

function endless({ failures }: Setting) {
  return failures.failure('source/protocol-violation', 'the list has no end', { verb: 'list', hint: NOT_GRAPH })
}
