/**
 * Microsoft Graph: the inbox of a mailbox as a `MailSession`.
 *
 * Guaranteed: the list is complete (inbox.ts says why) and made of immutable ids; octets count as a message only with
 * their own end mark; messages are removed in `commit` alone, and only those that this session has listed (I2); the
 * token goes to the server of the endpoint only; every failure is a typed error within the limits.
 * Not guaranteed: the same octets at each download, for the server keeps no MIME; that nothing was removed where
 * `commit` fails midway: the next list tells.
 */
import type { Account } from '../../config.ts'
import { asMailchuteError, type ErrorCode, MailchuteError } from '../../errors.ts'
import type { Setting } from '../connection.ts'
import { failuresOf } from '../failure.ts'
import { lifetimeOf } from '../lifetime.ts'
import type { Connect, MailSession, OctetSink, Remembered, RemoteMessage, RetrievedMessage } from '../source.ts'
import { type Ask, type Graph, graphOf, NotThere } from './graph.ts'
import { type Inbox, type InboxMessage, readInbox } from './inbox.ts'
import { type Endable, endable } from './lifetime.ts'
import { GRAPH_LIMITS, type GraphLimits } from './limits.ts'
import { downloadMessage, identityDigest, receivedAt } from './message.ts'
import { folder, removeMessages } from './removal.ts'

/** `now` decides whether the kept cursor is too old. */
export function graph(
  mailbox: Account,
  limits: Partial<GraphLimits> = {},
  now: () => Date = () => new Date(),
): Connect {
  return async (signal, remembered = nothing) => {
    const account = atEndpoint(mailbox)
    const failures = failuresOf(account)
    if (account.credentials.kind !== 'access-token') {
      throw failures.failure('source/auth-unsupported', 'Graph takes no passwords')
    }
    if (!HEADER_TOKEN.test(account.credentials.token)) {
      throw failures.failure('config/invalid', 'the token holds a character that no header can have')
    }
    const own = { ...GRAPH_LIMITS, ...limits }
    const lifetime = endable(lifetimeOf(signal, own.sessionMs, failures))
    const setting: GraphSetting = { mailbox: account, limits: own, failures, lifetime }
    try {
      const opened = graphOf(setting)
      const { id: inboxId } = await opened.json(INBOX, folder)
      const readList = async () => readInbox(opened, setting, await remembered(), now())
      return sessionOf(opened, setting, { inboxId, readList })
    } catch (error) {
      lifetime.end(asMailchuteError(error))
      throw error
    }
  }
}

/** RFC 9110 section 5.5: printable ASCII. */
const HEADER_TOKEN = /^[\x20-\x7e]*$/

/** Cheap, and answered only to those who may read the mailbox. */
const INBOX: Ask = { verb: 'login', method: 'GET', about: 'login', at: '/mailFolders/inbox?$select=id' }

type GraphSetting = Setting<GraphLimits> & { readonly lifetime: Endable }

interface Opened {
  readonly inboxId: string
  readonly readList: () => Promise<Inbox>
}

const nothing = async (): Promise<Remembered> => ({ cursor: null, present: [] })

/** The address to connect to is that of the endpoint. */
function atEndpoint(mailbox: Account): Account {
  const { protocol, hostname, port } = new URL(mailbox.endpoint ?? '')
  const isTls = protocol === 'https:'
  return {
    ...mailbox,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    security: isTls ? 'tls' : 'plain',
  }
}

function sessionOf(graph: Graph, setting: GraphSetting, { inboxId, readList }: Opened): MailSession {
  const { lifetime, mailbox } = setting
  const list = createList(setting, readList)
  const marked = new Set<string>()
  const over = setting.failures.failure('source/connection-lost', 'the session is over')

  /** Every call: refused once the session is over; a promise that nobody awaits yet must not end the process. */
  const call = <T>(action: () => Promise<T>): Promise<T> => {
    const outcome = lifetime.ended === null ? action().catch(settle) : Promise.reject(lifetime.ended)
    outcome.catch(() => undefined)
    return outcome
  }
  const settle = (error: unknown): never => {
    if (error instanceof NotThere) {
      list.doubt()
      throw error.cause
    }
    if (!isOfOneMessage(error)) lifetime.end(endOf(error, setting))
    throw error
  }
  const retrieve = async (message: InboxMessage, sink: OctetSink): Promise<RetrievedMessage> => {
    const headerSha256 = await identityDigest(graph, message)
    return { ...(await downloadMessage(graph, setting, message.uniqueId, sink)), headerSha256 }
  }
  const commit = async (): Promise<void> => {
    try {
      await removeMessages(graph, setting, { uniqueIds: [...marked], inboxId, onMissing: list.doubt })
    } finally {
      lifetime.end(over)
    }
  }

  return {
    capabilities: [`Microsoft Graph ${mailbox.endpoint}`, 'ImmutableId', 'delta'],
    get cursor() {
      return list.cursor()
    },
    canStopMidway: true,
    list: () => call(list.read),
    retrieve: (message, sink) => call(async () => retrieve(list.find(message), sink)),
    headerDigest: (message) => call(async () => identityDigest(graph, list.find(message))),
    receivedAt: (message) => call(async () => receivedAt(graph, list.find(message))),
    markDeleted: (message) => call(async () => void marked.add(list.find(message).uniqueId)),
    commit: () => call(commit),
    [Symbol.asyncDispose]: async () => lifetime.end(over),
  }
}

/** The session's one list, and what of it may be remembered. */
function createList({ failures }: Setting, readList: () => Promise<Inbox>) {
  const listed = new Map<string, InboxMessage>()
  let reading: Promise<readonly RemoteMessage[]> | null = null
  let cursor: string | null = null
  const read = async () => {
    const inbox = await readList()
    cursor = inbox.cursor
    return inbox.messages.map((message, index): RemoteMessage => {
      listed.set(`${index + 1} ${message.uniqueId}`, message)
      return { uniqueId: message.uniqueId, sizeBytes: UNKNOWN, number: index + 1 }
    })
  }
  return {
    read: () => (reading ??= read()),
    cursor: () => cursor,
    /** One that was listed is not there: the list is wrong, or somebody was quicker. */
    doubt: () => {
      cursor = null
    },
    /** I2: only what this session has listed. */
    find: ({ uniqueId, number }: RemoteMessage): InboxMessage => {
      const message = listed.get(`${number} ${uniqueId}`)
      if (message !== undefined) return message
      throw failures.failure('internal/bug', 'this session has not listed that message')
    },
  }
}

/** Graph does not tell it. */
const UNKNOWN = 0

const OF_ONE_MESSAGE: ReadonlySet<ErrorCode> = new Set([
  'source/message-refused',
  'source/message-empty',
  'source/message-too-large',
  'source/server-busy',
  'internal/bug',
])

const isOfOneMessage = (error: unknown) => error instanceof MailchuteError && OF_ONE_MESSAGE.has(error.code)

/** What later calls are told: a failure of the source is theirs, too; that of a sink is not. */
function endOf(error: unknown, { failures }: Setting): MailchuteError {
  if (error instanceof MailchuteError && error.code.startsWith('source/')) return error
  return failures.failure('source/connection-lost', 'ended by the failure of another call', { cause: error })
}
