/** A receiver of webhooks that does what it is told, and remembers what came. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBeats } from './beats.ts'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly json: { readonly type: string; readonly timestamp: string; readonly data: Record<string, unknown> }
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  behave: Behaviour
  /** Resolves once so many came. */
  until(count: number): Promise<void>
}

export const answer =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_, response) =>
    void response.writeHead(status, headers).end()

export async function startReceiver(): Promise<Receiver> {
  const beats = createBeats<Received>()
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const each = { headers: request.headers, body, json: JSON.parse(body) as Received['json'] }
    received.push(each)
    beats.beat(each)
    receiver.behave(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook?key=url-canary`,
    port,
    received,
    behave: answer(204),
    until: (count) => beats.until(async () => received.length >= count),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return receiver
}
