/** What Graph answers to a request, and does. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

import type { Change, GraphFolder, GraphItem, GraphMailbox } from './graph-mailbox.ts'

export type GraphVerb =
  | 'login'
  | 'list'
  | 'folders'
  | 'make folder'
  | 'download'
  | 'look'
  | 'move'
  | 'delete'
  | 'unknown'

export interface Answering {
  endpoint: string
  readonly pageSize: number
  /** What each link stands for that was handed out. */
  readonly states: Map<string, State>
  repeats: boolean
}

/** Pages that are still to come, or none: then what changes after `position`. */
interface State {
  readonly folder: GraphFolder
  readonly position: number
  readonly rest: readonly Change[]
  readonly select: readonly string[]
}

export interface Answered {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Iterable<Buffer>
}

interface Understood {
  readonly verb: GraphVerb
  readonly user: string
  readonly url: string
}

export function refusal(status: number, code: string): Answered {
  const innerError = { date: '2026-11-02T09:00:00', 'request-id': 'b3c2', 'client-request-id': 'b3c2' }
  return {
    status,
    body: JSON.stringify({ error: { code, message: MESSAGES[code] ?? 'An error occurred.', innerError } }),
  }
}

const MESSAGES: Readonly<Record<string, string>> = {
  InvalidAuthenticationToken: 'Access token has expired or is not yet valid.',
  ErrorAccessDenied: 'Access is denied. Check credentials and try again.',
  ErrorItemNotFound: 'The specified object was not found in the store.',
  ErrorInvalidUser: "The requested user 'nobody@example.org' is invalid.",
  MailboxNotEnabledForRESTAPI: 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
  ApplicationThrottled: 'Application is over its MailboxConcurrency limit.',
  SyncStateNotFound: 'The sync state generation is not found; generation=149;[highest=157][157][155][156].',
  ErrorFolderExists: 'A folder with the specified name already exists.',
}

export function answerTo(
  answering: Answering,
  mailbox: GraphMailbox | undefined,
  { verb, url }: Understood,
  request: IncomingMessage,
  body: string,
): Answered {
  if (mailbox === undefined) return refusal(404, 'ErrorInvalidUser')
  const asked = new URL(url, answering.endpoint)
  const prefer = String(request.headers['prefer'] ?? '')
  const isImmutable = /IdType="ImmutableId"/.test(prefer)
  if (verb === 'login') return json(200, mailbox.folder('inbox'))
  if (verb === 'folders') return json(200, { value: mailbox.folders })
  if (verb === 'make folder') return makeFolder(mailbox, body)
  if (verb === 'list') return delta(answering, mailbox, asked, { isImmutable, prefer, user: userIn(asked) })
  const id = decodeURIComponent(/\/messages\/([^/]+)/.exec(asked.pathname)?.[1] ?? '')
  const item = mailbox.find(id)
  if (verb === 'unknown') return refusal(400, 'BadRequest')
  const folder = /\/mailFolders\/([^/]+)\//.exec(asked.pathname)?.[1]
  const isElsewhere = folder !== undefined && item?.folder !== mailbox.folder(decodeURIComponent(folder))
  if (item === undefined || isElsewhere) return refusal(404, 'ErrorItemNotFound')
  if (verb === 'download') return { status: 200, body: item.mime() }
  if (verb === 'look') return json(200, shown(item, isImmutable, ['internetMessageId', 'receivedDateTime']))
  if (verb === 'move') return move(mailbox, item, isImmutable, body)
  mailbox.remove(item)
  return { status: 204, body: '' }
}

const json = (status: number, value: unknown): Answered => ({ status, body: JSON.stringify(value) })
const userIn = ({ pathname }: URL) => /\/users(?:\/|\(')([^/']+)/.exec(pathname)?.[1] ?? ''

function makeFolder(mailbox: GraphMailbox, body: string): Answered {
  const { displayName } = JSON.parse(body) as { displayName: string }
  const exists = mailbox.folders.some((folder) => folder.displayName.toLowerCase() === displayName.toLowerCase())
  return exists ? refusal(409, 'ErrorFolderExists') : json(201, mailbox.addFolder(displayName))
}

function move(mailbox: GraphMailbox, item: GraphItem, isImmutable: boolean, body: string): Answered {
  const { destinationId } = JSON.parse(body) as { destinationId: string }
  const to = mailbox.folder(destinationId)
  if (to === undefined) return refusal(400, 'ErrorInvalidIdMalformed')
  mailbox.move(item, to)
  return json(201, { ...shown(item, isImmutable, ['receivedDateTime']), parentFolderId: to.id })
}

interface DeltaOptions {
  readonly isImmutable: boolean
  readonly prefer: string
  readonly user: string
}

function delta(answering: Answering, mailbox: GraphMailbox, asked: URL, options: DeltaOptions): Answered {
  const link = asked.searchParams.get('$skiptoken') ?? asked.searchParams.get('$deltatoken')
  const state = link === null ? firstRound(mailbox, asked) : answering.states.get(link)
  if (state === undefined) return refusal(410, 'SyncStateNotFound')
  const isDelta = asked.searchParams.has('$deltatoken')
  const rest = isDelta ? mailbox.changesSince(state.position, state.folder) : state.rest
  const position = isDelta ? mailbox.position() : state.position
  const size = Math.min(answering.pageSize, Number(/maxpagesize=(\d+)/.exec(options.prefer)?.[1] ?? 10))
  const page = rest.slice(0, size)
  const next: State = { ...state, position, rest: rest.slice(size) }
  const lines = page.map((change) => lineOf(change, options.isImmutable, state.select))
  const told = answering.repeats ? [...lines, ...lines] : lines
  return json(200, {
    '@odata.context': `${answering.endpoint}/$metadata#Collection(message)`,
    value: told,
    ...linkTo(answering, next, options),
  })
}

/** Everything that is in the folder, in no certain order. */
function firstRound(mailbox: GraphMailbox, asked: URL): State | undefined {
  const folder = mailbox.folder('inbox')
  if (folder === undefined) return undefined
  const rest = mailbox.inFolder('inbox').reverse()
  return {
    folder,
    position: mailbox.position(),
    rest: rest.map((item) => ({ immutableId: item.immutableId, id: item.id, item })),
    select: (asked.searchParams.get('$select') ?? '').split(',').filter((name) => name !== ''),
  }
}

function linkTo({ endpoint, states }: Answering, next: State, { user }: DeltaOptions): Record<string, string> {
  const token = randomBytes(40).toString('base64url')
  states.set(token, next)
  const at = `${endpoint}/users('${user}')/mailFolders('inbox')/messages/delta`
  if (next.rest.length > 0) return { '@odata.nextLink': `${at}?$skiptoken=${token}` }
  return { '@odata.deltaLink': `${at}?$deltatoken=${token}` }
}

function lineOf({ immutableId, id, item }: Change, isImmutable: boolean, select: readonly string[]) {
  if (item !== null) return shown(item, isImmutable, select)
  return {
    '@odata.type': '#microsoft.graph.message',
    id: isImmutable ? immutableId : id,
    '@removed': { reason: 'deleted' },
  }
}

function shown(item: GraphItem, isImmutable: boolean, select: readonly string[]): Record<string, unknown> {
  const { internetMessageId, receivedDateTime, immutableId, id } = item
  const properties: Record<string, string> = { internetMessageId, receivedDateTime }
  return {
    '@odata.type': '#microsoft.graph.message',
    '@odata.etag': `W/"${randomBytes(8).toString('base64')}"`,
    ...Object.fromEntries(select.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]]))),
    id: isImmutable ? immutableId : id,
  }
}
