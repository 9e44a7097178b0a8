/**
 * A long line: TCP, with every octet held back for the same time in each direction, and no limit to how many are
 * under way. Setting up the connection is not delayed.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface DelayProxy extends AsyncDisposable {
  readonly port: number
}

export async function startDelayProxy(toPort: number, oneWayMilliseconds: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: toPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    for (const socket of [near, far]) sockets.add(socket)
    carry(near, far, oneWayMilliseconds)
    carry(far, near, oneWayMilliseconds)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function carry(from: Socket, to: Socket, milliseconds: number): void {
  from.on('data', (octets) => setTimeout(() => to.writable && to.write(octets), milliseconds))
  from.on('end', () => setTimeout(() => to.end(), milliseconds))
  from.on('error', () => to.destroy())
  from.on('close', () => setTimeout(() => to.destroy(), milliseconds))
}
