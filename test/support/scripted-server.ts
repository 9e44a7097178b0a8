import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'

import type { Certificate } from './certificate.ts'

/** One connection as the script of a hostile server sees it: raw octets out, lines in. */
export interface Peer {
  readonly socket: Socket
  /** The next line without its end; null once the client has gone. */
  line(): Promise<string | null>
  /** Lines that have arrived and were not asked for yet. */
  readonly unread: number
  /** Resolves when the octets are on their way, so that the next ones are another segment. */
  send(octets: string | Buffer): Promise<void>
  startTls(certificate: Certificate, options?: SecureContextOptions): void
  /** RST. */
  reset(): void
  /** FIN. */
  end(): void
  /** When the client has gone. */
  readonly gone: Promise<void>
}

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number
  /** Every line of every connection, in order. */
  readonly lines: readonly string[]
  readonly connections: number
}

/** A TCP server on loopback which does to each client what `script` says. */
export async function scriptedServer(
  script: (peer: Peer) => Promise<void>,
  implicitTls?: Certificate,
): Promise<ScriptedServer> {
  const lines: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer({ noDelay: true }, (socket) => {
    connections += 1
    sockets.add(socket)
    const peer = peerOf(socket, lines)
    if (implicitTls !== undefined) peer.startTls(implicitTls)
    // A script that talks to a client which has gone is no failure of the test.
    script(peer).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return {
    port: address.port,
    lines,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function peerOf(bare: Socket, lines: string[]): Peer {
  let socket = bare
  let beginning = ''
  const arrived: string[] = []
  let wake = (): void => {}
  let isGone = false
  const gone = new Promise<void>((resolve) => bare.once('close', () => resolve()))
  const onGone = () => {
    isGone = true
    wake()
  }
  const onData = (chunk: Buffer) => {
    const complete = (beginning + chunk.toString('latin1')).split('\r\n')
    beginning = complete.pop() ?? ''
    lines.push(...complete)
    arrived.push(...complete)
    wake()
  }
  bare.on('error', () => {}).on('close', onGone)
  bare.on('data', onData)
  return {
    get socket() {
      return socket
    },
    get unread() {
      return arrived.length
    },
    async line() {
      while (arrived.length === 0 && !isGone) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
      }
      return arrived.shift() ?? null
    },
    send: (octets) =>
      new Promise((resolve, reject) => {
        socket.write(octets, (error) => (error ? reject(error) : resolve()))
      }),
    startTls({ cert, key }, options = {}) {
      bare.off('data', onData)
      socket = new TLSSocket(bare, { isServer: true, secureContext: createSecureContext({ ...options, cert, key }) })
      socket
        .on('error', () => {})
        .on('close', onGone)
        .on('data', onData)
    },
    reset: () => bare.resetAndDestroy(),
    end: () => socket.end(),
    gone,
  }
}
