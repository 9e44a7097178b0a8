/** `mailchute messages reprocess`: back into work, by today's rules; or, first, what these would decide. */
import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import type { AgainFilter } from '../store/again.ts'
import type { MessageDetail } from '../store/messages.ts'
import { type App, openApp } from './app.ts'
import { cliActor } from './cli-actor.ts'
import { assertInOrder, endOf, instantOf } from './instant.ts'
import { knownMailbox } from './known-mailbox.ts'
import { findMessage, stateOf } from './messages.ts'
import { dryRun } from './reprocess-dry-run.ts'
import { counted, print, printJson } from './terminal.ts'

export interface ReprocessOptions {
  readonly state?: string
  readonly reason?: string
  readonly mailbox?: string
  readonly since?: string
  readonly until?: string
  readonly note?: string
  readonly judgeAgain: boolean
  readonly dryRun: boolean
  readonly json: boolean
}

export async function reprocessMessages(
  config: Config,
  ids: readonly string[],
  options: ReprocessOptions,
): Promise<void> {
  const range: AgainFilter = {
    state: stateOf(options.state),
    reason: options.reason,
    mailbox: options.mailbox?.toLowerCase(),
    since: instantOf('--since', options.since) ?? undefined,
    until: endOf('--until', options.until) ?? undefined,
  }
  assertChosen(ids, range)
  assertInOrder(range.since ?? null, range.until ?? null, ['--since', '--until'])
  if (!options.dryRun && range.state !== undefined)
    assertWorkableState(range.state, `no message that is ${range.state} can be worked again`)
  await using app = await openApp(config)
  if (options.mailbox !== undefined) await knownMailbox(app, options.mailbox)
  const messages = await Promise.all(ids.map((id) => findMessage(app, id)))
  const filter = ids.length === 0 ? range : { ...range, ids: messages.map(({ id }) => id) }
  if (options.dryRun) return await dryRun(app, filter, options)
  for (const message of messages) assertWorkable(message)
  await reprocess(app, filter, options)
}

/** All messages there are is more than anybody means by saying nothing. */
function assertChosen(ids: readonly string[], range: AgainFilter): void {
  if (ids.length > 0 || Object.values(range).some((value) => value !== undefined)) return
  throw new MailchuteError('usage/invalid', 'which messages?', {
    hint: 'name their ids, or choose them with --state, --reason, --mailbox, --since or --until',
  })
}

function assertWorkableState(state: MessageDetail['state'], what: string): void {
  if (state === 'quarantined' || state === 'suppressed') return
  throw new MailchuteError('usage/invalid', what, {
    hint: 'only quarantined and suppressed messages can be worked again',
  })
}

function assertWorkable({ id, state, rawMessage: { purgedAt } }: MessageDetail): void {
  assertWorkableState(state, `message ${id} is ${state}`)
  if (purgedAt === null) return
  const day = purgedAt.toISOString().slice(0, 10)
  throw new MailchuteError('store/purged', `the octets of message ${id} were removed on ${day}`)
}

const MESSAGES_A_PAGE = 500

async function reprocess(app: App, filter: AgainFilter, { note, judgeAgain, json }: ReprocessOptions): Promise<void> {
  const by = { actor: cliActor(), ...(note === undefined ? {} : { note }) }
  const queue = await app.openQueue()
  const workAgain = judgeAgain ? app.store.messages.judgeAgain : app.store.messages.reprocess
  let count = 0
  for (let after: string | null = null, more = true; more; ) {
    const page = await app.store.again.workable(filter, after, MESSAGES_A_PAGE)
    const waiting: string[] = []
    for (const id of page) if (await workAgain(id, by)) waiting.push(id)
    if (waiting.length > 0) await queue.wake(waiting)
    if (json) for (const id of waiting) printJson({ id })
    count += waiting.length
    after = page.at(-1) ?? after
    more = page.length === MESSAGES_A_PAGE
  }
  if (json) return
  const [verb] = count === 1 ? ['waits'] : ['wait']
  print(`${counted(count, 'message')} ${verb} to be worked again: \`mailchute run\` or \`mailchute drain\` does it\n`)
}
