/** Waits on this machine for the browser that comes back from a login (RFC 8252 section 7.3). Loopback only. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MailchuteError } from '../errors.ts'
import { parseRedirect, type Redirect } from '../source/oauth/redirect-url.ts'

/** The end of a login. The person is told what became of it, where there is a page to tell it on. */
export interface Arrival {
  readonly redirect: Exclude<Redirect, { kind: 'foreign' }>
  reply(worked: boolean, text: string): Promise<void>
}

export interface RedirectListener extends AsyncDisposable {
  readonly port: number
  /** Resolves with the first redirect of this login; everything else is turned away. */
  arrival(path: string, state: string): Promise<Arrival>
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** `localhost` may be either in a browser: it listens on both, or on the one there is. */
export async function listenForRedirect(port: number): Promise<RedirectListener> {
  let handler: Handler = (_, response) => turnAway(response)
  const onRequest: Handler = (request, response) => handler(request, response)
  const first = await listen(onRequest, '127.0.0.1', port)
  const { port: bound } = first.address() as AddressInfo
  const second = await listen(onRequest, '::1', bound).catch(() => null)
  const servers = second === null ? [first] : [first, second]
  return {
    port: bound,
    arrival: (path, state) =>
      new Promise((resolve) => {
        handler = handlerOf(bound, path, state, resolve)
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(close))
    },
  }
}

async function listen(onRequest: Handler, host: string, port: number): Promise<Server> {
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 1 }, onRequest).listen(port, host)
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new MailchuteError('usage/invalid', `port ${port} cannot be listened on (${code})`, {
      hint: 'choose another with --port, or leave it out: any free one will do',
    })
  }
}

async function close(server: Server): Promise<void> {
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), 1000)
  await once(server, 'close')
  clearTimeout(timer)
}

function handlerOf(port: number, path: string, state: string, resolve: (arrival: Arrival) => void): Handler {
  let isOver = false
  const hosts = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`)
  return (request, response) => {
    const url = request.url ?? ''
    const isOurs = request.method === 'GET' && url.split('?')[0] === path && hosts.includes(request.headers.host ?? '')
    // A browser asks for more than it was sent to, like an icon.
    if (!isOurs || !url.includes('?') || isOver) return turnAway(response)
    const redirect = parseRedirect(url, state)
    if (redirect.kind === 'foreign')
      return show(response, 400, page(false, `This is not the end of the login: ${redirect.why}.`))
    isOver = true
    resolve({
      redirect,
      reply: async (worked, text) => {
        show(response, 200, page(worked, text))
        if (!response.writableFinished) await Promise.race([once(response, 'finish'), once(response, 'close')])
      },
    })
  }
}

const turnAway = (response: ServerResponse) => show(response, 404, page(false, 'There is nothing here.'))

function show(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    Connection: 'close',
  })
  response.end(html)
}

function page(worked: boolean, text: string): string {
  const title = worked ? 'Logged in' : 'Not logged in'
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title} - Mailchute</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}</style></head>
<body><h1>${title}</h1><p>${escaped(text)}</p><p>You can close this page.</p></body></html>
`
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
