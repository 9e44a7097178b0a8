/**
 * A stub of Microsoft Graph for mail, as its published contract has it: delta query with opaque links and pages,
 * immutable ids by `Prefer`, `$value`, move, delete, folders, at most four requests a mailbox at once, and
 * Microsoft's bodies for errors. It misbehaves where `misdeed` says so.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import type { Certificate } from './certificate.ts'
import { type Answering, answerTo, type GraphVerb, refusal } from './graph-answers.ts'
import { createGraphMailbox, type GraphMailbox } from './graph-mailbox.ts'

/** A request as it is understood, before it takes effect. */
export interface Asked {
  readonly verb: GraphVerb
  readonly user: string
  readonly url: string
  readonly token: string
  /** How many requests there were before it, of this verb. */
  readonly nth: number
}

/** What is done in place of an answer, or to it. */
export type Misdeed =
  | {
      readonly kind: 'refuse'
      readonly status: number
      readonly code: string
      readonly headers?: Record<string, string>
    }
  /** RST, before it takes effect or after: then the answer is lost. */
  | { readonly kind: 'reset'; readonly effect: boolean }
  /** So many octets of the body, then RST, FIN or nothing more. */
  | { readonly kind: 'cut'; readonly octets: number; readonly how: 'reset' | 'end' | 'stall' }
  | { readonly kind: 'stall' }
  | {
      readonly kind: 'say'
      readonly status?: number
      readonly text: string | Iterable<string>
      readonly headers?: Record<string, string>
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
  const mailboxes = new Map<string, GraphMailbox>()
  const listeners = new Set<(asked: Asked) => unknown>()
  const sockets = new Set<Socket>()
  const waiting: (() => void)[] = []
  const asked: Asked[] = []
  const underWay = new Map<string, number>()
  let mostAtOnce = 0
  let misbehave: Misbehave = () => undefined
  const answering: Answering = { endpoint: '', pageSize: options.pageSize ?? 3, states: new Map(), repeats: false }

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const understood = understand(request)
    const { verb, user } = understood
    const body = await bodyOf(request)
    const one: Asked = { ...understood, nth: asked.filter((before) => before.verb === verb).length + 1 }
    asked.push(one)
    const count = (underWay.get(user) ?? 0) + 1
    underWay.set(user, count)
    mostAtOnce = Math.max(mostAtOnce, count)
    try {
      for (const listener of listeners) await listener(one)
      const misdeed = await misbehave(one)
      if (misdeed?.kind === 'stall') return await once(response, 'close')
      if (misdeed?.kind === 'reset' && !misdeed.effect) return request.socket.resetAndDestroy()
      if (misdeed?.kind === 'refuse') {
        const { status, code, headers = {} } = misdeed
        return await send(response, { ...refusal(status, code), headers })
      }
      if (misdeed?.kind === 'say') return await say(response, misdeed)
      const admitted = options.admits?.(one.token, user) ?? 'yes'
      const answer =
        admitted === 'invalid'
          ? refusal(401, 'InvalidAuthenticationToken')
          : admitted === 'denied'
            ? refusal(403, 'ErrorAccessDenied')
            : count > 4
              ? { ...refusal(429, 'ApplicationThrottled'), headers: { 'retry-after': '1' } }
              : answerTo(answering, mailboxes.get(user), understood, request, body)
      if (misdeed?.kind === 'reset') return request.socket.resetAndDestroy()
      if (misdeed?.kind === 'cut') return await cut(response, request.socket, answer.body, misdeed)
      return await send(response, answer)
    } finally {
      underWay.set(user, (underWay.get(user) ?? 1) - 1)
    }
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    // A client that has gone is no failure of the test.
    handle(request, response).catch(() => request.socket.destroy())
  }
  const server = options.certificate ? createTlsServer(options.certificate, onRequest) : createServer(onRequest)
  server.on(options.certificate ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket)
    socket
      .on('error', () => undefined)
      .once('close', () => {
        sockets.delete(socket)
        if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve()
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  answering.endpoint = `http${options.certificate ? 's' : ''}://127.0.0.1:${address.port}/v1.0`
  return {
    endpoint: answering.endpoint,
    mailbox: (user) => {
      const existing = mailboxes.get(user) ?? createGraphMailbox()
      mailboxes.set(user, existing)
      return existing
    },
    misbehave: (misdeed = () => undefined) => {
      misbehave = misdeed
    },
    forget: () => answering.states.clear(),
    repeat: () => {
      answering.repeats = true
    },
    onAsked: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    asked,
    get mostAtOnce() {
      return mostAtOnce
    },
    idle: async () => {
      if (sockets.size > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
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
  ['GET', /^\/messages\/[^/]+\/\$value$/i, 'download'],
  ['GET', /^\/messages\/[^/]+$/i, 'look'],
  ['POST', /^\/messages\/[^/]+\/move$/i, 'move'],
  ['DELETE', /^\/messages\/[^/]+$/i, 'delete'],
]

function verbOf(method: string, path: string): GraphVerb {
  return ROUTES.find(([of, pattern]) => of === method && pattern.test(path))?.[2] ?? 'unknown'
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return text
}

type Given = ReturnType<typeof answerTo>

async function send(response: ServerResponse, { status, headers = {}, body }: Given): Promise<void> {
  if (typeof body === 'string') {
    response.writeHead(status, { 'content-type': 'application/json;odata.metadata=minimal', ...headers }).end(body)
    return
  }
  // Chunked: Graph does not know how long the MIME will be that it makes.
  response.writeHead(status, { 'content-type': 'text/plain', ...headers })
  await pipeline(Readable.from(body), response)
}

async function say(
  response: ServerResponse,
  { status = 200, text, headers = {} }: Misdeed & { kind: 'say' },
): Promise<void> {
  response.writeHead(status, headers)
  await pipeline(Readable.from(typeof text === 'string' ? [text] : text), response)
}

async function cut(
  response: ServerResponse,
  socket: Socket,
  body: Given['body'],
  { octets, how }: Misdeed & { kind: 'cut' },
) {
  const whole = typeof body === 'string' ? Buffer.from(body) : Buffer.concat([...body])
  response.writeHead(200, { 'content-type': 'text/plain' })
  await new Promise<void>((resolve) => response.write(whole.subarray(0, octets), () => resolve()))
  if (how === 'stall') await once(response, 'close')
  if (how === 'reset') socket.resetAndDestroy()
  else socket.end()
}
