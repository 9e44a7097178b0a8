/** What goes out: acknowledgements and webhooks. */
import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import type { ListedOutbox } from '../store/browse/outbox.ts'
import { outboxShape } from '../store/browse/shapes.ts'
import type { Store } from '../store/store.ts'
import { openApp } from './app.ts'
import { ago, print, printable, printJson, table } from './terminal.ts'

const PAGE = 500
const STATES = ['waiting', 'sent', 'failed', 'skipped'] as const

export interface OutboxOptions {
  readonly state?: string
  readonly json: boolean
}

/** Newest first; as a table the newest page. */
export async function listOutbox(config: Config, { state, json }: OutboxOptions): Promise<void> {
  const filter = state === undefined ? {} : { state: stateOf(state) }
  await using app = await openApp(config)
  for await (const page of pages(app.store, filter)) {
    if (!json) return print(outboxTable(page))
    for (const row of page) printJson(outboxShape(row))
  }
  if (!json) print('nothing goes out\n')
}

function stateOf(name: string) {
  const state = STATES.find((each) => each === name)
  if (state !== undefined) return state
  throw new MailchuteError('usage/invalid', `no such state: ${printable(name, 30)}`, {
    hint: `states: ${STATES.join(', ')}`,
  })
}

async function* pages(store: Store, filter: { state?: (typeof STATES)[number] }): AsyncGenerator<ListedOutbox[]> {
  for (let before: bigint | null = null; ; ) {
    const page = await store.browse.outbox(filter, before, PAGE)
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    before = page.at(-1)?.id ?? null
  }
}

function outboxTable(page: readonly ListedOutbox[]): string {
  const now = new Date()
  return table(
    ['id', 'target', 'to', 'ticket', 'state', 'reason', 'attempts', 'written'],
    page.map((row) => [
      String(row.id),
      row.target,
      printable(row.recipient, 40),
      row.ticket === null ? '' : `#${row.ticket.number}`,
      row.state,
      row.reason,
      row.attempts,
      ago(row.createdAt, now),
    ]),
  )
}

/** Of a webhook: who was written to once must not be a second time. */
export async function replayOutbox(config: Config, id: string): Promise<void> {
  await using app = await openApp(config)
  const replayed = /^[1-9]\d{0,17}$/.test(id) ? await app.store.webhooks.replay(id, { actor: 'cli' }) : 'unknown'
  if (replayed === 'unknown') {
    throw new MailchuteError('usage/not-found', `there is no ${printable(id, 20)} in the outbox`, {
      hint: 'list what there is with `mailchute outbox`',
    })
  }
  if (replayed === 'refused') {
    throw new MailchuteError('usage/invalid', `${id} waits already, or is no webhook's`, {
      hint: 'only what a webhook was told can be sent again',
    })
  }
  print(`${id} is sent again: \`mailchute run\` or \`mailchute drain\` does it\n`)
}
