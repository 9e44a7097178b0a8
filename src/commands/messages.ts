import { once } from 'node:events'
import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { messageFields, messageShape } from '../store/browse/shapes.ts'
import type { ListedMessage, MessageDetail, MessageFilter } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import { type App, openApp } from './app.ts'
import { knownMailbox } from './known-mailbox.ts'
import { ago, bytes, print, printable, printJson, table } from './terminal.ts'

const PAGE = 500
const STATES = ['received', 'ticketed', 'suppressed', 'quarantined'] as const

export interface ListOptions {
  readonly state?: string
  readonly mailbox?: string
  readonly json: boolean
}

export async function listMessages(config: Config, options: ListOptions): Promise<void> {
  const filter = { state: stateOf(options.state), mailbox: options.mailbox?.toLowerCase() }
  await using app = await openApp(config)
  if (options.mailbox !== undefined) await knownMailbox(app, options.mailbox)
  const rows: ListedMessage[] = []
  for await (const page of pages(app.store, filter)) {
    if (options.json) for (const message of page) printJson(listed(message))
    else rows.push(...page)
  }
  if (!options.json) print(messageTable(rows))
}

export function stateOf(name: string | undefined) {
  const state = STATES.find((each) => each === name)
  if (name === undefined || state !== undefined) return state
  throw new MailchuteError('usage/invalid', `no such state: ${printable(name, 30)}`, {
    hint: `states: ${STATES.join(', ')}`,
  })
}

async function* pages(store: Store, filter: MessageFilter): AsyncGenerator<ListedMessage[]> {
  for (let after: string | null = null; ; ) {
    const page = await store.messages.list(filter, after, PAGE)
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    after = page.at(-1)?.id ?? null
  }
}

const listed = (message: ListedMessage) => messageShape(messageFields(message))

function messageTable(messages: readonly ListedMessage[]): string {
  const now = new Date()
  const rows = messages.map((message) => [
    message.id.slice(0, 8),
    message.mailbox.name,
    message.state,
    message.reason,
    ticketMark(message),
    bytes(message.rawMessage.sizeBytes),
    printable(message.messageId ?? '', 40),
    ago(message.receivedAt, now),
  ])
  const headings = ['id', 'mailbox', 'state', 'reason', 'ticket', 'size', 'message-id', 'received']
  return rows.length === 0 ? 'no messages\n' : table(headings, rows)
}

function ticketMark(message: ListedMessage): string {
  const { ticket } = messageFields(message)
  return ticket === null ? '' : `#${ticket}`
}

/** The whole way of one message: every event with its code. */
export async function showMessage(config: Config, id: string, options: { json: boolean }): Promise<void> {
  await using app = await openApp(config)
  const message = await findMessage(app, id)
  const events = message.events.map(({ at, code, detail }) => ({ at: at.toISOString(), code, detail }))
  if (options.json) return printJson({ ...listed(message), events })
  const about = Object.entries(listed(message)).map(
    ([name, value]) => `${name.padEnd(12)}${printable(String(value ?? ''))}\n`,
  )
  const way = events.map(({ at, code, detail }) => [at, code, printable(JSON.stringify(detail))])
  print(`${about.join('')}\n${table(['at', 'event', 'detail'], way)}`)
}

/** The exact octets, as the server had them. */
export async function rawMessage(config: Config, id: string): Promise<void> {
  await using app = await openApp(config)
  const { sha256 } = await findMessage(app, id)
  for await (const octets of app.store.raw.octets(sha256)) {
    if (!process.stdout.write(octets)) await once(process.stdout, 'drain')
  }
}

export async function findMessage(app: App, id: string): Promise<MessageDetail> {
  const message = await app.store.messages.find(id)
  if (message !== null) return message
  throw new MailchuteError(
    'usage/not-found',
    `there is no message ${printable(id, 40)}, or more than one starts like that`,
  )
}
