/**
 * HTTP: the console, and whether it lives, whether it can work, and how things stand. What shows mail, addresses or
 * settings asks for a login (access/guard.ts); health and metrics do not, for they show numbers and names of mailboxes
 * only.
 */
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import fastify, { type FastifyInstance } from 'fastify'
import type { OidcConfig } from '../config/oidc.ts'
import type { MailboxConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { ParsePool } from '../ticketing/parse-pool.ts'
import { addGuard } from './access/guard.ts'
import { addSecurityHeaders } from './access/headers.ts'
import { createHostCheck } from './access/host.ts'
import { addLogin, type LoginDeps, logOut } from './access/login.ts'
import { createIssuer } from './access/oidc/issuer.ts'
import { createSessions } from './access/session.ts'
import type { ConsoleTokens } from './access/tokens.ts'
import { addApi } from './api/api.ts'
import { addAssets } from './assets.ts'
import { createAttachments } from './attachments.ts'
import { addHealth, type Health } from './health.ts'
import { addEvents } from './live/events.ts'
import { addActions } from './pages/actions/actions.ts'
import { addErrorPages, answerUnreadable } from './pages/errors.ts'
import { addMail } from './pages/message/mail.ts'
import { addMessage } from './pages/message/message.ts'
import { addPart } from './pages/message/part.ts'
import { addSource } from './pages/message/source.ts'
import { addMessages } from './pages/messages.ts'
import { addOutbox } from './pages/outbox.ts'
import { addOverview } from './pages/overview/overview.ts'
import { addPolls } from './pages/polls.ts'
import { addQuarantine } from './pages/quarantine.ts'
import { addReasons } from './pages/reasons-page.ts'
import { addTicket } from './pages/ticket/ticket.ts'
import { addTickets } from './pages/tickets.ts'
import { createSanitising } from './sanitising/sanitising.ts'

export interface ConsoleDeps {
  readonly store: Store
  readonly mailboxes: readonly MailboxConfig[]
  /** null: nobody can log in, health and metrics are all there is. */
  readonly tokens: ConsoleTokens | null
  /** Where browsers reach the console, if that is known. */
  readonly consoleUrl?: string | null
  /** Without it people log in by token alone. */
  readonly oidc?: OidcConfig | null
  /** Hears of logins and faults. */
  readonly log?: Pick<Log, 'event' | 'failure'>
  /** Reads the mail that people look at; its end is that of who made it. */
  readonly parsePool: ParsePool
  /** Tells the workers that these messages wait. */
  readonly wake: (inboundMessageIds: readonly string[]) => Promise<void>
  /** Asks for a poll of that mailbox. */
  readonly requestPoll: (mailbox: string) => Promise<void>
  readonly now: () => Date
  /** null: there is no queue here to tell of. */
  readonly queue: Health['queue']
}

export interface Console {
  readonly port: number
  /** All that it answers. */
  readonly routes: readonly { readonly method: string; readonly url: string }[]
  close(): Promise<void>
}

/**
 * Anybody may connect: nobody keeps a connection by sending slowly, nor by reading nothing. What takes longest to answer
 * is a mail that is read anew and made safe, 25 s; a database that is cut off takes for ever.
 */
const LIMITS = { requestTimeout: 30_000, connectionTimeout: 120_000, handlerTimeout: 40_000, http: {} }
/** The mailboxes are polled by the same process, out of the same number of files. */
const CONNECTIONS = 500

/** Rejects with `runtime/port-taken`. */
export async function startConsole(
  deps: ConsoleDeps,
  at: { host: string; port: number },
  limits: Partial<typeof LIMITS> = {},
): Promise<Console> {
  const server = fastify({
    ...LIMITS,
    ...limits,
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    trustProxy: 'loopback',
    frameworkErrors: answerUnreadable,
  })
  server.server.maxConnections = CONNECTIONS
  const routes: { method: string; url: string }[] = []
  server.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, url })
  })
  addSecurityHeaders(server)
  addErrorPages(server, deps.log)
  addHealth(server, { ...deps, checkHost: createHostCheck(at.host, deps.consoleUrl ?? null) })
  if (deps.tokens !== null) await addConsole(server, deps, deps.tokens)
  try {
    await server.listen(at)
  } catch (error) {
    throw notListening(at, error)
  }
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    routes,
    close: () => server.close(),
  }
}

async function addConsole(server: FastifyInstance, deps: ConsoleDeps, tokens: ConsoleTokens): Promise<void> {
  const sanitising = createSanitising()
  const attachments = createAttachments(deps)
  server.addHook('onClose', () => sanitising.close())
  const { oidc = null, log = SILENT, now } = deps
  const issuer = oidc === null ? null : createIssuer(oidc, now)
  const login: LoginDeps = { tokens, sessions: createSessions(tokens, oidc), now, oidc, issuer, log }
  await server.register(cookie)
  await server.register(formbody)
  await addAssets(server)
  await addLogin(server, login)
  await server.register(async (guarded) => {
    addGuard(guarded, login)
    guarded.post('/logout', { config: { isForReaders: true } }, (request, reply) => logOut(request, reply, login))
    addOverview(guarded, deps)
    addMessages(guarded, deps)
    addMessage(guarded, deps)
    addMail(guarded, deps, sanitising)
    addPart(guarded, deps, attachments)
    addSource(guarded, deps)
    addTickets(guarded, deps)
    addTicket(guarded, deps)
    addPolls(guarded, deps)
    addOutbox(guarded, deps)
    addQuarantine(guarded, deps)
    addActions(guarded, deps)
    addReasons(guarded)
    addEvents(guarded, deps)
    await addApi(guarded, { ...deps, sanitising, attachments })
  })
}

const SILENT: Pick<Log, 'event' | 'failure'> = { event: () => undefined, failure: () => undefined }

function notListening({ host, port }: { host: string; port: number }, cause: unknown): MailchuteError {
  const { code = '' } = cause as NodeJS.ErrnoException
  const message = `${host}:${port} cannot be listened on (${code})`
  if (code === 'EADDRINUSE') return new MailchuteError('runtime/port-taken', `${host}:${port} is taken`, { cause })
  return new MailchuteError('runtime/port-taken', message, { cause, hint: 'check HTTP_HOST and HTTP_PORT' })
}
