/**
 * A stub of Microsoft Graph for mail, as its published contract has it: delta query with opaque links and pages,
 * immutable ids by `Prefer`, `$value`, move, delete, folders, at most four requests a mailbox at once, and
 * Microsoft's bodies for errors. It misbehaves where `misdeed` says so.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'

import type { Certificate } from './certificate.ts'
import { type Answered, type Answering, answerTo, type GraphVerb, refusal } from './graph-answers.ts'
import { createGraphMailbox, type GraphMailbox } from './graph-mailbox.ts'
import { type Misdeed, misbehave, send } from './graph-misdeeds.ts'

/** A request as it is understood, before it takes effect. */
export interface Asked {
  readonly verb: GraphVerb
  readonly user: string
  readonly url: string
  readonly token: string
  /** How many requests there were before it, of this verb. */
  readonly nth: number
}

export type Misbehave = (asked: Asked) => Misdeed | undefined | Promise<Misdeed | undefined>

export interface GraphServerOptions {
  /** Whether the token opens the mailbox; by default every token opens every mailbox. */
  readonly admits?: (token: string, user: string) => 'yes' | 'invalid' | 'denied'
  readonly pageSize?: number
  readonly certificate?: Certificate
}

export interface GraphServer extends AsyncDisposable {
  /** As a mailbox has it for its `endpoint`. */
  readonly endpoint: string
  /** Makes it when first asked for. */
  mailbox(user: string): GraphMailbox
  /** Takes the place of what was set before; none: it behaves. */
  misbehave(misdeed?: Misbehave): void
  /** No delta link that was handed out is known any more (410). */
  forget(): void
  /** Each page of a delta answer is told twice, and after it what it tells is told anew. */
  repeat(): void
  /** Hears of each request before it takes effect. Returns how to stop listening. */
  onAsked(listener: (asked: Asked) => unknown): () => void
  readonly asked: readonly Asked[]
  /** The most requests of one mailbox that were ever under way at once. */
  readonly mostAtOnce: number
  /** Resolves once no connection is open. */
  idle(): Promise<void>
}

export async function startGraph(options: GraphServerOptions = {}): Promise<GraphServer> {
  const answering: Answering = { endpoint: '', pageSize: options.pageSize ?? 3, states: new Map(), repeats: false }
  const stub: Stub = {
    ...{ options, answering, mailboxes: new Map(), listeners: new Set(), asked: [], underWay: new Map() },
    ...{ mostAtOnce: 0, misbehave: () => undefined },
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    // A client that has gone is no failure of the test.
    handle(stub, request, response).catch(() => request.socket.destroy())
  }
  const { certificate } = options
  const server = certificate ? createTlsServer(certificate, onRequest) : createServer(onRequest)
  const connections = trackConnections(server, certificate ? 'secureConnection' : 'connection')
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  answering.endpoint = `http${certificate ? 's' : ''}://127.0.0.1:${address.port}/v1.0`
  return {
    endpoint: answering.endpoint,
    mailbox: (user) => {
      const mailbox = stub.mailboxes.get(user) ?? createGraphMailbox()
      stub.mailboxes.set(user, mailbox)
      return mailbox
    },
    misbehave: (misdeed = () => undefined) => {
      stub.misbehave = misdeed
    },
    forget: () => answering.states.clear(),
    repeat: () => {
      answering.repeats = true
    },
    onAsked: (listener) => {
      stub.listeners.add(listener)
      return () => void stub.listeners.delete(listener)
    },
    asked: stub.asked,
    get mostAtOnce() {
      return stub.mostAtOnce
    },
    idle: connections.none,
    async [Symbol.asyncDispose]() {
      connections.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Stub {
  readonly options: GraphServerOptions
  readonly answering: Answering
  readonly mailboxes: Map<string, GraphMailbox>
  readonly listeners: Set<(asked: Asked) => unknown>
  readonly asked: Asked[]
  /** Requests by mailbox. */
  readonly underWay: Map<string, number>
  mostAtOnce: number
  misbehave: Misbehave
}

function trackConnections(server: Server, event: string) {
  const sockets = new Set<Socket>()
  const waiting: (() => void)[] = []
  server.on(event, (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve()
    })
  })
  return {
    none: async () => {
      if (sockets.size > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    destroy: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function handle(stub: Stub, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const understood = understand(request)
  const { verb, user } = understood
  const body = await bodyOf(request)
  const asked: Asked = { ...understood, nth: stub.asked.filter((before) => before.verb === verb).length + 1 }
  stub.asked.push(asked)
  const atOnce = (stub.underWay.get(user) ?? 0) + 1
  stub.underWay.set(user, atOnce)
  stub.mostAtOnce = Math.max(stub.mostAtOnce, atOnce)
  try {
    for (const listener of stub.listeners) await listener(asked)
    const answer = () =>
      admit(stub, asked, atOnce) ?? answerTo(stub.answering, stub.mailboxes.get(user), asked, request, body)
    const misdeed = await stub.misbehave(asked)
    if (misdeed === undefined) await send(response, answer())
    else await misbehave(misdeed, response, request.socket, answer)
  } finally {
    stub.underWay.set(user, (stub.underWay.get(user) ?? 1) - 1)
  }
}

/** Of one app and mailbox at once. */
const REQUESTS_LIMIT = 4

/** The refusal, or null. */
function admit({ options }: Stub, { token, user }: Asked, atOnce: number): Answered | null {
  const admitted = options.admits?.(token, user) ?? 'yes'
  if (admitted === 'invalid') return refusal(401, 'InvalidAuthenticationToken')
  if (admitted === 'denied') return refusal(403, 'ErrorAccessDenied')
  if (atOnce <= REQUESTS_LIMIT) return null
  return { ...refusal(429, 'ApplicationThrottled'), headers: { 'retry-after': '1' } }
}

/** `/users/{id}/...` as people write it and `users('{id}')/...` as Graph writes it in links are the same. */
function understand(request: IncomingMessage): Omit<Asked, 'nth'> {
  const url = request.url ?? ''
  const path = (url.split('?')[0] ?? '').replace(/\('((?:[^']|'')*)'\)/g, '/$1')
  const [, user = '', rest = ''] = /^\/v1\.0\/users\/([^/]+)(\/.*)$/.exec(path) ?? []
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  return { verb: verbOf(request.method ?? '', rest), user: decodeURIComponent(user), url, token }
}

const ROUTES: readonly (readonly [string, RegExp, GraphVerb])[] = [
  ['GET', /^\/mailFolders\/inbox$/i, 'login'],
  ['GET', /^\/mailFolders\/[^/]+\/messages\/delta$/i, 'list'],
  ['GET', /^\/mailFolders$/i, 'folders'],
  ['POST', /^\/mailFolders$/i, 'make folder'],
  ['GET', /^(?:\/mailFolders\/[^/]+)?\/messages\/[^/]+\/\$value$/i, 'download'],
  ['GET', /^(?:\/mailFolders\/[^/]+)?\/messages\/[^/]+$/i, 'look'],
  ['POST', /^(?:\/mailFolders\/[^/]+)?\/messages\/[^/]+\/move$/i, 'move'],
  ['DELETE', /^(?:\/mailFolders\/[^/]+)?\/messages\/[^/]+$/i, 'delete'],
]

function verbOf(method: string, path: string): GraphVerb {
  return ROUTES.find(([of, pattern]) => of === method && pattern.test(path))?.[2] ?? 'unknown'
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return text
}
