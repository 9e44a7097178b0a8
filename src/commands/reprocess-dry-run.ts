/** What today's rules would decide of messages, beside what was decided: nothing is written. */
import { asMailchuteError } from '../errors.ts'
import type { Again, AgainFilter, Decided } from '../store/again.ts'
import type { Decision } from '../ticketing/decide.ts'
import { createForesight, type Foresight } from '../ticketing/foresee.ts'
import { UNJUDGED } from '../ticketing/judging.ts'
import { createParsePool } from '../ticketing/parse-pool.ts'
import type { App } from './app.ts'
import { authenticatorOf, judgingOf } from './judging.ts'
import { assertRules } from './ruling.ts'
import { type Cell, colours, counted, print, printJson, table } from './terminal.ts'

interface Told {
  readonly state: string
  readonly reason: string | null
  readonly ticket: number | 'new' | null
  /** Of a new ticket that another message would open: that message. */
  readonly openedBy: string | null
  readonly queue: string | null
  readonly priority: string | null
  readonly tags: readonly string[]
}

interface Difference {
  readonly message: string
  readonly mailbox: string
  readonly was: Told
  /** null: it could not be found out, see `error`. */
  readonly would: Told | null
  readonly changed: boolean
  /** It stays where it is: only quarantined and suppressed messages can be worked again. */
  readonly stays: boolean
  readonly error: { readonly code: string; readonly message: string } | null
}

const MESSAGES_A_PAGE = 50
const AT_ONCE = 4

export async function dryRun(app: App, filter: AgainFilter, { json }: { json: boolean }): Promise<void> {
  await assertRules(app.config)
  const pool = createParsePool()
  const authenticator = authenticatorOf(app)
  const judging = { ...UNJUDGED, ...judgingOf(app, authenticator) }
  const foresight = createForesight(app.store, judging, pool, filter)
  const rows: Difference[] = []
  try {
    for await (const page of pages(app.store.again, filter)) {
      for (const [index, message] of page.entries()) {
        for (const ahead of page.slice(index, index + AT_ONCE)) foresight.prepare(ahead)
        const difference = await compare(foresight, message)
        if (json) printJson(difference)
        else rows.push(difference)
      }
    }
  } finally {
    await Promise.all([pool.close(), authenticator.close()])
  }
  if (!json) print(differencesText(rows))
}

async function* pages(again: Again, filter: AgainFilter): AsyncGenerator<Decided[]> {
  for (let after: string | null = null, more = true; more; ) {
    const page = await again.decided(filter, after, MESSAGES_A_PAGE)
    if (page.length > 0) yield page
    after = page.at(-1)?.id ?? after
    more = page.length === MESSAGES_A_PAGE
  }
}

async function compare(foresight: Foresight, message: Decided): Promise<Difference> {
  const { id, mailbox, state, reason, ticket, queue, priority, tags } = message
  const was: Told = { ...{ state, reason, ticket, openedBy: null, queue, priority }, tags: tags ?? [] }
  const about = { message: id, mailbox, was, stays: state === 'ticketed' }
  try {
    const would = toldOf(foresight, await foresight.decide(message), message)
    return { ...about, would, changed: isChanged(was, would, message), error: null }
  } catch (thrown) {
    const error = asMailchuteError(thrown)
    if (error.code === 'store/purged') return { ...about, would: null, changed: false, error: plain(error) }
    if (error.remedy !== 'quarantine') throw error
    const would = { ...NOTHING, state: 'quarantined', reason: error.code }
    return { ...about, would, changed: isChanged(was, would, message), error: plain(error) }
  }
}

const plain = ({ code, message }: { code: string; message: string }) => ({ code, message })
const NOTHING = { ticket: null, openedBy: null, queue: null, priority: null, tags: [] }

/** Who opened a ticket and would open one has the same. */
function toldOf(
  foresight: Foresight,
  { state, reason, ticket, marks }: Decision,
  { isFirst, ticket: own }: Decided,
): Told {
  const openedBy = ticket === null ? null : foresight.openerOf(ticket)
  const opens = state === 'ticketed' && ticket === null
  const onto = isFirst && opens ? own : ticket
  const { queue, priority, tags } = marks
  const isOpening = opens || (isFirst && onto === own)
  return {
    ...{ state, reason, ticket: openedBy === null ? (onto ?? (opens ? 'new' : null)) : 'new', openedBy, queue, tags },
    priority: isOpening ? (priority ?? 'normal') : null,
  }
}

/** How a mail found its ticket may differ with what has come since: that it is the same ticket counts. */
function isChanged(was: Told, would: Told, { isFirst }: Decided): boolean {
  if (was.state !== would.state || was.ticket !== would.ticket) return true
  if (was.state !== 'ticketed') return was.reason !== would.reason
  if (!isFirst) return false
  const isSame = was.queue === would.queue && was.tags.join() === would.tags.join()
  return !isSame || (would.priority !== null && was.priority !== would.priority)
}

function differencesText(rows: readonly Difference[]): string {
  if (rows.length === 0) return 'no messages\n'
  const changed = rows.filter((row) => row.changed)
  const cells = rows.map(({ message, was, would, changed: isNew, stays, error }): Cell[] => [
    message.slice(0, 8),
    ...[was.state, was.reason, ticketText(was)],
    ...(would === null ? [error?.code, '', '', ''] : [would.state, would.reason, ticketText(would), marksText(would)]),
    isNew ? colours.yellow(stays ? 'yes, and stays' : 'yes') : 'no',
  ])
  const headings = ['id', 'was', 'reason', 'ticket', 'would be', 'reason', 'ticket', 'queue, priority, tags', 'changed']
  return `${table(headings, cells)}${changed.length} of ${counted(rows.length, 'message')} would be decided otherwise; nothing was changed\n`
}

function ticketText({ ticket, openedBy }: Told): string | null {
  if (openedBy !== null) return `new, of ${openedBy.slice(0, 8)}`
  return typeof ticket === 'number' ? `#${ticket}` : ticket
}

const marksText = ({ queue, priority, tags }: Told) =>
  [queue, priority, ...tags].filter((each) => each !== null).join(', ')
